package story_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
)

// told is a back end that has the same answer to every look.
type told struct{ *fake }

func (b told) Look(_ context.Context, c story.Clues) (story.Found, error) {
	b.looks = append(b.looks, c)
	return b.found, nil
}

// Lines, rows, messages and links are of others' making: what is no trace's id
// is no clue, and nobody is asked for it.
func TestCollect_NoTraceID_NobodyIsAskedForIt(t *testing.T) {
	for _, bad := range []string{"none", "abc", "../../admin/delete?x=1", strings.Repeat("0", 32), strings.ToUpper(id), id + "0", "'; DROP TABLE events; --"} {
		linking := span("00000000000000a1", "", "SERVER", "POST", 1, 13, nil)
		linking.Links = []trace.Link{{TraceID: bad, SpanID: "00000000000000f1"}}
		for name, tt := range map[string]struct {
			given string
			found story.Found
		}{
			"line":    {"order-1", story.Found{Logs: []story.Log{{Time: at(1), Text: "got it", TraceID: bad, Attributes: map[string]any{"event_id": "order-1"}}}}},
			"message": {"order-1", story.Found{Messages: []story.Message{{Queue: queue, MessageID: sqsID, EventID: "order-1", TraceID: bad}}}},
			"row":     {"order-1", story.Found{Rows: []trace.Row{{{Name: "id", Value: "order-1"}, {Name: "source", Value: "/a"}, {Name: "trace_id", Value: bad}}}}},
			"link":    {id, story.Found{Spans: []trace.Span{linking}}},
		} {
			b, other := told{&fake{name: "a", found: tt.found, holds: story.HoldsLogs | story.HoldsMessages}}, &fake{name: "b", holds: story.HoldsSpans}
			s, err := story.Collect(t.Context(), story.Config{Given: tt.given, Backends: []story.Backend{b, other}})
			if err != nil {
				t.Fatalf("%s of %q: %v", name, bad, err)
			}
			for _, look := range append(b.looks, other.looks...) {
				for _, asked := range append(look.TraceIDs, look.Linked...) {
					if asked != id {
						t.Errorf("%s: somebody was asked for the trace %q", name, asked)
					}
				}
			}
			if name == "line" && len(s.Logs) != 1 {
				t.Errorf("the line with the trace %q is not told", bad)
			}
		}
	}
}
