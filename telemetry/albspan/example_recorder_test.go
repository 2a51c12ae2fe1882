package albspan_test

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/tracehaul/tracehaul/telemetry/alblog"
	"github.com/tracehaul/tracehaul/telemetry/albspan"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// An entry becomes a span whose id the service can derive as well, from the
// header that it gets. With package telemetry, IDs goes into TracesConfig.
func ExampleRecorder() {
	spans := tracetest.NewInMemoryExporter()
	p := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans), sdktrace.WithIDGenerator(albspan.IDs()),
		sdktrace.WithSampler(xray.Sampler(sdktrace.ParentBased(sdktrace.AlwaysSample()))))
	defer func() { _ = p.Shutdown(context.Background()) }()

	received := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	albspan.NewRecorder(p).Record(&alblog.Entry{
		Type: alblog.TypeHTTP, ELB: "app/orders/50dc6c495c0c9188", Client: netip.MustParseAddrPort("192.0.2.7:2817"),
		Request: "POST http://orders.example.com:80/v1/events?token=secret HTTP/1.1", ELBStatus: 503,
		RequestProcessing: alblog.NotMeasured, TargetProcessing: alblog.NotMeasured, ResponseProcessing: alblog.NotMeasured,
		TraceID: "Root=1-67891233-abcdef012345678912345678", Created: received, Time: received.Add(time.Millisecond), Actions: alblog.ActionForward,
	})

	s := spans.GetSpans()[0]
	header, err := xray.Parse("Root=1-67891233-abcdef012345678912345678")
	fmt.Println(s.Name, s.Status.Code, s.SpanContext.SpanID() == header.ALBSpanID(), err)
	for _, a := range s.Attributes {
		switch a.Key {
		case "url.path", "error.type", "tracehaul.alb.target.reached":
			fmt.Println(a.Key, a.Value.String())
		}
	}
	// Output:
	// POST Error true <nil>
	// url.path /v1/events
	// tracehaul.alb.target.reached false
	// error.type no_target
}
