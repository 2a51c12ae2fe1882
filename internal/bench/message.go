package main

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/message"
)

// measureMessage compares putting a trace context into the attributes of an
// SNS message, and getting it out of the SQS message that a raw subscription
// makes of that, with OpenTelemetry's propagators over its MapCarrier.
func measureMessage(ctx context.Context, b *bench) ([]line, error) {
	sc := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, SpanID: trace.SpanID{1, 2, 3, 4, 5, 6, 7, 8},
		TraceFlags: trace.FlagsSampled,
	})
	ctx = trace.ContextWithSpanContext(ctx, sc)
	injector := message.NewInjector(message.Config{MeterProvider: metricnoop.NewMeterProvider()})
	delivered, err := deliver(ctx, injector)
	if err != nil {
		return nil, err
	}
	throughAttributes := func() trace.SpanContext {
		_, _ = injector.SNS(ctx, nil, 500) // cannot fail where deliver did not
		return trace.SpanContextFromContext(message.FromLambda(context.Background(), delivered).Context)
	}
	propagator := propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
	throughMap := func() trace.SpanContext {
		carrier := propagation.MapCarrier{}
		propagator.Inject(ctx, carrier)
		return trace.SpanContextFromContext(propagator.Extract(context.Background(), carrier))
	}
	if want := sc.WithRemote(true); !throughAttributes().Equal(want) || !throughMap().Equal(want) {
		return nil, errors.New("the context that came out is not the one that went in")
	}
	const n = 200 // short turns, so that few meet a pause of the machine
	repeated := func(f func() trace.SpanContext) func() (float64, error) {
		return func() (float64, error) {
			began := time.Now()
			for range n {
				f()
			}
			return float64(time.Since(began).Nanoseconds()) / float64(n), nil
		}
	}
	got, err := interleave(b.rounds(2001), repeated(throughAttributes), repeated(throughMap))
	if err != nil {
		return nil, err
	}
	allocations := func(f func() trace.SpanContext) []float64 {
		return []float64{testing.AllocsPerRun(1000, func() { f() })}
	}
	ours := measured{subject: allocations(throughAttributes)[0], base: allocations(throughMap)[0]}
	ours.value, ours.low, ours.high = ours.subject, ours.subject, ours.subject
	return []line{
		{what: "inject and extract, message attributes / MapCarrier", measured: ratio(got[0], got[1]), unit: "ns", aim: atMost(1.3)},
		{what: "allocations of inject and extract, to MapCarrier's", measured: ours, aim: atMost(6)},
	}, nil
}

// deliver makes the message that reaches a Lambda.
func deliver(ctx context.Context, i *message.Injector) (events.SQSMessage, error) {
	attributes, err := i.SNS(ctx, nil, 500)
	m := events.SQSMessage{
		Body:              `{"id":1}`,
		Attributes:        map[string]string{"SentTimestamp": "1700000000123", "ApproximateReceiveCount": "1"},
		MessageAttributes: map[string]events.SQSMessageAttribute{},
	}
	for name, v := range attributes {
		m.MessageAttributes[name] = events.SQSMessageAttribute{DataType: *v.DataType, StringValue: v.StringValue}
	}
	return m, err
}
