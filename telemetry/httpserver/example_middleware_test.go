package httpserver_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/tracehaul/tracehaul/telemetry/httpserver"
)

// A service that gets a span per request, and none for its health checks.
func ExampleMiddleware() {
	spans := tracetest.NewSpanRecorder() // a real service has telemetry.Setup
	tp := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))

	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNotFound) })
	handler := httpserver.Middleware(httpserver.Config{
		TracerProvider: tp,
		Filter:         httpserver.ExceptPaths("/healthz"),
		TrustedProxies: 1, // the load balancer
	})(mux)

	for _, path := range []string{"/healthz", "/orders/7"} {
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, http.NoBody))
	}
	for _, span := range spans.Ended() {
		fmt.Println(span.SpanKind(), span.Name())
	}
	// Output:
	// server GET /orders/{id}
}
