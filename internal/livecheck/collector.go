//go:build unix

package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// collector is where the programs send their telemetry: metrics go on to the
// store, which takes nothing else, and spans and log records end here. While it
// has a mood, that is what it answers about spans and log records. Metrics
// always pass, or what it did would not be seen.
type collector struct {
	url    string
	server *http.Server
	mood   atomic.Pointer[mood]
}

// mood is a way to fail.
type mood struct {
	what   string
	answer http.HandlerFunc
}

// allMoods fail in every way that programs tell apart. A response is protobuf, as
// OTLP has it: an empty one says that everything was taken.
var allMoods = []mood{
	{"refuses", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }},
	{"is unavailable", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }},
	{"takes a part", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(partialSuccess()) }},
	{"answers with nonsense", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "nonsense") }},
	{"hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
	{"does not answer", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
}

// partialSuccess is a response that rejects one item. Those of all signals
// have the same form (OTLP Specification, "Partial Success").
func partialSuccess() []byte {
	b := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), 1) // rejected_spans
	b = protowire.AppendString(protowire.AppendTag(b, 2, protowire.BytesType), "one is too many")
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), b) // partial_success
}

// maxTelemetry bounds the body of a request.
const maxTelemetry = 16 << 20

// startCollector starts one that sends metrics to the store.
func startCollector(ctx context.Context, store string) (*collector, error) {
	to, err := url.Parse(store)
	if err != nil {
		return nil, err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &collector{url: "http://" + l.Addr().String()}
	mux := http.NewServeMux()
	mux.Handle("POST /v1/metrics", &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.URL.Path = "/opentelemetry/v1/metrics"
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	})
	mux.HandleFunc("POST /v1/traces", c.swallow)
	mux.HandleFunc("POST /v1/logs", c.swallow)
	c.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = c.server.Serve(l) }() // it always ends with ErrServerClosed
	return c, nil
}

// swallow takes spans or log records.
func (c *collector) swallow(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxTelemetry)); err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
		return
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
	if m := c.mood.Load(); m != nil {
		m.answer(w, r)
	}
}

func (c *collector) stop() error { return c.server.Close() }
