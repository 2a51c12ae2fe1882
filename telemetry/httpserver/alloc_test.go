package httpserver_test

import (
	"context"
	"net/http"
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/httpserver"
	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
	"github.com/tracehaul/tracehaul/telemetry/internal/span"
)

// discard is a processor that costs nothing, as an exporter's queue nearly
// does. The SDK makes its snapshot of a span only when there is a processor.
type discard struct{}

func (discard) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (discard) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (discard) Shutdown(context.Context) error                  { return nil }
func (discard) ForceFlush(context.Context) error                { return nil }

// response is a ResponseWriter that costs nothing.
type response struct{ header http.Header }

func (r *response) Header() http.Header       { return r.header }
func (*response) Write(b []byte) (int, error) { return len(b), nil }
func (*response) WriteHeader(int)             {}

func mux() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/events", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	return mux
}

func request(headers map[string]string) *http.Request {
	r, _ := http.NewRequest(http.MethodPost, "http://pay.example.com/v1/events", http.NoBody)
	r.RemoteAddr = "10.0.3.7:41022"
	r.Header.Set("User-Agent", "shop/1.4")
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	return r
}

func sampled(c httpserver.Config, p trace.TracerProvider) httpserver.Config {
	c.TracerProvider = p
	c.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
	return c
}

// nowhere is a sink that costs nothing.
type nowhere struct{}

func (nowhere) Add(otlp.Span)                  {}
func (nowhere) AddAll([]otlp.Span)             {}
func (nowhere) Flush(context.Context) error    { return nil }
func (nowhere) Shutdown(context.Context) error { return nil }

// ours is the provider that telemetry.Setup makes, and stock the SDK's.
func ours() trace.TracerProvider {
	return span.New(span.Config{Sampler: span.Known(sdktrace.AlwaysSample()), Limits: sdktrace.NewSpanLimits(), Sink: nowhere{}})
}

func stock() trace.TracerProvider {
	return sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(discard{}))
}

const (
	albRoot     = "Root=1-67891233-abcdef012345678912345678"
	traceparent = "00-67891233abcdef012345678912345678-00f067aa0ba902b7-01"
)

var allocationCases = map[string]struct {
	config      httpserver.Config
	headers     map[string]string
	ours, stock float64 // at most
}{
	// What the service of this module does.
	"Lean_NoContext":             {httpserver.Config{Lean: true}, nil, 3, 7},
	"Lean_LoadBalancer":          {httpserver.Config{Lean: true}, map[string]string{"X-Amzn-Trace-Id": albRoot}, 4, 8},
	"Lean_LoadBalancerAndParent": {httpserver.Config{Lean: true}, map[string]string{"X-Amzn-Trace-Id": albRoot, "traceparent": traceparent}, 6, 10},
	// Beyond eight attributes the SDK deduplicates through a map: four more.
	"NoContext": {httpserver.Config{}, nil, 4, 11},
	"Parent":    {httpserver.Config{}, map[string]string{"traceparent": traceparent}, 6, 13},
}

func TestMiddleware_SampledRequest_AddsFewAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	for name, tt := range allocationCases {
		t.Run(name, func(t *testing.T) {
			r, w := request(tt.headers), &response{header: http.Header{}}
			added := func(p trace.TracerProvider) float64 {
				bare, traced := mux(), httpserver.Middleware(sampled(tt.config, p))(mux())
				return testing.AllocsPerRun(1000, func() { traced.ServeHTTP(w, r) }) - testing.AllocsPerRun(1000, func() { bare.ServeHTTP(w, r) })
			}
			own, sdk := added(ours()), added(stock())
			t.Logf("%v allocations added, %v with the SDK's spans", own, sdk)
			if own > tt.ours || sdk > tt.stock {
				t.Errorf("the middleware adds %v allocations to a request, and %v with the SDK's spans, want at most %v and %v", own, sdk, tt.ours, tt.stock)
			}
		})
	}
}

func BenchmarkMiddleware(b *testing.B) {
	b.Run("Bare", func(b *testing.B) { benchmark(b, mux(), request(nil)) })
	for name, tt := range allocationCases {
		b.Run(name, func(b *testing.B) {
			benchmark(b, httpserver.Middleware(sampled(tt.config, ours()))(mux()), request(tt.headers))
		})
	}
}

func benchmark(b *testing.B, h http.Handler, r *http.Request) {
	b.Helper()
	w := &response{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}
