package trace_test

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tracehaul/tracehaul/internal/trace"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const id = "0af7651916cd43dd8448eb211c80319c"

var epoch = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)

func span(spanID, parent, name, service string, from, to time.Duration) trace.Span {
	return trace.Span{
		TraceID: id, SpanID: spanID, ParentSpanID: parent, Name: name, Service: service,
		Start: epoch.Add(from), End: epoch.Add(to),
	}
}

// path is the span tree of one event as DESIGN draws it, in no order.
func path() []trace.Span {
	ms := time.Millisecond
	insert := span("e", "d", "INSERT events", "orders-consumer", 52*ms, 55*ms)
	insert.Status = "ERROR"
	return []trace.Span{
		insert,
		span("c", "b", "wait dev-api-events-orders", "orders-consumer", 9*ms, 50*ms),
		span("a", "", "POST /v1/events", "orders-api", 0, 12*ms),
		span("d", "b", "process dev-api-events-orders", "orders-consumer", 50*ms, 56*ms),
		span("b", "a", "send dev-orders-events", "orders-api", 2*ms, 11*ms),
	}
}

func TestNew_SpansInAnyOrder_OneTree(t *testing.T) {
	tr := trace.New(id, path())
	var got []string
	tr.Walk(func(n *trace.Node, depth int) { got = append(got, strings.Repeat(".", depth)+n.Span.SpanID) })
	if diff := cmp.Diff([]string{"a", ".b", "..c", "..d", "...e"}, got); diff != "" {
		t.Errorf("order of the tree (-want +got):\n%s", diff)
	}
}

func TestNew_ParentMissing_OrphanIsARoot(t *testing.T) {
	tr := trace.New(id, []trace.Span{span("b", "gone", "send", "s", 0, 1)})
	if len(tr.Roots) != 1 || !tr.Roots[0].Orphan {
		t.Errorf("roots %+v, want one orphan", tr.Roots)
	}
}

func TestNew_OtherTraceAndRepeats_LeftOut(t *testing.T) {
	other := span("x", "", "other", "s", 0, 1)
	other.TraceID = strings.Repeat("f", 32)
	a := span("a", "", "a", "s", 0, 1)
	if got := len(trace.New(id, []trace.Span{a, other, a}).Spans()); got != 1 {
		t.Errorf("%d spans, want 1", got)
	}
}

// Whatever parents spans name, rings included, each is shown exactly once.
func TestNew_AnyParents_NoSpanLost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := []string{"", "a", "b", "c", "d", "e", "f", "gone"}
		var spans []trace.Span
		for _, spanID := range ids[1:7] {
			parent := rapid.SampledFrom(ids).Draw(t, "parent")
			start := time.Duration(rapid.IntRange(0, 9).Draw(t, "start"))
			spans = append(spans, span(spanID, parent, spanID, "s", start, start+1))
		}
		seen := map[string]int{}
		for _, s := range trace.New(id, spans).Spans() {
			seen[s.SpanID]++
		}
		for _, s := range spans {
			if seen[s.SpanID] != 1 {
				t.Fatalf("span %s shown %d times", s.SpanID, seen[s.SpanID])
			}
		}
	})
}

func TestWriteWaterfall_Golden(t *testing.T) {
	orphan := append(path(), span("z", "0123456789abcdef", "process elsewhere", "someone-elses-consumer-with-a-long-name", -time.Millisecond, 0))
	tests := map[string]struct {
		spans []trace.Span
		o     trace.Waterfall
	}{
		"path":   {path(), trace.Waterfall{}},
		"narrow": {path(), trace.Waterfall{Width: 10}},
		"colour": {path(), trace.Waterfall{Colour: true}},
		"orphan": {orphan, trace.Waterfall{Width: 120}},
		"empty":  {nil, trace.Waterfall{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := trace.New(id, tt.spans).WriteWaterfall(&b, tt.o); err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "waterfall-"+name+".txt"), b.String())
		})
	}
}

func TestWriteWaterfall_ControlCharactersInNames_NotWritten(t *testing.T) {
	hostile := span("a", "p\x1b[2J", "POST \x1b[31m\r\n", "s\a", 0, time.Second)
	var b strings.Builder
	if err := trace.New(id, []trace.Span{hostile}).WriteWaterfall(&b, trace.Waterfall{}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(b.String(), "\x1b\r\a") {
		t.Errorf("control characters reached the terminal: %q", b.String())
	}
}

func TestFormatDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0:                        "0s",
		850:                      "850ns",
		12340:                    "12.3µs",
		4560 * time.Microsecond:  "4.56ms",
		1200 * time.Millisecond:  "1.20s",
		200*time.Second + 1:      "3m20s",
		-4560 * time.Microsecond: "-4.56ms",
		math.MinInt64:            "-2562047h47m16.854775807s", // between times that are too far apart
	} {
		if got := trace.FormatDuration(d); got != want {
			t.Errorf("FormatDuration(%d) = %q, want %q", d, got, want)
		}
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
