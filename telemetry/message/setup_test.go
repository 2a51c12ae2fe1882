package message_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

const (
	traceparent  = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	traceparent2 = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	tracestate   = "vendor=value"
)

// Sizes of what the injector adds: name, "String" and value.
const (
	traceparentBytes = len("traceparent") + len("String") + len(traceparent)
	tracestateBytes  = len("tracestate") + len("String") + len(tracestate)
	baggageBytes     = len("baggage") + len("String") + len("tenant=acme")
)

// spanContext is traceparent's.
func spanContext(state string) trace.SpanContext {
	return mustSpanContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", state)
}

func mustSpanContext(traceID, spanID, state string) trace.SpanContext {
	t, err := trace.TraceIDFromHex(traceID)
	if err != nil {
		panic(err)
	}
	s, err := trace.SpanIDFromHex(spanID)
	if err != nil {
		panic(err)
	}
	ts, err := trace.ParseTraceState(state)
	if err != nil {
		panic(err)
	}
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: t, SpanID: s, TraceFlags: trace.FlagsSampled, TraceState: ts})
}

// traced is a context with traceparent.
func traced() context.Context {
	return trace.ContextWithSpanContext(context.Background(), spanContext(""))
}

// full is a context with traceparent, tracestate and baggage.
func full() context.Context {
	ctx := trace.ContextWithSpanContext(context.Background(), spanContext(tracestate))
	return withBaggage(ctx)
}

func withBaggage(ctx context.Context) context.Context {
	b, err := baggage.Parse("tenant=acme")
	if err != nil {
		panic(err)
	}
	return baggage.ContextWithBaggage(ctx, b)
}

func sns(value string) snstypes.MessageAttributeValue {
	return snstypes.MessageAttributeValue{DataType: new("String"), StringValue: new(value)}
}

func sqs(value string) sqstypes.MessageAttributeValue {
	return sqstypes.MessageAttributeValue{DataType: new("String"), StringValue: new(value)}
}

func lambda(value string) events.SQSMessageAttribute {
	return events.SQSMessageAttribute{DataType: "String", StringValue: new(value)}
}

// snsTexts are the values of string attributes.
func snsTexts(attrs map[string]snstypes.MessageAttributeValue) map[string]string {
	out := map[string]string{}
	for name, v := range attrs {
		out[name] = *v.DataType + " " + *v.StringValue
	}
	return out
}

type bundle struct {
	injector *message.Injector
	reader   *metric.ManualReader
}

func setup(t *testing.T, c message.Config) bundle {
	t.Helper()
	reader := metric.NewManualReader()
	c.MeterProvider = metric.NewMeterProvider(metric.WithReader(reader))
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return bundle{message.NewInjector(c), reader}
}

// dropped returns the counts of dropped contexts by "part: reason".
func (b bundle) dropped(t *testing.T) map[string]int64 {
	t.Helper()
	var rm metricdata.ResourceMetrics
	if err := b.reader.Collect(context.Background(), &rm); err != nil {
		t.Fatalf("Collect: %v", err)
	}
	out := map[string]int64{}
	for _, sm := range rm.ScopeMetrics {
		for _, m := range sm.Metrics {
			if m.Name != semconv.MetricContextDropped || m.Unit != semconv.UnitContexts {
				t.Errorf("unexpected metric %s in %s", m.Name, m.Unit)
				continue
			}
			for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
				part, _ := p.Attributes.Value(semconv.ContextPartKey)
				reason, _ := p.Attributes.Value(semconv.ReasonKey)
				system, _ := p.Attributes.Value("messaging.system")
				if s := system.AsString(); s != "aws.sns" && s != "aws_sqs" {
					t.Errorf("messaging.system = %q", s)
				}
				out[part.AsString()+": "+reason.AsString()] += p.Value
			}
		}
	}
	return out
}
