// Package httpserver traces and measures an HTTP server by OpenTelemetry's
// stable HTTP conventions.
//
// Start from [Middleware] and put it around the whole mux:
//
//	mux.HandleFunc("POST /v1/events", accept)
//	server.Handler = httpserver.Middleware(httpserver.Config{})(mux)
//
// A request becomes a SERVER span named after its method and the pattern that
// matched, `POST /v1/events`, and a point of http.server.request.duration. Its
// parent comes from traceparent; a load balancer's X-Amzn-Trace-Id gives the
// trace id where there is none. The answer names the span in a traceresponse
// header, so that whoever called can find the trace.
//
// Two things that the conventions ask for are left out: url.query, since queries
// hold what must not be recorded, and the headers.
//
// Cost is part of the contract: a test holds how many allocations the
// middleware adds to a request that is sampled, with the spans of
// telemetry.Setup and with the SDK's.
//
// Of this module it imports telemetry/internal, telemetry/semconv and
// telemetry/xray.
package httpserver
