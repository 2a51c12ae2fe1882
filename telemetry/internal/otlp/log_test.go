package otlp_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlplog/otlploghttp"
	"go.opentelemetry.io/otel/log"
	sdklog "go.opentelemetry.io/otel/sdk/log"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	"pgregory.net/rapid"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
	"github.com/tracehaul/tracehaul/telemetry/internal/otlptest"
)

// keeper is a log processor that keeps the records it sees.
type keeper struct{ records []sdklog.Record }

func (*keeper) Enabled(context.Context, sdklog.EnabledParameters) bool { return true }
func (*keeper) Shutdown(context.Context) error                         { return nil }
func (*keeper) ForceFlush(context.Context) error                       { return nil }
func (k *keeper) OnEmit(_ context.Context, r *sdklog.Record) error {
	k.records = append(k.records, r.Clone())
	return nil
}

// records draws records the way programs make them, through a provider.
func records(t *rapid.T) []sdklog.Record {
	var k keeper
	provider := sdklog.NewLoggerProvider(sdklog.WithProcessor(&k), sdklog.WithResource(otlptest.AnyResource.Draw(t, "resource")), sdklog.WithAttributeCountLimit(8))
	for range rapid.IntRange(1, 5).Draw(t, "records") {
		scope := otlptest.AnyScope.Draw(t, "scope")
		var r log.Record
		r.SetTimestamp(otlptest.AnyTime.Draw(t, "time"))
		r.SetObservedTimestamp(otlptest.AnyTime.Draw(t, "observed"))
		r.SetSeverity(log.Severity(rapid.IntRange(0, 24).Draw(t, "severity")))
		r.SetSeverityText(rapid.String().Draw(t, "text"))
		r.SetEventName(rapid.String().Draw(t, "event"))
		r.SetBody(otlptest.AnyValue(2).Draw(t, "body"))
		r.AddAttributes(otlptest.Attributes(1, 10).Draw(t, "attributes")...)
		ctx := context.Background()
		if rapid.Bool().Draw(t, "in span") {
			ctx = trace.ContextWithSpanContext(ctx, otlptest.AnySpanContext.Draw(t, "context"))
		}
		provider.Logger(scope.Name, log.WithInstrumentationVersion(scope.Version), log.WithSchemaURL(scope.SchemaURL),
			log.WithInstrumentationAttributes(scope.Attributes.ToSlice()...)).Emit(ctx, r)
	}
	return k.records
}

func TestAppendLogs_AnyRecords_SameAsStockExporter(t *testing.T) {
	var w otlptest.Wire
	stock, err := otlploghttp.New(t.Context(), otlploghttp.WithHTTPClient(w.Client()), otlploghttp.WithInsecure())
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		records := records(t)
		if err := stock.Export(context.Background(), records); err != nil {
			t.Fatalf("stock exporter: %v", err)
		}
		want := otlptest.Unmarshal(t, w.Last(), &collector.ExportLogsServiceRequest{})
		got := otlptest.Unmarshal(t, otlp.AppendLogs(nil, records), &collector.ExportLogsServiceRequest{})
		for _, rl := range got.ResourceLogs {
			if len(rl.Resource.Attributes) == 0 {
				rl.Resource = nil // the stock exporter leaves out an empty one
			}
		}
		otlptest.AssertEqual(t, got, want)
	})
}

func TestAppendLogs_SeverityUnknown_IsUnspecified(t *testing.T) {
	var k keeper
	var r log.Record
	r.SetSeverity(99)
	r.SetBody(attribute.StringValue("x"))
	sdklog.NewLoggerProvider(sdklog.WithProcessor(&k)).Logger("test").Emit(t.Context(), r)
	got := otlptest.Unmarshal(t, otlp.AppendLogs(nil, k.records), &collector.ExportLogsServiceRequest{})
	if n := got.ResourceLogs[0].ScopeLogs[0].LogRecords[0].SeverityNumber; n != 0 {
		t.Errorf("severity 99 was sent as %v", n)
	}
}
