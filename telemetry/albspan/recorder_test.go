package albspan_test

import (
	"context"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/tracehaul/tracehaul/telemetry/alblog"
	"github.com/tracehaul/tracehaul/telemetry/albspan"
)

func TestRecorder_SameLogTwice_SameIDs(t *testing.T) {
	p, spans := provider(t, sdktrace.AlwaysSample())
	r := albspan.NewRecorder(p)
	for range 2 {
		for _, line := range documented(t) {
			if !r.Record(parse(t, line)) {
				t.Fatalf("not recorded: %s", line)
			}
		}
	}
	got := spans.GetSpans()
	if len(got) != 14 {
		t.Fatalf("%d spans, want 14", len(got))
	}
	for i, s := range got[:7] {
		if s.SpanContext.SpanID() != got[i+7].SpanContext.SpanID() || s.SpanContext.TraceID() != got[i+7].SpanContext.TraceID() {
			t.Errorf("entry %d is %v and then %v", i, s.SpanContext.SpanID(), got[i+7].SpanContext.SpanID())
		}
	}
}

func TestRecorder_Span_HoldsWhatDescribeSays(t *testing.T) {
	p, spans := provider(t, sdktrace.AlwaysSample())
	r := albspan.NewRecorder(p)
	for _, line := range documented(t) {
		spans.Reset()
		e := parse(t, line)
		r.Record(e)
		got, want := spans.GetSpans()[0], albspan.Describe(e)
		if got.Name != want.Name || got.SpanContext.TraceID() != want.TraceID || got.SpanContext.SpanID() != want.SpanID ||
			!got.StartTime.Equal(want.Start) || !got.EndTime.Equal(want.End) ||
			len(got.Attributes) != len(want.Attributes) || len(got.Events) != len(want.Events) {
			t.Errorf("recorded as\n%+v, want\n%+v", got, want)
		}
	}
}

func TestIDs_OtherSpans_HaveRandomOnes(t *testing.T) {
	p, spans := provider(t, sdktrace.AlwaysSample())
	_, first := p.Tracer("test").Start(context.Background(), "a")
	first.End()
	e := parse(t, documented(t)[0])
	albspan.NewRecorder(p).Record(e)
	_, second := p.Tracer("test").Start(context.Background(), "b")
	second.End()
	got := spans.GetSpans()
	derived := albspan.Describe(e).SpanID
	if got[0].SpanContext.SpanID() == derived || got[1].SpanContext.SpanID() != derived || got[2].SpanContext.SpanID() == derived {
		t.Errorf("ids %v, %v, %v; want %v for the second alone", got[0].SpanContext.SpanID(), got[1].SpanContext.SpanID(), got[2].SpanContext.SpanID(), derived)
	}
}

// maxUnsampled is what an entry costs whose trace is not sampled: the contexts,
// the hash, and what the SDK does to decide.
const maxUnsampled = 14

func TestRecorder_NotSampled_Allocations(t *testing.T) {
	p, _ := provider(t, sdktrace.NeverSample())
	r := albspan.NewRecorder(p)
	e := parse(t, documented(t)[1])
	got := testing.AllocsPerRun(100, func() {
		if r.Record(e) {
			t.Fatal("recorded, though nothing is sampled")
		}
	})
	if got > maxUnsampled {
		t.Errorf("%.0f allocations, want at most %d", got, maxUnsampled)
	}
}

// FuzzDescribe checks that a span can be made of whatever can be read.
func FuzzDescribe(f *testing.F) {
	for _, line := range documented(f) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var e alblog.Entry
		if alblog.Parse(line, &e) != nil {
			return
		}
		s := albspan.Describe(&e)
		if !s.TraceID.IsValid() || !s.SpanID.IsValid() || s.Name == "" || s.End.Before(s.Start) {
			t.Fatalf("%q became %+v", line, s)
		}
		for _, event := range s.Events {
			if event.Time.Before(s.Start) || event.Time.After(s.End) {
				t.Fatalf("%q has an event outside its span: %+v", line, s)
			}
		}
		again := albspan.Describe(&e)
		if again.SpanID != s.SpanID || again.TraceID != s.TraceID {
			t.Fatalf("%q has other ids the second time", line)
		}
	})
}

func BenchmarkRecorder(b *testing.B) {
	for name, sampler := range map[string]sdktrace.Sampler{"Sampled": sdktrace.AlwaysSample(), "NotSampled": sdktrace.NeverSample()} {
		b.Run(name, func(b *testing.B) {
			p := sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler), sdktrace.WithIDGenerator(albspan.IDs()))
			r := albspan.NewRecorder(p)
			e := parse(b, documented(b)[1])
			b.ReportAllocs()
			for b.Loop() {
				r.Record(e)
			}
		})
	}
}
