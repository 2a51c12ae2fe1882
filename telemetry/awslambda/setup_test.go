package awslambda_test

import (
	"context"
	"log/slog"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// bundle is a configuration, and what functions made with it have told.
type bundle struct {
	config awslambda.Config
	spans  *tracetest.SpanRecorder
	reader *sdkmetric.ManualReader
}

func setup(t *testing.T) *bundle {
	t.Helper()
	b := &bundle{spans: tracetest.NewSpanRecorder(), reader: sdkmetric.NewManualReader()}
	limits := sdktrace.NewSpanLimits()
	limits.LinkCountLimit = -1
	b.config = awslambda.Config{
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(b.spans), sdktrace.WithRawSpanLimits(limits),
			sdktrace.WithSampler(xray.Sampler(sdktrace.ParentBased(sdktrace.AlwaysSample())))),
		MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(b.reader)),
		Logger:        slog.New(slog.DiscardHandler),
		FunctionName:  "prod-shop-writer",
	}
	return b
}

// named returns the ended spans of a name.
func (b *bundle) named(name string) []sdktrace.ReadOnlySpan {
	var found []sdktrace.ReadOnlySpan
	for _, span := range b.spans.Ended() {
		if span.Name() == name {
			found = append(found, span)
		}
	}
	return found
}

func (b *bundle) invocation(t *testing.T) sdktrace.ReadOnlySpan {
	t.Helper()
	found := b.named("prod-shop-writer")
	if len(found) != 1 {
		t.Fatalf("%d invocation spans ended, want 1", len(found))
	}
	return found[0]
}

// ofTrace returns the span of a name in a trace.
func (b *bundle) ofTrace(t *testing.T, name, traceID string) sdktrace.ReadOnlySpan {
	t.Helper()
	for _, span := range b.named(name) {
		if span.SpanContext().TraceID().String() == traceID {
			return span
		}
	}
	t.Fatalf("trace %s has no span %q", traceID, name)
	return nil
}

// sums returns a counter's values by one of its attributes, or a histogram's
// counts.
func (b *bundle) sums(t *testing.T, metric string, by attribute.Key) map[string]int64 {
	t.Helper()
	var rm metricdata.ResourceMetrics
	if err := b.reader.Collect(t.Context(), &rm); err != nil {
		t.Fatal(err)
	}
	sums := map[string]int64{}
	for _, sm := range rm.ScopeMetrics {
		for _, m := range sm.Metrics {
			if m.Name != metric {
				continue
			}
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					sums[valueOf(p.Attributes, by)] += p.Value
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					sums[valueOf(p.Attributes, by)] += int64(p.Count)
				}
			case metricdata.Histogram[int64]:
				for _, p := range data.DataPoints {
					sums[valueOf(p.Attributes, by)] += int64(p.Count)
				}
			}
		}
	}
	return sums
}

func valueOf(set attribute.Set, key attribute.Key) string {
	value, _ := set.Value(key)
	return value.String()
}

func mapOf(attributes []attribute.KeyValue) map[string]any {
	m := make(map[string]any, len(attributes))
	for _, kv := range attributes {
		m[string(kv.Key)] = kv.Value.AsInterface()
	}
	return m
}

func linksTo(span sdktrace.ReadOnlySpan, sc trace.SpanContext) bool {
	for _, link := range span.Links() {
		if link.SpanContext.TraceID() == sc.TraceID() && link.SpanContext.SpanID() == sc.SpanID() {
			return true
		}
	}
	return false
}

// withTraceHeader is what aws-lambda-go does with the X-Ray header.
func withTraceHeader(ctx context.Context, header string) context.Context {
	return context.WithValue(ctx, "x-amzn-trace-id", header) //nolint:staticcheck // aws-lambda-go's key
}
