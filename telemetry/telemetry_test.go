package telemetry_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/tracehaul/tracehaul/telemetry"
)

func TestTelemetry_AllSignals_ArriveWithOneResource(t *testing.T) {
	for name, gzip := range map[string]bool{"Plain": false, "Gzip": true} {
		t.Run(name, func(t *testing.T) {
			c := newCollector(t)
			config := configFor(c.URL)
			config.Environment, config.ServiceVersion = "prod", "abc123"
			config.Resource = []attribute.KeyValue{attribute.String("team", "payments")}
			config.Traces.Exporter.Gzip = gzip
			config.Traces.Exporter.Headers = map[string]string{"api-key": "secret"}
			var lines bytes.Buffer
			config.LogWriter = &lines
			tel := setup(t, config)

			ctx, span := tel.TracerProvider().Tracer("test").Start(t.Context(), "work", trace.WithSpanKind(trace.SpanKindServer))
			tel.Logger().InfoContext(ctx, "working", "step", 1)
			duration, err := tel.MeterProvider().Meter("test").Float64Histogram("http.server.request.duration", metric.WithUnit("s"))
			if err != nil {
				t.Fatal(err)
			}
			duration.Record(ctx, 0.02)
			span.End()
			if err := tel.ForceFlush(t.Context()); err != nil {
				t.Fatal(err)
			}

			traceID, spanID := span.SpanContext().TraceID(), span.SpanContext().SpanID()
			if got := c.spanNames(); !slices.Equal(got, []string{"work"}) || [16]byte(c.spans[0].TraceId) != traceID {
				t.Errorf("spans %v", c.spans)
			}
			if len(c.records) != 1 || c.records[0].Body.GetStringValue() != "working" || [16]byte(c.records[0].TraceId) != traceID || [8]byte(c.records[0].SpanId) != spanID {
				t.Errorf("records %v", c.records)
			}
			if m := c.metric("http.server.request.duration"); m == nil {
				t.Error("no metric")
			}
			for key, want := range map[string]string{
				"service.name": "orders", "service.version": "abc123", "deployment.environment.name": "prod", "team": "payments",
				"telemetry.sdk.language": "go", "telemetry.distro.name": "tracehaul",
			} {
				if c.resource[key] != want {
					t.Errorf("the resource's %s is %q, want %q", key, c.resource[key], want)
				}
			}
			var line map[string]any
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				t.Fatalf("%v in %s", err, lines.String())
			}
			for key, want := range map[string]any{
				"msg": "working", "step": 1.0, "trace_id": traceID.String(), "span_id": spanID.String(), "trace_flags": "01",
				"service.name": "orders", "service.version": "abc123", "deployment.environment.name": "prod", "team": "payments",
				"service.instance.id": c.resource["service.instance.id"],
			} {
				if line[key] != want {
					t.Errorf("the line's %s is %v, want %v", key, line[key], want)
				}
			}
			traces := slices.IndexFunc(c.requests, func(r *http.Request) bool { return r.URL.Path == "/v1/traces" })
			if h := c.requests[traces].Header; h.Get("Api-Key") != "secret" || !strings.HasPrefix(h.Get("User-Agent"), "OTel-OTLP-Exporter-Go/") {
				t.Errorf("the headers are %v", h)
			}
		})
	}
}

func TestTelemetry_Shutdown_SendsTheRestAndCanBeRepeated(t *testing.T) {
	c := newCollector(t)
	tel := setup(t, configFor(c.URL))
	_, span := tel.TracerProvider().Tracer("test").Start(t.Context(), "last")
	span.End()
	tel.Logger().Info("bye")
	for range 2 {
		if err := tel.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if got := c.spanNames(); !slices.Equal(got, []string{"last"}) || len(c.records) != 1 {
		t.Errorf("spans %v, records %v", got, c.records)
	}
	_, late := tel.TracerProvider().Tracer("test").Start(t.Context(), "late")
	late.End()
	tel.Logger().Info("late")
	if err := tel.ForceFlush(t.Context()); err != nil && !strings.Contains(err.Error(), "shutdown") {
		t.Errorf("a flush afterwards: %v", err)
	}
}

func TestTelemetry_SetGlobal_ProvidersAreUsed(t *testing.T) {
	c := newCollector(t)
	tel := setup(t, configFor(c.URL))
	before := otel.GetTracerProvider()
	t.Cleanup(func() { otel.SetTracerProvider(before) })
	tel.SetGlobal()
	if otel.GetTracerProvider() != tel.TracerProvider() || otel.GetMeterProvider() != tel.MeterProvider() {
		t.Error("the globals are others")
	}
	if got := otel.GetTextMapPropagator().Fields(); !slices.Contains(got, "traceparent") || !slices.Contains(got, "X-Amzn-Trace-Id") {
		t.Errorf("the global propagator's fields are %v", got)
	}
	otel.SetTracerProvider(noop.NewTracerProvider())
}

func TestTelemetry_Disabled_OnlyLogsAndPropagates(t *testing.T) {
	c := newCollector(t)
	config := configFor(c.URL)
	config.Disabled = true
	var lines bytes.Buffer
	config.LogWriter = &lines
	tel := setup(t, config)
	ctx, span := tel.TracerProvider().Tracer("test").Start(t.Context(), "x")
	tel.Logger().InfoContext(ctx, "still here")
	span.End()
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if span.IsRecording() || len(c.requests) != 0 {
		t.Errorf("recording %t, %d requests", span.IsRecording(), len(c.requests))
	}
	if !strings.Contains(lines.String(), `"still here"`) {
		t.Errorf("lines %s", lines.String())
	}
	for _, header := range []string{rootHeader, rootHeader + ";Parent=53995c3f42cd8ad8", rootHeader + ";Parent=53995c3f42cd8ad8;Sampled=1"} {
		in, out := propagation.MapCarrier{"X-Amzn-Trace-Id": header}, propagation.MapCarrier{}
		ctx, _ = tel.TracerProvider().Tracer("test").Start(tel.Propagator().Extract(t.Context(), in), "x")
		tel.Propagator().Inject(ctx, out)
		if got := out["X-Amzn-Trace-Id"]; got != header {
			t.Errorf("%s comes in, %q goes out", header, got)
		}
	}
}

const rootHeader = "Root=1-67891233-abcdef012345678912345678"

func TestTelemetry_ConsoleExporters_OneJSONLineEach(t *testing.T) {
	var lines bytes.Buffer
	console := telemetry.ExporterConfig{Kind: telemetry.ExporterConsole}
	tel := setup(t, telemetry.Config{
		LogWriter: &lines,
		Traces:    telemetry.TracesConfig{Exporter: console},
		Metrics:   telemetry.MetricsConfig{Exporter: console},
		Logs:      telemetry.LogsConfig{Exporter: console},
	})
	ctx, span := tel.TracerProvider().Tracer("test").Start(t.Context(), "work", trace.WithAttributes(attribute.Int("n", 1)))
	counter, err := tel.MeterProvider().Meter("test").Int64Counter("things")
	if err != nil {
		t.Fatal(err)
	}
	counter.Add(ctx, 7)
	tel.Logger().InfoContext(ctx, "hello")
	span.End()
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := map[string]map[string]any{}
	for line := range strings.Lines(lines.String()) {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		got[object["msg"].(string)] = object //nolint:forcetypeassert // msg is always a string
	}
	if got["span"]["name"] != "work" || got["span"]["trace_id"] != span.SpanContext().TraceID().String() {
		t.Errorf("span: %v", got["span"])
	}
	if got["metric"]["name"] != "things" || got["metric"]["value"] != 7.0 {
		t.Errorf("metric: %v", got["metric"])
	}
	if len(got) != 3 || got["hello"] == nil {
		t.Errorf("the lines are %v, want hello, the span and the metric", lines.String())
	}
}

func TestTelemetry_NoExporters_TraceIDsStillInLogs(t *testing.T) {
	var lines bytes.Buffer
	none := telemetry.ExporterConfig{Kind: telemetry.ExporterNone}
	tel := setup(t, telemetry.Config{
		LogWriter: &lines,
		Traces:    telemetry.TracesConfig{Exporter: none},
		Metrics:   telemetry.MetricsConfig{Exporter: none},
		Logs:      telemetry.LogsConfig{Exporter: none},
	})
	ctx, span := tel.TracerProvider().Tracer("test").Start(t.Context(), "work")
	tel.Logger().InfoContext(ctx, "hello")
	span.End()
	if !strings.Contains(lines.String(), span.SpanContext().TraceID().String()) {
		t.Error(lines.String())
	}
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestSetup_ImpossibleSettings_AllNamed(t *testing.T) {
	config := configFor("http://localhost:4318")
	config.Traces.Exporter.Protocol = telemetry.ProtocolGRPC
	config.Metrics.Exporter.Endpoint = "https://user:password@monitoring.eu-west-1.amazonaws.com/v1/metrics"
	config.Logs.Exporter.Endpoint = "localhost"
	config.Logs.Batch = telemetry.BatchConfig{QueueSize: 10, BatchSize: 20}
	config.Propagators = []string{"b3"}
	_, err := telemetry.Setup(t.Context(), config)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{
		"Config.Traces.Exporter.Endpoint", "without a path", "Config.Credentials", "Config.Logs.Exporter.Endpoint", "Config.Logs.Batch.BatchSize is 20: want at most the queue's size, 10", "Config.Propagators is b3",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing from\n%v", want, err)
		}
	}
	if strings.Contains(err.Error(), "password") {
		t.Errorf("the error holds a password: %v", err)
	}
	config = configFor("http://localhost:4318")
	config.Traces.Exporter = telemetry.ExporterConfig{Protocol: telemetry.ProtocolGRPC}
	if _, err := telemetry.Setup(t.Context(), config); err == nil || !strings.Contains(err.Error(), "otlpgrpc.Dial") {
		t.Errorf("grpc without Config.GRPC: %v", err)
	}
}
