package httpserver_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"github.com/tracehaul/tracehaul/telemetry/httpserver"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is a traced handler and what it has told.
type bundle struct {
	handler http.Handler
	spans   *tracetest.SpanRecorder
	reader  *sdkmetric.ManualReader
}

func setup(t *testing.T, c httpserver.Config, next http.Handler) *bundle {
	t.Helper()
	b := &bundle{spans: tracetest.NewSpanRecorder(), reader: sdkmetric.NewManualReader()}
	c.TracerProvider = sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(b.spans))
	c.MeterProvider = sdkmetric.NewMeterProvider(sdkmetric.WithReader(b.reader))
	b.handler = httpserver.Middleware(c)(next)
	return b
}

func (b *bundle) serve(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	return w
}

func (b *bundle) span(t *testing.T) sdktrace.ReadOnlySpan {
	t.Helper()
	ended := b.spans.Ended()
	if len(ended) != 1 {
		t.Fatalf("%d spans ended, want 1", len(ended))
	}
	return ended[0]
}

func (b *bundle) points(t *testing.T) []metricdata.HistogramDataPoint[float64] {
	t.Helper()
	var rm metricdata.ResourceMetrics
	if err := b.reader.Collect(t.Context(), &rm); err != nil {
		t.Fatal(err)
	}
	for _, sm := range rm.ScopeMetrics {
		for _, m := range sm.Metrics {
			if m.Name == "http.server.request.duration" {
				return m.Data.(metricdata.Histogram[float64]).DataPoints
			}
		}
	}
	return nil
}

func mapOf(attributes []attribute.KeyValue) map[string]any {
	m := make(map[string]any, len(attributes))
	for _, kv := range attributes {
		m[string(kv.Key)] = kv.Value.AsInterface()
	}
	return m
}

// answer is a mux with one route that answers with a status.
func answer(status int) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET shop.example.com/orders/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	mux.HandleFunc("POST /v1/events", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	return mux
}

func TestMiddleware_Request_NameAndAttributesByConvention(t *testing.T) {
	cases := map[string]struct {
		config httpserver.Config
		method string
		target string
		edit   func(*http.Request)
		status int
		name   string
		code   codes.Code
		want   map[string]any // of the span
	}{
		"Accepted": {
			method: "POST", target: "http://pay.example.com/v1/events?key=secret", status: 202,
			edit: func(r *http.Request) { r.Header.Set("User-Agent", "shop/1.4") },
			name: "POST /v1/events",
			want: map[string]any{
				"http.request.method": "POST", "url.path": "/v1/events", "url.scheme": "http", "http.route": "/v1/events",
				"http.response.status_code": int64(202), "server.address": "pay.example.com", "client.address": "192.0.2.1",
				"user_agent.original": "shop/1.4", "network.protocol.version": "1.1",
			},
		},
		"PatternWithHostAndWildcard": {
			method: "GET", target: "http://shop.example.com/orders/a%2Fb", status: 200,
			name: "GET /orders/{id}",
			want: map[string]any{
				"http.request.method": "GET", "url.path": "/orders/a%2Fb", "url.scheme": "http", "http.route": "/orders/{id}",
				"http.response.status_code": int64(200), "server.address": "shop.example.com", "client.address": "192.0.2.1",
				"network.protocol.version": "1.1",
			},
		},
		"ServerError": {
			method: "POST", target: "http://pay.example.com:8080/v1/events", status: 503,
			name: "POST /v1/events", code: codes.Error,
			want: map[string]any{
				"http.request.method": "POST", "url.path": "/v1/events", "url.scheme": "http", "http.route": "/v1/events",
				"http.response.status_code": int64(503), "server.address": "pay.example.com", "server.port": int64(8080),
				"client.address": "192.0.2.1", "network.protocol.version": "1.1", "error.type": "503",
			},
		},
		"ClientError_NoRoute": {
			method: "GET", target: "http://[2001:db8::1]:8080/nowhere", status: 404,
			name: "GET",
			want: map[string]any{
				"http.request.method": "GET", "url.path": "/nowhere", "url.scheme": "http", "http.response.status_code": int64(404),
				"server.address": "2001:db8::1", "server.port": int64(8080), "client.address": "192.0.2.1",
				"network.protocol.version": "1.1",
			},
		},
		"UnknownMethod": {
			method: "BREW", target: "http://pot.example.com/v1/events", status: 405,
			name: "HTTP",
			want: map[string]any{
				"http.request.method": "_OTHER", "http.request.method_original": "BREW", "url.path": "/v1/events", "url.scheme": "http",
				"http.response.status_code": int64(405), "server.address": "pot.example.com", "client.address": "192.0.2.1",
				"network.protocol.version": "1.1",
			},
		},
		"KnownByConfig": {
			config: httpserver.Config{KnownMethods: []string{"BREW"}, Lean: true},
			method: "BREW", target: "http://pot.example.com/v1/events", status: 405,
			name: "BREW",
			want: map[string]any{
				"http.request.method": "BREW", "url.path": "/v1/events", "url.scheme": "http",
				"http.response.status_code": int64(405), "client.address": "192.0.2.1",
			},
		},
		"BehindALoadBalancer_ForgedAddressIgnored": {
			config: httpserver.Config{TrustedProxies: 1},
			method: "POST", target: "http://pay.example.com:443/v1/events", status: 202,
			edit: func(r *http.Request) {
				r.Header.Set("X-Forwarded-For", "198.51.100.66, 203.0.113.9:53122")
				r.Header.Set("X-Forwarded-Proto", "https")
				r.Header.Set("X-Amzn-Trace-Id", albRoot)
			},
			name: "POST /v1/events",
			want: map[string]any{
				"http.request.method": "POST", "url.path": "/v1/events", "url.scheme": "https", "http.route": "/v1/events",
				"http.response.status_code": int64(202), "server.address": "pay.example.com", "client.address": "203.0.113.9",
				"network.peer.address": "192.0.2.1", "network.protocol.version": "1.1", "tracehaul.amzn_trace_id": albRoot,
			},
		},
		"InvalidText_MadeFit": {
			config: httpserver.Config{Lean: true},
			method: "POST", target: "http://pay.example.com/v1/events", status: 202,
			edit: func(r *http.Request) { r.Header.Set("User-Agent", "caf\xe9 "+strings.Repeat("x", 4096)) },
			name: "POST /v1/events",
			want: map[string]any{
				"http.request.method": "POST", "url.path": "/v1/events", "url.scheme": "http", "http.route": "/v1/events",
				"http.response.status_code": int64(202), "client.address": "192.0.2.1",
				"user_agent.original": "caf\uFFFD " + strings.Repeat("x", 1024-5),
			},
		},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			b := setup(t, tt.config, answer(tt.status))
			r := httptest.NewRequest(tt.method, tt.target, http.NoBody)
			if tt.edit != nil {
				tt.edit(r)
			}
			b.serve(r)

			span := b.span(t)
			if span.Name() != tt.name || span.SpanKind() != trace.SpanKindServer || span.Status().Code != tt.code {
				t.Errorf("span is %q %v %v, want %q server %v", span.Name(), span.SpanKind(), span.Status().Code, tt.name, tt.code)
			}
			if diff := cmp.Diff(tt.want, mapOf(span.Attributes())); diff != "" {
				t.Errorf("attributes of the span (-want +got):\n%s", diff)
			}

			points := b.points(t)
			if len(points) != 1 || points[0].Count != 1 {
				t.Fatalf("points %v, want one of one request", points)
			}
			want := map[string]any{}
			for _, key := range []string{
				"http.request.method", "url.scheme", "http.route", "http.response.status_code", "error.type",
			} {
				if v, ok := tt.want[key]; ok {
					want[key] = v
				}
			}
			want["network.protocol.version"] = "1.1"
			if diff := cmp.Diff(want, mapOf(points[0].Attributes.ToSlice())); diff != "" {
				t.Errorf("attributes of the point (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMiddleware_Context_ParentAndTraceID(t *testing.T) {
	const traceID, parentID = "67891233abcdef012345678912345678", "00f067aa0ba902b7"
	cases := map[string]struct {
		headers         map[string]string
		traceID, parent string // empty: a new one, none
	}{
		"Traceparent":                {map[string]string{"traceparent": traceparent}, traceID, parentID},
		"RootAlone":                  {map[string]string{"X-Amzn-Trace-Id": albRoot}, traceID, ""},
		"TraceparentWinsOverRoot":    {map[string]string{"traceparent": traceparent, "X-Amzn-Trace-Id": "Root=1-00000001-000000000000000000000001"}, traceID, parentID},
		"MalformedTraceparent":       {map[string]string{"traceparent": traceparent[:54]}, "", ""},
		"MalformedThenRoot":          {map[string]string{"traceparent": "00-zz", "X-Amzn-Trace-Id": albRoot}, traceID, ""},
		"TracestateAlone":            {map[string]string{"tracestate": "a=b"}, "", ""},
		"ZeroTraceID":                {map[string]string{"traceparent": "00-00000000000000000000000000000000-00f067aa0ba902b7-01"}, "", ""},
		"Nothing":                    {nil, "", ""},
		"BaggageOfEightKilobytesToo": {map[string]string{"baggage": "k=" + strings.Repeat("v", 8192)}, "", ""},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			b := setup(t, httpserver.Config{}, answer(202))
			r := httptest.NewRequest(http.MethodPost, "/v1/events", http.NoBody)
			for name, value := range tt.headers {
				r.Header.Set(name, value)
			}
			w := b.serve(r)

			span := b.span(t)
			sc := span.SpanContext()
			if got := sc.TraceID().String(); !sc.IsValid() || tt.traceID != "" && got != tt.traceID {
				t.Errorf("trace id is %s, want %s", got, tt.traceID)
			}
			got := ""
			if span.Parent().SpanID().IsValid() {
				got = span.Parent().SpanID().String()
			}
			if got != tt.parent {
				t.Errorf("parent is %q, want %q", got, tt.parent)
			}
			want := "00-" + sc.TraceID().String() + "-" + sc.SpanID().String() + "-01"
			if got := w.Header().Get("traceresponse"); got != want {
				t.Errorf("traceresponse is %q, want %q", got, want)
			}
		})
	}
}

func TestMiddleware_NotSampled_StillNamedInTheAnswer(t *testing.T) {
	spans := tracetest.NewSpanRecorder()
	h := httpserver.Middleware(httpserver.Config{TracerProvider: sdktrace.NewTracerProvider(
		sdktrace.WithSampler(sdktrace.NeverSample()), sdktrace.WithSpanProcessor(spans))})(answer(202))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/events", http.NoBody))
	if len(spans.Ended()) != 0 {
		t.Error("a span was recorded, want none")
	}
	if got := w.Header().Get("traceresponse"); len(got) != 55 || !strings.HasSuffix(got, "-00") {
		t.Errorf("traceresponse is %q, want one that is not sampled", got)
	}
}

func TestMiddleware_NoProvider_AnswersUntouched(t *testing.T) {
	h := httpserver.Middleware(httpserver.Config{})(answer(202))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/events", http.NoBody))
	if w.Code != 202 || w.Header().Get("traceresponse") != "" {
		t.Errorf("answer is %d %q, want 202 and no traceresponse", w.Code, w.Header().Get("traceresponse"))
	}
}

func TestMiddleware_Filter_LeavesRequestAlone(t *testing.T) {
	b := setup(t, httpserver.Config{Filter: httpserver.ExceptPaths("/healthz", "/readyz")}, http.HandlerFunc(
		func(w http.ResponseWriter, r *http.Request) {
			if trace.SpanContextFromContext(r.Context()).IsValid() {
				t.Error("there is a span, want none")
			}
			_, _ = w.Write(nil)
		}))
	w := b.serve(httptest.NewRequest(http.MethodGet, "/healthz", http.NoBody))
	if len(b.spans.Ended()) != 0 || len(b.points(t)) != 0 || w.Header().Get("traceresponse") != "" {
		t.Error("a filtered request left a span, a point or a header")
	}
}

type samplerByPath struct {
	sdktrace.Sampler
	seen map[string]any
}

func (s *samplerByPath) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	s.seen = mapOf(p.Attributes)
	return s.Sampler.ShouldSample(p)
}

func TestMiddleware_SamplerAttributes_ReachTheSampler(t *testing.T) {
	sampler := &samplerByPath{Sampler: sdktrace.AlwaysSample()}
	h := httpserver.Middleware(httpserver.Config{
		SamplerAttributes: true, TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler)),
	})(answer(202))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/v1/events", http.NoBody))
	want := map[string]any{"http.request.method": "POST", "url.path": "/v1/events", "url.scheme": "http"}
	if diff := cmp.Diff(want, sampler.seen); diff != "" {
		t.Errorf("attributes at the start (-want +got):\n%s", diff)
	}
}

// outOfRange is what an index out of range panics with.
func outOfRange(i int) (value any) {
	defer func() { value = recover() }()
	return []int{}[i]
}

func TestMiddleware_Panic_RecordedAndGoesOn(t *testing.T) {
	cases := map[string]struct {
		value     any
		errorType string
		events    int
	}{
		"Error":   {errors.New("no such order"), "errors.errorString", 1},
		"Runtime": {outOfRange(0), "runtime.boundsError", 1},
		"Long":    {strings.Repeat("\xff", 1<<20), "string", 1},
		"Value":   {struct{ secret string }{"4111 1111"}, "struct { secret string }", 1},
		"Abort":   {http.ErrAbortHandler, "aborted", 0},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			b := setup(t, httpserver.Config{}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(tt.value) }))
			func() {
				defer func() {
					if got := recover(); got != tt.value {
						t.Errorf("panicked with %v, want %v", got, tt.value)
					}
				}()
				b.serve(httptest.NewRequest(http.MethodPost, "/v1/events", http.NoBody))
			}()
			span := b.span(t)
			got := mapOf(span.Attributes())
			if got["error.type"] != tt.errorType || got["http.response.status_code"] != nil || span.Status().Code != codes.Error {
				t.Errorf("span has error.type %v, status code %v, status %v; want %s, none, Error",
					got["error.type"], got["http.response.status_code"], span.Status().Code, tt.errorType)
			}
			if len(span.Events()) != tt.events {
				t.Fatalf("%d events, want %d", len(span.Events()), tt.events)
			}
			for _, event := range span.Events() {
				attributes := mapOf(event.Attributes)
				if s := attributes["exception.message"].(string); strings.Contains(s, "4111") {
					t.Errorf("the exception tells a value of unknown type: %q", s)
				}
				if s := attributes["exception.message"].(string); len(s) > 4<<10 || !utf8.ValidString(s) {
					t.Errorf("the exception's message has %d bytes, or is no text", len(s))
				}
				if s, _ := attributes["exception.stacktrace"].(string); !strings.Contains(s, "panic(") {
					t.Errorf("the stack trace does not lead to the panic: %q", s)
				}
			}
			if points := b.points(t); len(points) != 1 {
				t.Errorf("%d points, want 1", len(points))
			}
		})
	}
}

func TestMiddleware_RealServer_KeepsWhatAResponseWriterCan(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /early", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusTeapot)
	})
	mux.HandleFunc("GET /flush", func(w http.ResponseWriter, _ *http.Request) { w.(http.Flusher).Flush() })
	mux.HandleFunc("GET /copy", func(w http.ResponseWriter, _ *http.Request) {
		if _, err := w.(io.ReaderFrom).ReadFrom(strings.NewReader("copied")); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("GET /string", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "said") })
	mux.HandleFunc("GET /deadline", func(w http.ResponseWriter, _ *http.Request) {
		if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
			t.Error(err)
		}
	})
	mux.HandleFunc("GET /hijack", func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		_ = conn.Close()
	})
	statuses := map[string]any{
		"/early": int64(418), "/flush": int64(200), "/copy": int64(200), "/string": int64(200), "/deadline": int64(200),
		"/hijack": nil,
	}
	for path, want := range statuses {
		t.Run(path[1:], func(t *testing.T) {
			b := setup(t, httpserver.Config{}, mux)
			done := make(chan struct{}) // Close does not wait for a hijacked connection's handler
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				defer close(done)
				b.handler.ServeHTTP(w, r)
			}))
			defer server.Close()
			res, err := server.Client().Get(server.URL + path)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			<-done
			if got := mapOf(b.span(t).Attributes())["http.response.status_code"]; got != want {
				t.Errorf("status code is %v, want %v", got, want)
			}
		})
	}
}

// plain can do nothing but write.
type plain struct{ http.ResponseWriter }

func TestMiddleware_PlainWriter_RefusesWhatItCannot(t *testing.T) {
	b := setup(t, httpserver.Config{}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c := http.NewResponseController(w)
		if err := c.Flush(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("flush: %v, want not supported", err)
		}
		if _, _, err := c.Hijack(); !errors.Is(err, http.ErrNotSupported) {
			t.Errorf("hijack: %v, want not supported", err)
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	b.handler.ServeHTTP(plain{httptest.NewRecorder()}, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	if got := mapOf(b.span(t).Attributes())["http.response.status_code"]; got != int64(202) {
		t.Errorf("status code is %v, want 202: a refused flush sends nothing", got)
	}
}

func TestMiddleware_ManyAtOnce_EachItsOwnSpan(t *testing.T) {
	b := setup(t, httpserver.Config{}, answer(202))
	server := httptest.NewUnstartedServer(b.handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	defer server.Close()
	const workers, each = 8, 25
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			var dialer net.Dialer
			conn, err := dialer.DialContext(context.Background(), "tcp", server.Listener.Addr().String())
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			in := bufio.NewReader(conn)
			for range each {
				_, _ = io.WriteString(conn, "POST /v1/events HTTP/1.1\r\nHost: pay.example.com\r\n\r\n")
				res, err := http.ReadResponse(in, nil)
				if err != nil {
					t.Error(err)
					return
				}
				_ = res.Body.Close()
			}
		})
	}
	wg.Wait()
	server.Close()
	ids := map[trace.SpanID]bool{}
	for _, span := range b.spans.Ended() {
		ids[span.SpanContext().SpanID()] = true
	}
	if len(ids) != workers*each {
		t.Errorf("%d spans, want %d", len(ids), workers*each)
	}
	if points := b.points(t); len(points) != 1 || points[0].Count != workers*each {
		t.Errorf("points %v, want one of %d requests", points, workers*each)
	}
}

// A client may put fields of its own into the trace header.
func TestMiddleware_TraceHeader_OnlyKnownFieldsAreTold(t *testing.T) {
	t.Parallel()
	b := setup(t, httpserver.Config{}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("X-Amzn-Trace-Id", albRoot+";Authorization=secret;Sampled=1")
	b.serve(r)
	got := ""
	for _, a := range b.span(t).Attributes() {
		if a.Key == "tracehaul.amzn_trace_id" {
			got = a.Value.AsString()
		}
	}
	if want := albRoot + ";Sampled=1"; got != want {
		t.Errorf("the span tells %q of the header, want %q", got, want)
	}
}
