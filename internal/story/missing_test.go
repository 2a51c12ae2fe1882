package story_test

import (
	"slices"
	"testing"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
)

// A wait is that of one receive of one message: neither another message of the
// batch, which is handed over at the same moment, nor an earlier receive of the
// same one has it instead.
func TestCollect_WaitLost_IsMissed(t *testing.T) {
	second, other := send(), receive("00000000000000d2", 1, 1000, "written", nil)
	second.SpanID, second.Attributes = "00000000000000b2", map[string]any{"messaging.destination.name": "dev-orders-order", "messaging.message.id": "sns-2"}
	for i := range other {
		other[i].ParentSpanID, other[i].Attributes["messaging.message.id"] = second.SpanID, "sqs-2"
	}
	batch := slices.Concat(arrived(), []trace.Span{second}, other, []trace.Span{insert("00000000000000d2", 1002)})
	again := slices.Concat([]trace.Span{balancer(), request(202), send()}, receive("00000000000000d1", 1, 500, "failed", nil), receive("00000000000000d2", 2, 1000, "written", nil),
		[]trace.Span{insert("00000000000000d2", 1002), invocation()})
	for name, tt := range map[string]struct {
		spans []trace.Span
		lost  string // the id of the wait's span
	}{
		"of a batch": {batch, "c0000000000000d2"}, "the other of it": {batch, "c0000000000000d1"},
		"of the first receive": {again, "c0000000000000d1"}, "of the second": {again, "c0000000000000d2"},
	} {
		s := collect(t, story.Found{Spans: tt.spans})
		if len(s.Missing) > 0 {
			t.Errorf("%s: whole, it misses %q", name, missing(s))
		}
		n := len(tt.spans)
		left := slices.DeleteFunc(slices.Clone(tt.spans), func(span trace.Span) bool { return span.SpanID == tt.lost })
		if s := collect(t, story.Found{Spans: left}); len(left) != n-1 || !slices.Equal(missing(s), []string{"wait " + queue}) || !s.Verdict.Gaps {
			t.Errorf("%s: missing %q, want the wait", name, missing(s))
		}
	}
}
