package xray_test

import (
	"context"
	"fmt"
	"net/http"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// A service behind a load balancer: the trace has the id that the load
// balancer gave it, and the service's own sampler decides.
func Example() {
	propagator := propagation.NewCompositeTextMapPropagator(
		propagation.TraceContext{}, propagation.Baggage{}, xray.Propagator{})
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSampler(xray.Sampler(sdktrace.ParentBased(sdktrace.AlwaysSample()))))

	request, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, "/", http.NoBody)
	request.Header.Set("X-Amzn-Trace-Id", "Root=1-67891233-abcdef012345678912345678")

	ctx := propagator.Extract(request.Context(), propagation.HeaderCarrier(request.Header))
	_, span := provider.Tracer("example").Start(ctx, "GET /")
	defer span.End()
	fmt.Println(span.SpanContext().TraceID(), span.SpanContext().IsSampled())
	// Output: 67891233abcdef012345678912345678 true
}

func ExampleParse() {
	h, err := xray.Parse("Self=1-67891234-12456789abcdef0123456789;Root=1-67891233-abcdef012345678912345678")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("trace", h.Root)
	fmt.Println("load balancer's span", h.ALBSpanID())
	// Output:
	// trace 67891233abcdef012345678912345678
	// load balancer's span 410d712e763a3092
}
