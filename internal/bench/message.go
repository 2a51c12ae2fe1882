package main

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/telemetry/message"
)

// messageBatch is how many messages a PublishBatch takes.
const messageBatch = 10

// measureMessage compares putting trace contexts into the attributes of SNS
// messages, and getting them out of the SQS messages that a raw subscription
// makes of them, with OpenTelemetry's propagators over its MapCarrier. The
// messages are those of the service: ten to a call, each with the attributes
// that the service sets on its own, and they are written to as the service has
// it. MapCarrier holds the same attributes.
func measureMessage(ctx context.Context, b *bench) ([]line, error) {
	sc := trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}, SpanID: trace.SpanID{1, 2, 3, 4, 5, 6, 7, 8},
		TraceFlags: trace.FlagsSampled,
	})
	m, err := newMessages(trace.ContextWithSpanContext(ctx, sc))
	if err != nil {
		return nil, err
	}
	ways := []func() trace.SpanContext{m.throughAttributes, m.throughMap, m.throughMapAlone, m.throughConvertedMap}
	var turns []func() (float64, error)
	for _, way := range ways {
		if !way().Equal(sc.WithRemote(true)) {
			return nil, errors.New("the context that came out is not the one that went in")
		}
		turns = append(turns, func() (float64, error) { return m.time(way), nil })
	}
	got, err := interleave(b.rounds(2001), turns...)
	if err != nil {
		return nil, err
	}
	allocations := func(way func() trace.SpanContext) float64 {
		return testing.AllocsPerRun(1000, func() { way() }) / messageBatch
	}
	added := measured{subject: allocations(m.throughAttributes), base: allocations(m.throughMap)}
	added.value, added.low, added.high = added.subject, added.subject, added.subject
	return []line{
		{what: "inject and extract, message attributes / MapCarrier", measured: ratio(got[0], got[1]), unit: "ns", aim: atMost(1.3)},
		{what: "the same / MapCarrier that hands on no attributes", measured: ratio(got[0], got[2]), unit: "ns"},
		{what: "the same / MapCarrier to and from the messages' types", measured: ratio(got[0], got[3]), unit: "ns"},
		{what: "allocations of inject and extract, to MapCarrier's", measured: added, aim: atMost(6)},
	}, nil
}

// messages are those of one call, and what is delivered of one of them.
type messages struct {
	injector   *message.Injector
	propagator propagation.TextMapPropagator
	ctx        context.Context   //nolint:containedctx // with the span that they are sent in
	parents    []context.Context // of each
	entries    []snstypes.PublishBatchRequestEntry
	carriers   []propagation.MapCarrier
	delivered  events.SQSMessage
	attributes map[string]string // as MapCarrier hands them on
}

func newMessages(ctx context.Context) (*messages, error) {
	m := &messages{
		injector:   message.NewInjector(message.Config{MeterProvider: metricnoop.NewMeterProvider()}),
		propagator: propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}),
		ctx:        ctx,
	}
	metadata := event.Metadata{
		Type: "com.example.order.placed", Source: "https://shop.example/web",
		AcceptedAt: time.Unix(1_700_000_000, 123_456_789), ALBRoot: "1-67891233-abcdef012345678912345678",
	}
	dataType, body := "String", `{"specversion":"1.0","id":"1","source":"/web","type":"com.example.order.placed","data":{"total":12}}`
	for n := range messageBatch {
		carrier, attributes := propagation.MapCarrier{}, map[string]snstypes.MessageAttributeValue{}
		for name, value := range metadata.All() {
			carrier[name] = value
			attributes[name] = snstypes.MessageAttributeValue{DataType: &dataType, StringValue: &value}
		}
		m.parents, m.carriers = append(m.parents, ctx), append(m.carriers, carrier)
		m.entries = append(m.entries, snstypes.PublishBatchRequestEntry{Id: new(strconv.Itoa(n)), Message: &body, MessageAttributes: attributes})
	}
	if err := m.inject(); err != nil {
		return nil, err
	}
	m.delivered = events.SQSMessage{
		Body:              body,
		Attributes:        map[string]string{"SentTimestamp": "1700000000123", "ApproximateReceiveCount": "1"},
		MessageAttributes: map[string]events.SQSMessageAttribute{},
	}
	for name, v := range m.entries[0].MessageAttributes {
		m.delivered.MessageAttributes[name] = events.SQSMessageAttribute{DataType: *v.DataType, StringValue: v.StringValue}
	}
	return m, nil
}

// inject puts a context into each message, which has none yet.
func (m *messages) inject() error {
	for n := range m.entries {
		delete(m.entries[n].MessageAttributes, "traceparent")
	}
	_, err := m.injector.SNSBatch(message.WithOwnEntries(context.Background(), m.parents), m.entries)
	return err
}

// throughAttributes is what the service and the consumer do.
func (m *messages) throughAttributes() (last trace.SpanContext) {
	_ = m.inject() // cannot fail where it did not before
	for range m.entries {
		last = trace.SpanContextFromContext(message.FromLambda(context.Background(), m.delivered).Context)
	}
	return last
}

// throughMap is the same with nothing but maps of texts: a context, and the
// attributes that are not part of it, for each message.
func (m *messages) throughMap() (last trace.SpanContext) {
	for _, carrier := range m.carriers {
		last = m.through(carrier)
		m.attributes = make(map[string]string, len(carrier))
		for name, value := range carrier {
			if name != "traceparent" && name != "tracestate" && name != "baggage" {
				m.attributes[name] = value
			}
		}
	}
	return last
}

// throughMapAlone leaves the attributes where they are.
func (m *messages) throughMapAlone() (last trace.SpanContext) {
	for _, carrier := range m.carriers {
		last = m.through(carrier)
	}
	return last
}

func (m *messages) through(carrier propagation.MapCarrier) trace.SpanContext {
	delete(carrier, "traceparent")
	m.propagator.Inject(m.ctx, carrier)
	return trace.SpanContextFromContext(m.propagator.Extract(context.Background(), carrier))
}

// throughConvertedMap is what it takes to use a MapCarrier for messages: what
// is in it is copied into the attributes of one, and those that come are
// copied into another.
func (m *messages) throughConvertedMap() (last trace.SpanContext) {
	dataType := "String"
	for n := range m.entries {
		carrier := propagation.MapCarrier{}
		m.propagator.Inject(m.ctx, carrier)
		attributes := m.entries[n].MessageAttributes
		delete(attributes, "traceparent")
		for name, value := range carrier {
			attributes[name] = snstypes.MessageAttributeValue{DataType: &dataType, StringValue: &value}
		}
		received := make(propagation.MapCarrier, len(m.delivered.MessageAttributes))
		for name, a := range m.delivered.MessageAttributes {
			if a.StringValue != nil {
				received[name] = *a.StringValue
			}
		}
		last = trace.SpanContextFromContext(m.propagator.Extract(context.Background(), received))
	}
	return last
}

// time is what a message takes one way, in nanoseconds.
func (*messages) time(way func() trace.SpanContext) float64 {
	const calls = 20 // short turns, so that few meet a pause of the machine
	began := time.Now()
	for range calls {
		way()
	}
	return float64(time.Since(began).Nanoseconds()) / (calls * messageBatch)
}
