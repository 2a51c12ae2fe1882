package httpserver_test

import (
	"context"
	"net/http"
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/tracehaul/tracehaul/telemetry/httpserver"
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

func sampled(c httpserver.Config) httpserver.Config {
	c.TracerProvider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(discard{}))
	c.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
	return c
}

const (
	albRoot     = "Root=1-67891233-abcdef012345678912345678"
	traceparent = "00-67891233abcdef012345678912345678-00f067aa0ba902b7-01"
)

var allocationCases = map[string]struct {
	config  httpserver.Config
	headers map[string]string
	most    float64
}{
	// What the service of this module does.
	"Lean_NoContext":             {httpserver.Config{Lean: true}, nil, 6},
	"Lean_LoadBalancer":          {httpserver.Config{Lean: true}, map[string]string{"X-Amzn-Trace-Id": albRoot}, 9},
	"Lean_LoadBalancerAndParent": {httpserver.Config{Lean: true}, map[string]string{"X-Amzn-Trace-Id": albRoot, "traceparent": traceparent}, 9},
	// Beyond eight attributes the SDK deduplicates through a map: four more.
	"NoContext": {httpserver.Config{}, nil, 10},
	"Parent":    {httpserver.Config{}, map[string]string{"traceparent": traceparent}, 12},
}

func TestMiddleware_SampledRequest_AddsFewAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	for name, tt := range allocationCases {
		t.Run(name, func(t *testing.T) {
			bare, traced := mux(), httpserver.Middleware(sampled(tt.config))(mux())
			r, w := request(tt.headers), &response{header: http.Header{}}
			without := testing.AllocsPerRun(1000, func() { bare.ServeHTTP(w, r) })
			with := testing.AllocsPerRun(1000, func() { traced.ServeHTTP(w, r) })
			t.Logf("%v allocations bare, %v traced: %v added", without, with, with-without)
			if added := with - without; added > tt.most {
				t.Errorf("the middleware adds %v allocations to a request, want at most %v", added, tt.most)
			}
		})
	}
}

func BenchmarkMiddleware(b *testing.B) {
	b.Run("Bare", func(b *testing.B) { benchmark(b, mux(), request(nil)) })
	for name, tt := range allocationCases {
		b.Run(name, func(b *testing.B) {
			benchmark(b, httpserver.Middleware(sampled(tt.config))(mux()), request(tt.headers))
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
