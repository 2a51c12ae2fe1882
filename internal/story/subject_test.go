package story_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
)

// about is the row of another event, in a trace of its own, with a subject.
func about(n int, subject string) trace.Row {
	r := row()
	r[1].Value, r[2].Value, r[3].Value, r[4].Value = fmt.Sprintf("order-%04d", n), fmt.Sprintf("%032x", n), fmt.Sprintf("%016x", n), fmt.Sprintf("sqs-%d", n)
	return append(r, trace.Column{Name: "subject", Value: subject})
}

func ofSubject(t *testing.T, as story.Kind, backends ...story.Backend) (*story.Story, error) {
	t.Helper()
	return story.Collect(t.Context(), story.Config{Given: "customer-17", As: as, Backends: backends})
}

func TestCollect_Subject_LeadsToItsEvent(t *testing.T) {
	_, traces, lines := apart()
	database := &fake{name: "PostgreSQL", holds: story.HoldsRows, found: story.Found{Rows: []trace.Row{about(1, "customer-16"), append(row(), trace.Column{Name: "subject", Value: "customer-17"})}}}
	for _, as := range []story.Kind{"", story.KindSubject} {
		s, err := ofSubject(t, as, database, traces, lines)
		if err != nil || s.As != story.KindSubject || s.TraceID != id || !s.Verdict.Arrived || len(s.Spans) == 0 || len(s.Rows) != 1 {
			t.Fatalf("as %q: %v, story %+v", as, err, s)
		}
		wantAll(t, textOf(t, s), "given  customer-17, taken for the subject of an event", "It arrived: the row is there.")
	}
}

// It is looked for in dead letters at the same time as an id: each look counts.
func TestCollect_SubjectOfALetter_LooksAsForAnID(t *testing.T) {
	looks := map[story.Kind]int{}
	for _, as := range []story.Kind{story.KindEvent, story.KindSubject} {
		m := letter()
		m.EventSubject = "customer-17"
		if as == story.KindEvent {
			m.EventID = "customer-17"
		}
		letters := marking{&fake{name: "letters", holds: story.HoldsMessages, found: story.Found{Messages: []story.Message{m}}}}
		s, err := ofSubject(t, "", letters, &fake{name: "PostgreSQL", holds: story.HoldsRows})
		if err != nil || s.As != as || s.Verdict.Place != story.PlaceDeadLetter {
			t.Errorf("%v, story %+v", err, s)
		}
		looks[as] = len(letters.looks)
	}
	if looks[story.KindSubject] != looks[story.KindEvent] {
		t.Errorf("looks %v, want as many", looks)
	}
}

// Where an event has it as its id, those that have it as their subject are
// other events.
func TestCollect_IDThatIsASubjectToo_IsTheID(t *testing.T) {
	mine := row()
	mine[1].Value = "customer-17"
	database := &fake{name: "PostgreSQL", holds: story.HoldsRows, found: story.Found{Rows: []trace.Row{about(1, "customer-17"), mine, about(2, "customer-17")}}}
	s, err := ofSubject(t, "", database)
	if err != nil || s.As != story.KindEvent || s.TraceID != id || len(s.Rows) != 1 {
		t.Fatalf("%v, story %+v", err, s)
	}
	if _, err := ofSubject(t, story.KindSubject, database); err == nil {
		t.Error("as a subject: no word of the two events that have it")
	}
}

func TestCollect_SubjectOfSeveral_ListsThem(t *testing.T) {
	database := &fake{name: "PostgreSQL", holds: story.HoldsRows}
	for n := range 25 {
		r := about(n+1, "customer-17")
		r[9].Value = at(float64(6000 - 1000*n)) // the latest come first
		database.found.Rows = append(database.found.Rows, r)
	}
	_, err := ofSubject(t, "", database)
	several, ok := errors.AsType[*story.AmbiguousError](err)
	if !ok || len(several.Events) != 25 || several.Subject != "customer-17" {
		t.Fatalf("error %v, want 25 events", err)
	}
	for _, want := range []string{"25 events have the subject", "\n  /orders/intake order-0001  2026-11-26 08:29:00Z, written\n", "and 5 more"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q, want %q in it", err, want)
		}
	}
}

// Who knows no subjects is not asked a second time: a look costs.
func TestCollect_SubjectGuessed_SearchesAreNotRepeated(t *testing.T) {
	_, _, lines := apart()
	if _, err := ofSubject(t, "", searched{lines}, &fake{name: "PostgreSQL", holds: story.HoldsRows}); !errors.Is(err, story.ErrNothing) || len(lines.looks) != 1 {
		t.Errorf("%d looks, want 1; %v", len(lines.looks), err)
	}
}

// Of a subject there may always be one more: the letters are looked into though
// one event is a row, and several are listed with where they are.
func TestCollect_SubjectOfARowAndALetter_ListsBoth(t *testing.T) {
	database := &fake{name: "PostgreSQL", holds: story.HoldsRows, found: story.Found{Rows: []trace.Row{about(1, "customer-17")}}}
	m := letter()
	m.EventSubject = "customer-17"
	letters := marking{&fake{name: "letters", holds: story.HoldsMessages, found: story.Found{Messages: []story.Message{m}}}}
	_, traces, _ := apart()
	_, err := ofSubject(t, "", letters, database, traces)
	if err == nil || !strings.Contains(err.Error(), "order-0001  2026-11-26 08:28:55Z, written") || !strings.Contains(err.Error(), "order-4711  2026-11-26 08:28:54Z, a dead letter") {
		t.Errorf("error %v, want both events and where they are", err)
	}
	if len(letters.looks) != 1 {
		t.Errorf("%d looks at letters, want 1: each counts", len(letters.looks))
	}
}

// A word in somebody's line does not keep the subject from being asked for.
func TestCollect_SubjectInALine_IsStillTheSubject(t *testing.T) {
	database := &fake{name: "PostgreSQL", holds: story.HoldsRows, found: story.Found{Rows: []trace.Row{about(1, "customer-17"), about(2, "customer-17")}}}
	lines := told{&fake{name: "CloudWatch Logs", holds: story.HoldsLogs, found: story.Found{Logs: []story.Log{failed("order-4711", sqsID)}}}}
	if _, err := ofSubject(t, "", database, lines); err == nil || !strings.Contains(err.Error(), "2 events have the subject") {
		t.Errorf("error %v, want the two events", err)
	}
}
