package span_test

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"pgregory.net/rapid"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
	"github.com/tracehaul/tracehaul/telemetry/internal/span"
)

// counted are ids in the order in which they are asked for, so that the same
// program has the same ones.
type counted struct{ last uint64 }

func (c *counted) NewIDs(ctx context.Context) (id trace.TraceID, _ trace.SpanID) {
	binary.BigEndian.PutUint64(id[:], 1)
	return id, c.NewSpanID(ctx, id)
}

func (c *counted) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	c.last++
	binary.BigEndian.PutUint64(id[:], c.last)
	return id
}

// crowd is what many spans are made with.
type crowd struct {
	config  span.Config
	shared  *span.Shared
	own     []attribute.KeyValue
	parents []context.Context
}

func anyCrowd(s source) *crowd {
	c := &crowd{
		config: span.Config{Sampler: span.Known(anySampler(s)), Limits: anyLimits(s)},
		shared: span.Share(anyAttributes(s)...), own: anyAttributes(s),
	}
	for range 1 + s.below(150) {
		c.parents = append(c.parents, trace.ContextWithSpanContext(context.Background(), anySpanContext(s)))
	}
	return c
}

// record returns what is handed over of the spans of a program, by id.
func (c *crowd) record(program func(trace.Tracer)) []otlp.Span {
	kept := &sink{}
	config := c.config
	config.Sink, config.IDs = kept, &counted{}
	program(span.New(config).Tracer("test"))
	slices.SortStableFunc(kept.spans, func(a, b otlp.Span) int { return cmp.Compare(id(a), id(b)) })
	return kept.spans
}

func id(s otlp.Span) string {
	f, err := s.Read()
	if err != nil {
		panic(err)
	}
	return string(f.SpanID[:])
}

func assertSame(t *rapid.T, got, want []otlp.Span) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d spans, want %d", len(got), len(want))
	}
	for i := range want {
		if !slices.Equal(got[i].Data, want[i].Data) {
			g, _ := got[i].Read()
			w, _ := want[i].Read()
			t.Fatalf("span %d is\n%x\n%+v\nwant\n%x\n%+v", i, got[i].Data, g, want[i].Data, w)
		}
	}
}

var (
	began = time.Unix(1_700_000_000, 0)
	ended = began.Add(time.Second)
)

// Spans of a group are those that Start makes, whatever is done to them,
// before they are complete, and afterwards.
func TestGroup_AnyProgram_SameAsStart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := random{t}
		c := anyCrowd(s)
		link, own := anySpanContext(s), anyAttributes(s)
		before, after := changes(s, len(c.parents)), changes(s, len(c.parents))
		late := s.below(len(c.parents) + 1) // from here on they end after the others were handed over
		o := span.Options{Kind: trace.SpanKindConsumer, Shared: c.shared}

		want := c.record(func(tracer trace.Tracer) {
			o := o
			o.Time = began
			for i, one := range startEach(c.parents, tracer, o) {
				before[i](one)
				span.AddLink(one, link)
				span.SetAttributes(one, own...)
				after[i](one)
				span.End(one, ended)
			}
		})
		got := c.record(func(tracer trace.Tracer) {
			g := span.NewGroup(tracer, "many", o, len(c.parents))
			all := make([]trace.Span, len(c.parents))
			for i, parent := range c.parents {
				_, all[i] = g.Start(parent, i, began)
			}
			for i, one := range all {
				before[i](one)
				g.Complete(one, link, own...)
				after[i](one)
			}
			for _, one := range all[:late] {
				span.End(one, ended)
			}
			g.Flush()
			for _, one := range all[late:] {
				span.End(one, ended)
			}
		})
		assertSame(t, got, want)
	})
}

func startEach(parents []context.Context, tracer trace.Tracer, o span.Options) []trace.Span {
	all := make([]trace.Span, len(parents))
	for i, parent := range parents {
		_, all[i] = span.Start(parent, tracer, "many", o)
	}
	return all
}

// changes are what is done to each of n spans: nothing, to most.
func changes(s source, n int) []func(trace.Span) {
	all := make([]func(trace.Span), n)
	for i := range all {
		all[i] = func(trace.Span) {}
	}
	for range s.below(4) {
		attrs, name := anyAttributes(s), s.text()
		all[s.below(n)] = choose(s,
			func(one trace.Span) { one.SetAttributes(attrs...) },
			func(one trace.Span) { one.SetName(name) },
			func(one trace.Span) { one.SetStatus(codes.Error, name) },
			func(one trace.Span) { one.AddEvent(name, trace.WithTimestamp(began)) },
			func(one trace.Span) { one.RecordError(errors.New(name), trace.WithTimestamp(began)) },
			func(one trace.Span) {
				one.AddLink(trace.Link{SpanContext: trace.SpanContextFromContext(context.Background())})
			},
			func(one trace.Span) { span.End(one, ended) },
		)
	}
	return all
}

// anonymise takes the ids from spans and sorts them by what is left.
func anonymise(spans []otlp.Span) {
	for _, s := range spans {
		f, err := s.Read()
		if err != nil {
			panic(err)
		}
		at := slices.Index(s.Data, 0x12) // the tag of span_id, behind those of the span and trace_id
		for at+10 <= len(s.Data) && !slices.Equal(s.Data[at+2:at+10], f.SpanID[:]) {
			at += 1 + slices.Index(s.Data[at+1:], 0x12)
		}
		clear(s.Data[at+2 : at+10])
	}
	slices.SortFunc(spans, func(a, b otlp.Span) int { return slices.Compare(a.Data, b.Data) })
}

// With a tracer of somebody else's all is done through the API.
func TestMany_OtherTracer_SpansThroughTheAPI(t *testing.T) {
	kept := &snapshots{}
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(kept)).Tracer("test")
	ctx, parent := tracer.Start(t.Context(), "parent")
	g := span.NewGroup(tracer, "process", span.Options{Kind: trace.SpanKindConsumer}, 1)
	ctx, one := g.Start(ctx, 0, began)
	g.Complete(one, parent.SpanContext(), attribute.Int("n", 1))
	waits := span.NewSiblings(tracer, "wait", span.Options{}, 1)
	waits.Add(ctx, one, began, ended)
	waits.Flush()
	children := span.StartChildren([]context.Context{ctx, context.Background()}, tracer, "INSERT", span.Options{Time: began})
	children.End(ended, func(s trace.Span) { s.SetStatus(codes.Error, "no") })
	span.End(one, ended)
	g.Flush()
	var names []string
	for _, s := range kept.spans {
		names = append(names, s.Name())
		if !s.EndTime().Equal(ended) || !s.StartTime().Equal(began) {
			t.Errorf("%s was from %v to %v", s.Name(), s.StartTime(), s.EndTime())
		}
	}
	if want := []string{"wait", "INSERT", "process"}; !slices.Equal(names, want) {
		t.Fatalf("the spans are %q, want %q", names, want)
	}
	if kept.spans[1].Status().Code != codes.Error || len(kept.spans[2].Links()) != 1 || len(kept.spans[2].Attributes()) != 1 {
		t.Errorf("a child has status %v, the span of the group %d links", kept.spans[1].Status(), len(kept.spans[2].Links()))
	}
}

// A handler that was left behind may end a span, and add to it, whenever it
// likes. It says most under the race detector.
func TestGroup_EndedBesideFlush_HandedOverOnce(t *testing.T) {
	const n = 200
	kept := &sink{}
	tracer := span.New(span.Config{Sampler: sdktrace.AlwaysSample(), Limits: sdktrace.NewSpanLimits(), Sink: kept}).Tracer("test")
	g := span.NewGroup(tracer, "process", span.Options{}, n)
	all := make([]trace.Span, n)
	var starting, ending sync.WaitGroup
	for part := range 2 {
		starting.Go(func() {
			for i := part; i < n; i += 2 {
				_, all[i] = g.Start(t.Context(), i, began)
			}
		})
	}
	starting.Wait()
	for i, one := range all {
		ending.Go(func() {
			if i%3 == 0 {
				one.SetAttributes(attribute.Int("i", i))
			}
			span.End(one, ended)
		})
		g.Complete(one, trace.SpanContext{}, attribute.String("a", "b"))
	}
	g.Flush()
	ending.Wait()
	seen := map[string]bool{}
	for _, s := range kept.spans {
		seen[id(s)] = true
	}
	if len(kept.spans) != n || len(seen) != n {
		t.Errorf("%d spans with %d ids were handed over, want %d", len(kept.spans), len(seen), n)
	}
}

// What is added to a span after it was encoded counts with what it had.
func TestGroup_AddedToAfterComplete_LimitsHold(t *testing.T) {
	kept := &sink{}
	limits := sdktrace.NewSpanLimits()
	limits.AttributeCountLimit, limits.LinkCountLimit = 3, 1
	tracer := span.New(span.Config{Sampler: sdktrace.AlwaysSample(), Limits: limits, Sink: kept}).Tracer("test")
	g := span.NewGroup(tracer, "process", span.Options{Shared: span.Share(attribute.Int("a", 1))}, 1)
	_, one := g.Start(t.Context(), 0, began)
	link := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}})
	g.Complete(one, link, attribute.Int("b", 2))
	one.SetAttributes(attribute.Int("c", 3), attribute.Int("d", 4), attribute.Int("a", 5))
	newer := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{2}, SpanID: trace.SpanID{2}})
	one.AddLink(trace.Link{SpanContext: newer})
	span.End(one, ended)
	g.Flush()
	f := kept.read(t)[0]
	if want := []attribute.KeyValue{attribute.Int("a", 5), attribute.Int("b", 2), attribute.Int("c", 3)}; !slices.Equal(f.Attributes, want) {
		t.Errorf("the attributes are %v, want %v", f.Attributes, want)
	}
	if len(f.Links) != 1 || f.Links[0].TraceID != newer.TraceID() {
		t.Errorf("the links are %v, want the newer one alone", f.Links)
	}
}
