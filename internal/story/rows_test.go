package story_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
)

// batchOfTwo are the spans of two events in one trace, both written.
func batchOfTwo(outcome string) []trace.Span {
	second, other := send(), receive("00000000000000d2", 1, 1000, outcome, nil)
	second.SpanID, second.Attributes = "00000000000000b2", map[string]any{"messaging.destination.name": "dev-orders-order", "messaging.message.id": "sns-2"}
	for i := range other {
		other[i].ParentSpanID, other[i].Attributes["messaging.message.id"] = second.SpanID, "sqs-2"
	}
	return slices.Concat(arrived(), []trace.Span{second}, other, []trace.Span{insert("00000000000000d2", 1002)})
}

func rowOfSecond() trace.Row {
	r := row()
	r[1].Value, r[3].Value, r[4].Value = "order-4712", "00000000000000d2", "sqs-2"
	return r
}

// "The row is there" is said of rows that are there, whichever message comes
// first, and a row that a database which answered has not is told.
func TestCollect_RowsOfTwo_EachIsLookedFor(t *testing.T) {
	otherSink := slices.DeleteFunc(batchOfTwo("written"), func(s trace.Span) bool { return s.ParentSpanID == "00000000000000d2" })
	many := make([]trace.Row, 0, 100)
	for i := range 100 {
		r := row()
		r[1].Value, r[3].Value, r[4].Value = fmt.Sprint("order-", i), fmt.Sprint("x", i), fmt.Sprint("sqs-x", i)
		many = append(many, r)
	}
	const lost, word = "the database has no row of it", "It arrived: 1 of 2 rows are there, of the others by the word of the consumer."
	for name, tt := range map[string]struct {
		found   story.Found
		arrived bool
		say     []string
	}{
		"both":              {story.Found{Spans: batchOfTwo("written"), Rows: []trace.Row{row(), rowOfSecond()}}, true, []string{"It arrived: all 2 rows are there.", "Of 2 messages of this trace: 2 written."}},
		"first alone":       {story.Found{Spans: batchOfTwo("written"), Rows: []trace.Row{row()}}, false, []string{lost, "Of 2 messages of this trace: 1 written, 1 without its row."}},
		"second alone":      {story.Found{Spans: batchOfTwo("written"), Rows: []trace.Row{rowOfSecond()}}, false, []string{lost, "1 without its row"}},
		"there already":     {story.Found{Spans: batchOfTwo("duplicate"), Rows: []trace.Row{row()}}, true, []string{word, "by an earlier sending of the same event"}},
		"another sink":      {story.Found{Spans: otherSink, Rows: []trace.Row{row()}}, true, []string{word}},
		"more than is read": {story.Found{Spans: arrived(), Rows: many}, true, []string{"of the others by the word of the consumer"}},
	} {
		s := collect(t, tt.found)
		if s.Verdict.Arrived != tt.arrived {
			t.Errorf("%s: arrived %t", name, s.Verdict.Arrived)
		}
		wantAll(t, textOf(t, s), tt.say...)
	}
}

// Where one of two databases is away the row may be in that one.
// A row tells of every station but the topic what it knows, where no span does.
func TestCollect_RowAlone_TellsOfTheStations(t *testing.T) {
	withRoot := append(row(), trace.Column{Name: "alb_root", Value: "1-0af76519-16cd43dd8448eb211c80319c"})
	got := map[string][]story.Fact{}
	for _, hop := range collect(t, story.Found{Rows: []trace.Row{withRoot}}).Hops {
		if hop.Seen != (len(hop.Facts) > 0) {
			t.Errorf("%s: seen %t, with %v", hop.Name, hop.Seen, hop.Facts)
		}
		got[hop.Name] = hop.Facts
	}
	want := map[string][]story.Fact{
		"ALB":      {{Label: "Root", Value: "1-0af76519-16cd43dd8448eb211c80319c"}},
		"Service":  {{Label: "accepted at", Value: trace.FormatValue(at(1))}},
		"SNS":      {},
		"SQS":      {{Label: "arrived at", Value: trace.FormatValue(at(12))}, {Label: "message id", Value: sqsID}},
		"Consumer": {{Label: "handed over at", Value: trace.FormatValue(at(1000))}, {Label: "receive count", Value: "1"}},
		"Aurora":   {{Label: "written at", Value: trace.FormatValue(at(1006))}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestCollect_DatabaseIsAway_RowMayBeThere(t *testing.T) {
	database, traces, _ := apart()
	database.found.Rows = nil
	away := &fake{name: "another", holds: story.HoldsRows, err: errors.New("refused")}
	for name, tt := range map[string]struct {
		backends []story.Backend
		want     bool
	}{
		"one has none": {[]story.Backend{database, traces}, false}, "one is away": {[]story.Backend{database, away, traces}, true}, "none": {[]story.Backend{traces}, true},
	} {
		s, err := story.Collect(t.Context(), story.Config{Given: id, Backends: tt.backends})
		if err != nil || s.Verdict.Arrived != tt.want {
			t.Errorf("%s: verdict %+v, %v", name, s.Verdict, err)
		}
	}
}
