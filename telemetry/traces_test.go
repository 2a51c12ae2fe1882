package telemetry_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Who decides: a parent that has, else the root sampler. Children of this
// process follow the span above them.
func TestSampling_ParentsAndHeaders(t *testing.T) {
	const (
		root        = "Root=1-67891233-abcdef012345678912345678"
		traceparent = "00-67891233abcdef012345678912345678-53995c3f42cd8ad8-"
	)
	on, off := sdktrace.ParentBased(sdktrace.AlwaysSample()), sdktrace.ParentBased(sdktrace.NeverSample())
	tests := map[string]struct {
		sampler   sdktrace.Sampler
		albParent bool
		header    map[string]string
		want      bool
	}{
		"NoHeader_On":           {on, false, nil, true},
		"NoHeader_Off":          {off, false, nil, false},
		"RootOnly_On":           {on, false, map[string]string{"X-Amzn-Trace-Id": root}, true},
		"RootOnly_Off":          {off, false, map[string]string{"X-Amzn-Trace-Id": root}, false},
		"RootOnly_ALB_On":       {on, true, map[string]string{"X-Amzn-Trace-Id": root}, true},
		"RootOnly_ALB_Off":      {off, true, map[string]string{"X-Amzn-Trace-Id": root}, false},
		"RootNotSampled_On":     {on, false, map[string]string{"X-Amzn-Trace-Id": root + ";Parent=53995c3f42cd8ad8;Sampled=0"}, false},
		"RootSampled_Off":       {off, false, map[string]string{"X-Amzn-Trace-Id": root + ";Parent=53995c3f42cd8ad8;Sampled=1"}, true},
		"ParentSampled_Off":     {off, false, map[string]string{"traceparent": traceparent + "01", "X-Amzn-Trace-Id": root}, true},
		"ParentNotSampled_On":   {on, false, map[string]string{"traceparent": traceparent + "00", "X-Amzn-Trace-Id": root}, false},
		"ParentNotSampled_Each": {sdktrace.AlwaysSample(), false, map[string]string{"traceparent": traceparent + "00"}, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			c := newCollector(t)
			config := configFor(c.URL)
			config.Traces.Sampler, config.ALBParent = tc.sampler, tc.albParent
			tel := setup(t, config)
			ctx := t.Context()
			header := propagation.HeaderCarrier{}
			for key, value := range tc.header {
				header.Set(key, value)
			}
			ctx = tel.Propagator().Extract(ctx, header)
			tracer := tel.TracerProvider().Tracer("test")
			ctx, server := tracer.Start(ctx, "server")
			_, child := tracer.Start(ctx, "child")
			child.End()
			server.End()
			if err := tel.ForceFlush(t.Context()); err != nil {
				t.Fatal(err)
			}
			sent := 0
			if tc.want {
				sent = 2
			}
			if server.SpanContext().IsSampled() != tc.want || child.SpanContext().IsSampled() != tc.want || len(c.spanNames()) != sent {
				t.Errorf("sampled: %t and %t, want %t; %v arrived", server.SpanContext().IsSampled(), child.SpanContext().IsSampled(), tc.want, c.spanNames())
			}
			if tc.header != nil && server.SpanContext().TraceID().String() != "67891233abcdef012345678912345678" {
				t.Errorf("the trace id is %v", server.SpanContext().TraceID())
			}
		})
	}
}

type fixedIDs struct{}

func (fixedIDs) NewIDs(context.Context) (trace.TraceID, trace.SpanID) {
	return trace.TraceID{1}, trace.SpanID{2}
}

func (fixedIDs) NewSpanID(context.Context, trace.TraceID) trace.SpanID { return trace.SpanID{3} }

func TestIDs_OfTheConfig_AreSent(t *testing.T) {
	c := newCollector(t)
	config := configFor(c.URL)
	config.Traces.IDs = fixedIDs{}
	tel := setup(t, config)
	_, span := tel.TracerProvider().Tracer("test").Start(t.Context(), "work")
	span.End()
	if err := tel.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s := c.spans[0]; s.TraceId[0] != 1 || s.SpanId[0] != 2 {
		t.Errorf("the span is %v", s)
	}
}

// The SDK forgot spans that ended after the shutdown.
func TestShutdown_SpanThatEndsLater_IsCounted(t *testing.T) {
	c := newCollector(t)
	tel := setup(t, configFor(c.URL))
	_, span := tel.TracerProvider().Tracer("test").Start(t.Context(), "late")
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	span.End()
	if got := tel.Dropped(); len(c.spanNames()) != 0 || got["traces "+semconv.DropShutdown] != 1 {
		t.Errorf("%v arrived, dropped %v", c.spanNames(), got)
	}
}
