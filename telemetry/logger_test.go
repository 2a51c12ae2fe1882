package telemetry_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

func TestLogger_Level_HoldsForLinesAndOTLP(t *testing.T) {
	c := newCollector(t)
	config := configFor(c.URL)
	var lines lockedBuffer
	level := new(slog.LevelVar)
	config.LogWriter, config.LogLevel = &lines, level
	tel := setup(t, config)
	tel.Logger().Debug("hidden")
	level.Set(slog.LevelDebug)
	tel.Logger().With("a", 1).WithGroup("g").Debug("shown", "b", 2)
	if err := tel.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := lines.String(); strings.Contains(got, "hidden") || !strings.Contains(got, `"msg":"shown"`) || !strings.Contains(got, `"g":{"b":2}`) {
		t.Errorf("the lines are %s", got)
	}
	if len(c.records) != 1 || c.records[0].Body.GetStringValue() != "shown" || len(c.records[0].Attributes) != 2 {
		t.Errorf("the records are %v", c.records)
	}
}

func TestLogger_LimitsPartlySet_TheOthersAreTheDefaults(t *testing.T) {
	for name, tc := range map[string]struct {
		limits telemetry.LogLimits
		want   map[string]string
	}{
		"Length":    {telemetry.LogLimits{AttributeValueLength: 3}, map[string]string{"a": "abc", "b": "fgh"}},
		"Count":     {telemetry.LogLimits{AttributeCount: 1}, map[string]string{"a": "abcde"}},
		"Zero":      {telemetry.LogLimits{}, map[string]string{"a": "abcde", "b": "fghij"}},
		"KeepNone":  {telemetry.LogLimits{AttributeCount: telemetry.KeepNone}, map[string]string{}},
		"Unlimited": {telemetry.LogLimits{AttributeCount: -1, AttributeValueLength: -1}, map[string]string{"a": "abcde", "b": "fghij"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCollector(t)
			config := configFor(c.URL)
			config.LogWriter, config.Logs.Limits = io.Discard, &tc.limits
			tel := setup(t, config)
			tel.Logger().Info("order", "a", "abcde", "b", "fghij")
			if err := tel.ForceFlush(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(c.records) != 1 {
				t.Fatalf("the records are %v", c.records)
			}
			if diff := cmp.Diff(tc.want, texts(c.records[0].Attributes)); diff != "" {
				t.Errorf("attributes (-want +got):\n%s", diff)
			}
		})
	}
}

// Without a provider of its own a bridge takes the global one, which is
// somebody else's.
func TestLogger_NoOTLP_LinesOnly(t *testing.T) {
	c := newCollector(t)
	before := otel.GetLoggerProvider()
	t.Cleanup(func() { otel.SetLoggerProvider(before) })
	other := setup(t, configFor(c.URL))
	otel.SetLoggerProvider(other.LoggerProvider())
	config := configFor(c.URL)
	config.Logs.Exporter.Kind = telemetry.ExporterNone
	var lines lockedBuffer
	config.LogWriter = &lines
	tel := setup(t, config)
	tel.Logger().Info("hello")
	if err := errors.Join(tel.Shutdown(t.Context()), other.Shutdown(t.Context())); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(lines.String(), "hello") || len(c.records) != 0 {
		t.Errorf("lines %s, records %v", lines.String(), c.records)
	}
}

func TestLoggerProvider_OtherBridge_RecordsArrive(t *testing.T) {
	c := newCollector(t)
	tel := setup(t, configFor(c.URL))
	slog.New(otelslog.NewHandler("bridge", otelslog.WithLoggerProvider(tel.LoggerProvider()))).Info("hello")
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(c.records) != 1 || c.records[0].Body.GetStringValue() != "hello" {
		t.Errorf("the records are %v, want hello", c.records)
	}
}

// request extracts the context of a request with the headers.
func request(ctx context.Context, tel *telemetry.Telemetry, header map[string]string) context.Context {
	h := http.Header{}
	for k, v := range header {
		h.Set(k, v)
	}
	return tel.Propagator().Extract(ctx, propagation.HeaderCarrier(h))
}

func TestPropagation(t *testing.T) {
	const (
		root        = "Root=1-67891233-abcdef012345678912345678"
		rootID      = "67891233abcdef012345678912345678"
		traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	)
	tests := map[string]struct {
		header  map[string]string
		change  func(*telemetry.Config)
		traceID string // empty for a new one
		parent  bool
		sampled bool
	}{
		"RootAlone_TraceKeptRootSamplerDecides": {header: map[string]string{"X-Amzn-Trace-Id": root}, traceID: rootID, sampled: true},
		"RootAloneNeverSample_Dropped": {
			header: map[string]string{"X-Amzn-Trace-Id": root}, traceID: rootID,
			change: func(c *telemetry.Config) { c.Traces.Sampler = sdktrace.ParentBased(sdktrace.NeverSample()) },
		},
		"RootAndTraceparent_TraceparentWins": {
			header:  map[string]string{"X-Amzn-Trace-Id": root, "traceparent": traceparent},
			traceID: "4bf92f3577b34da6a3ce929d0e0e4736", parent: true, sampled: true,
		},
		"ALBParent_IsTheParent": {
			header: map[string]string{"X-Amzn-Trace-Id": root}, traceID: rootID, parent: true, sampled: true,
			change: func(c *telemetry.Config) { c.ALBParent = true },
		},
		"NoPropagators_NewTrace": {
			header: map[string]string{"X-Amzn-Trace-Id": root, "traceparent": traceparent}, sampled: true,
			change: func(c *telemetry.Config) { c.Propagators = []string{} },
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			config := configFor(newCollector(t).URL)
			if tc.change != nil {
				tc.change(&config)
			}
			tel := setup(t, config)
			ctx, span := tel.TracerProvider().Tracer("test").Start(request(t.Context(), tel, tc.header), "serve")
			defer span.End()
			sc := span.SpanContext()
			if tc.traceID != "" && sc.TraceID().String() != tc.traceID {
				t.Errorf("the trace is %s, want %s", sc.TraceID(), tc.traceID)
			}
			if tc.traceID == "" && (sc.TraceID().String() == rootID || !sc.TraceID().IsValid()) {
				t.Errorf("the trace is %s, want a new one", sc.TraceID())
			}
			if sc.IsSampled() != tc.sampled {
				t.Errorf("sampled %t, want %t", sc.IsSampled(), tc.sampled)
			}
			if s, ok := span.(sdktrace.ReadOnlySpan); ok && s.Parent().SpanID().IsValid() != tc.parent {
				t.Errorf("the parent is %s, want one: %t", s.Parent().SpanID(), tc.parent)
			}
			if raw, ok := xray.RawHeader(ctx); name == "RootAndTraceparent_TraceparentWins" && (!ok || raw != root) {
				t.Errorf("the raw header is %q", raw)
			}
		})
	}
}
