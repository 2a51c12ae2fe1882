package story_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
)

// A trace of any size becomes a story of what can be looked at in a moment, and
// that says so.
func TestCollect_LargeTrace_CutAndSaid(t *testing.T) {
	chain := func(from, n int) (spans []trace.Span) {
		for i := from; i < from+n; i++ {
			spans = append(spans, span(fmt.Sprintf("%016x", i+1), fmt.Sprintf("%016x", i), "INTERNAL", "s", float64(i), 1e6, nil))
		}
		return spans
	}
	holds := story.HoldsSpans
	for name, tt := range map[string]struct {
		found []story.Found // one for each back end
		spans int
		cut   bool
	}{
		"as many as are told":       {[]story.Found{{Spans: chain(1000, 5000)}}, 5000, false},
		"one more":                  {[]story.Found{{Spans: chain(1000, 5001)}}, 5000, true},
		"far more":                  {[]story.Found{{Spans: chain(1000, 40000)}}, 5000, true},
		"from two":                  {[]story.Found{{Spans: chain(1000, 3000)}, {Spans: chain(4000, 3000)}}, 5000, true},
		"the same from two of them": {[]story.Found{{Spans: chain(1000, 5000)}, {Spans: chain(1000, 5000)}}, 5000, false},
	} {
		s := collect(t, story.Found{}, func(c *story.Config) {
			c.Backends = nil
			for i, f := range tt.found {
				c.Backends = append(c.Backends, &fake{name: strconv.Itoa(i), found: f, holds: holds})
			}
		})
		if got := slices.ContainsFunc(s.Notes, func(n string) bool { return strings.Contains(n, "more than the 5,000") }); len(s.Spans) != tt.spans || got != tt.cut {
			t.Errorf("%s: %d spans, notes %q", name, len(s.Spans), s.Notes)
		}
		if len(s.Missing) > 0 && tt.cut != strings.Contains(s.Missing[0].Why, "It may be there") {
			t.Errorf("%s: missing %q", name, s.Missing[0].Why)
		}
		if err := s.WriteText(new(strings.Builder), story.Text{}); err != nil {
			t.Error(err)
		}
	}
}

// Of the traces that are linked to only those lines are told that are of a span
// that is: an invocation has a hundred other messages.
func TestCollect_LinesOfOtherTraces_LeftOut(t *testing.T) {
	other := strings.Repeat("5", 32)
	f := story.Found{Spans: arrived()}
	f.Spans[2].Links = append(f.Spans[2].Links, trace.Link{TraceID: other, SpanID: "0000000000000099"}) // which nobody has
	for _, traceID := range []string{id, invocationTrace, other, ""} {
		f.Logs = append(f.Logs, story.Log{Time: at(1), TraceID: traceID, Text: "of " + traceID})
	}
	s := collect(t, f)
	var texts []string
	for _, l := range s.Logs {
		texts = append(texts, l.Text)
	}
	if want := []string{"of " + id, "of " + invocationTrace}; !slices.Equal(texts, want) {
		t.Errorf("the lines are %q, want %q", texts, want)
	}
}
