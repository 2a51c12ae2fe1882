package message_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/message"
)

// system is what every message from SQS has.
var system = map[string]string{"SentTimestamp": "1700000000123", "ApproximateReceiveCount": "1"}

// throughAttributes injects into an SNS message and extracts from an SQS
// message, which is what a raw subscription makes of such a one.
func throughAttributes(ctx context.Context, i *message.Injector, delivered events.SQSMessage) trace.SpanContext {
	if _, err := i.SNS(ctx, nil, 500); err != nil {
		panic(err)
	}
	r := message.FromLambda(context.Background(), delivered)
	return trace.SpanContextFromContext(r.Context)
}

// deliver makes the message that reaches the consumer.
func deliver(ctx context.Context, i *message.Injector) events.SQSMessage {
	attrs, err := i.SNS(ctx, nil, 500)
	if err != nil {
		panic(err)
	}
	m := events.SQSMessage{Body: `{"id":1}`, Attributes: system, MessageAttributes: map[string]events.SQSMessageAttribute{}}
	for name, v := range attrs {
		m.MessageAttributes[name] = events.SQSMessageAttribute{DataType: *v.DataType, StringValue: v.StringValue}
	}
	return m
}

// throughMap is the same with OpenTelemetry's own propagators and carrier.
func throughMap(ctx context.Context, p propagation.TextMapPropagator) trace.SpanContext {
	carrier := propagation.MapCarrier{}
	p.Inject(ctx, carrier)
	return trace.SpanContextFromContext(p.Extract(context.Background(), carrier))
}

func w3c() propagation.TextMapPropagator {
	return propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
}

func TestInjectAndExtract_TraceContext_FourAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	i, ctx := message.NewInjector(message.Config{}), traced()
	delivered := deliver(ctx, i)
	if got := throughAttributes(ctx, i, delivered); got.TraceID() != spanContext("").TraceID() {
		t.Fatalf("span context = %v", got)
	}
	n := testing.AllocsPerRun(200, func() { throughAttributes(ctx, i, delivered) })
	t.Logf("%v allocations, MapCarrier %v", n, testing.AllocsPerRun(200, func() { throughMap(ctx, w3c()) }))
	if n > 4 {
		t.Errorf("inject and extract allocate %v times, want 4 at most", n)
	}
}

func TestFromLambda_RawMessage_OneAllocation(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	m := events.SQSMessage{
		Body: `{"id":1}`, Attributes: system,
		MessageAttributes: map[string]events.SQSMessageAttribute{"traceparent": lambda(traceparent)},
	}
	if n := testing.AllocsPerRun(200, func() { message.FromLambda(context.Background(), m) }); n > 1 {
		t.Errorf("FromLambda allocates %v times, want 1 at most", n)
	}
}

func BenchmarkInjectExtract(b *testing.B) {
	for name, ctx := range map[string]context.Context{"traceparent": traced(), "everything": full()} {
		i, p := message.NewInjector(message.Config{}), w3c()
		delivered := deliver(ctx, i)
		attributes := func() { throughAttributes(ctx, i, delivered) }
		mapCarrier := func() { throughMap(ctx, p) }
		b.Run(name+"/attributes", func(b *testing.B) { run(b, attributes) })
		b.Run(name+"/mapcarrier", func(b *testing.B) { run(b, mapCarrier) })
		b.Run(name+"/ratio", func(b *testing.B) { compare(b, attributes, mapCarrier) })
	}
}

func run(b *testing.B, f func()) {
	b.Helper()
	b.ReportAllocs()
	for b.Loop() {
		f()
	}
}

// compare reports how many times longer ours takes than theirs. They take
// turns, so that a busy machine slows both, and the median of the turns'
// ratios counts, so that a pause in one does not.
func compare(b *testing.B, ours, theirs func()) {
	b.Helper()
	const turn = 200
	measure := func(f func()) float64 {
		start := time.Now()
		for range turn {
			f()
		}
		return float64(time.Since(start))
	}
	var ratios []float64
	for b.Loop() {
		ratios = append(ratios, measure(ours)/measure(theirs))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "x")
	b.ReportMetric(0, "ns/op")
}

func BenchmarkFromLambda_Envelope(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		message.FromLambda(context.Background(), events.SQSMessage{Body: notification})
	}
}
