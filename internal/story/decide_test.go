package story_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
)

const hexID = "0123456789abcdef0123456789abcdef"

// A line of the access log is whoever's it is: without the id in it, it does
// not make a trace of an event's id that looks like one's.
func TestCollect_EventIDLikeATraces_AmbiguityIsSaid(t *testing.T) {
	other := row()
	other[0].Value, other[2].Value, other[4].Value = "/shop", "ffffffffffffffffffffffffffffffff", "sqs-9"
	found := story.Found{Rows: []trace.Row{row(), other}, AccessLog: []string{`http 2026-11-26T08:28:54Z app/dev "Root=1-ffffffff-ffffffffffffffffffffffff"`}}
	for _, given := range []string{hexID, "1-01234567-89abcdef0123456789abcdef"} {
		found.Rows[0][1].Value, found.Rows[1][1].Value = given, given
		b := told{&fake{name: "up", found: found, holds: story.HoldsRows | story.HoldsMessages}}
		_, err := story.Collect(t.Context(), story.Config{Given: given, Backends: []story.Backend{b}})
		if ambiguous, ok := errors.AsType[*story.AmbiguousError](err); !ok || len(ambiguous.Events) != 2 {
			t.Errorf("%s: %v, want both sources", given, err)
		}
		s, err := story.Collect(t.Context(), story.Config{Given: given, Source: "/shop", Backends: []story.Backend{b}})
		if err != nil || s.As != story.KindEvent {
			t.Errorf("%s of /shop: taken for %s, %v", given, s.As, err)
		}
	}
}

// A line that has the id is enough to know a trace by, as the client wrote it.
func TestCollect_AccessLogAlone_IsTheTraces(t *testing.T) {
	b := told{&fake{name: "up", holds: story.HoldsSpans | story.HoldsMessages, found: story.Found{AccessLog: []string{`h2 "Root=1-` + strings.ToUpper(id[:8]+"-"+id[8:]) + `"`}}}}
	s, err := story.Collect(t.Context(), story.Config{Given: id, Backends: []story.Backend{b}})
	if err != nil || s.As != story.KindTrace || s.TraceID != id {
		t.Errorf("taken for %s in trace %q, %v", s.As, s.TraceID, err)
	}
}

// searched is a back end as CloudWatch Logs is: it looks for traces, or else
// for text.
type searched struct{ *fake }

func (b searched) Look(_ context.Context, c story.Clues) (out story.Found, _ error) {
	b.looks = append(b.looks, c)
	for _, l := range b.found.Logs {
		ofText := slices.ContainsFunc(c.Events, func(e story.EventID) bool { return strings.Contains(l.Text+fmt.Sprint(l.Attributes), e.ID) })
		if slices.Contains(c.TraceIDs, l.TraceID) || len(c.TraceIDs) == 0 && ofText {
			out.Logs = append(out.Logs, l)
		}
	}
	return out, nil
}

// What looks like a trace's id is looked for as text, too, once nobody knows
// such a trace; and what is found leads on to all.
func TestCollect_EventIDLikeATraces_SearchedForAsText(t *testing.T) {
	for _, given := range []string{hexID, "1-01234567-89abcdef0123456789abcdef"} {
		_, traces, lines := apart()
		letters := &fake{name: "letters", holds: story.HoldsMessages, found: story.Found{Messages: []story.Message{letter()}}}
		lines.found.Logs = []story.Log{{Time: at(5), TraceID: id, Text: "failed", Attributes: map[string]any{"event_id": given}}}
		s, err := story.Collect(t.Context(), story.Config{Given: given, Backends: []story.Backend{letters, traces, searched{lines}}})
		if err != nil || s.As != story.KindEvent || s.TraceID != id || len(s.Spans) == 0 || len(s.Messages) != 1 {
			t.Errorf("%s: %v, story %+v", given, err, s)
		}
	}
	// Who was asked is asked again for as much as one new clue.
	letters := &fake{name: "letters", holds: story.HoldsMessages, found: story.Found{Messages: []story.Message{letter()}}}
	lines := &fake{name: "CloudWatch Logs", holds: story.HoldsLogs, found: story.Found{Logs: []story.Log{{Time: at(5), TraceID: id, Text: "failed", Attributes: map[string]any{"event_id": hexID}}}}}
	if s, err := story.Collect(t.Context(), story.Config{Given: hexID, Backends: []story.Backend{letters, searched{lines}}}); err != nil || len(s.Messages) != 1 {
		t.Errorf("%v, messages %+v", err, s.Messages)
	}
}

// A look costs.
func TestCollect_TraceItself_NotSearchedForAsText(t *testing.T) {
	_, _, lines := apart()
	lines.found.Logs = []story.Log{{Time: at(5), TraceID: id, Text: "x"}}
	if _, err := story.Collect(t.Context(), story.Config{Given: id, Backends: []story.Backend{searched{lines}}}); err != nil || len(lines.looks) != 1 {
		t.Errorf("%d looks, want 1; %v", len(lines.looks), err)
	}
}

// An event's id may have spaces, as a source and an id have between them.
func TestCollect_IDWithSpaces_Found(t *testing.T) {
	for given, as := range map[string]story.Kind{"order 47 11": "", "order  47 11": story.KindEvent} {
		r := row()
		r[1].Value = given
		database := &fake{name: "PostgreSQL", holds: story.HoldsRows, found: story.Found{Rows: []trace.Row{r}}}
		s, err := story.Collect(t.Context(), story.Config{Given: given, As: as, Backends: []story.Backend{database}})
		if err != nil || !s.Verdict.Arrived || s.TraceID != id {
			t.Errorf("%q: %v", given, err)
		}
	}
	mine, other := row(), row()
	mine[1].Value, other[0].Value, other[1].Value, other[3].Value, other[4].Value = "order 47 11", "/another", "47 11", "00000000000000d2", "sqs-2"
	b := told{&fake{name: "PostgreSQL", holds: story.HoldsRows, found: story.Found{Rows: []trace.Row{other, mine}}}}
	s, err := story.Collect(t.Context(), story.Config{Given: "order 47 11", Backends: []story.Backend{b}})
	if err != nil || strings.Contains(textOf(t, s), "sqs-2") {
		t.Errorf("%v, or the event of another source is told, too: %s", err, textOf(t, s))
	}
}

// Where nobody but a dead letter knows the trace, it is looked for there, too.
func TestCollect_TraceThatALetterAloneKnows_Found(t *testing.T) {
	letters := marking{&fake{name: "letters", holds: story.HoldsMessages, found: story.Found{Messages: []story.Message{letter()}}}}
	_, traces, lines := apart()
	traces.found, lines.found = story.Found{}, story.Found{}
	s, err := story.Collect(t.Context(), story.Config{Given: id, Backends: []story.Backend{traces, searched{lines}, letters}})
	if err != nil || s.As != story.KindTrace || s.TraceID != id || s.Verdict.Place != story.PlaceDeadLetter {
		t.Errorf("taken for %s in trace %q at %s, %v", s.As, s.TraceID, s.Verdict.Place, err)
	}
}
