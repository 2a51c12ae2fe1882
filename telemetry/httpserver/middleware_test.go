package httpserver_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
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

// A client may put fields of its own into the trace header, in front of the
// load balancer's, too.
func TestMiddleware_TraceHeader_OnlyKnownFieldsAreTold(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ header, want string }{
		"OwnFields":   {albRoot + ";Authorization=secret;Sampled=1", albRoot + ";Sampled=1"},
		"RootBehind":  {"x=" + strings.Repeat("y", 2<<10) + ";" + albRoot, albRoot},
		"Garbage":     {"Authorization=secret", ""},
		"TooLong":     {albRoot + ";x=" + strings.Repeat("y", 7<<10), ""},
		"Traceparent": {albRoot, albRoot},
	} {
		b := setup(t, httpserver.Config{}, http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("X-Amzn-Trace-Id", tt.header)
		if name == "Traceparent" {
			r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		}
		b.serve(r)
		got, told := "", false
		for _, a := range b.span(t).Attributes() {
			if a.Key == "tracehaul.amzn_trace_id" {
				got, told = a.Value.AsString(), true
			}
		}
		if got != tt.want || told != (tt.want != "") {
			t.Errorf("%s: the span tells %q of the header, want %q", name, got, tt.want)
		}
	}
}

// What docs/security.md says of a client's baggage.
func TestMiddleware_Baggage_FirstMembersOrNothing(t *testing.T) {
	t.Parallel()
	members := make([]string, 65)
	for i := range members {
		members[i] = fmt.Sprintf("k%d=v", i)
	}
	for name, tt := range map[string]struct {
		header string
		config httpserver.Config
		want   int
	}{
		"Default":           {"customer=jane%40example.com", httpserver.Config{}, 1},
		"65Members":         {strings.Join(members, ","), httpserver.Config{}, 64},
		"MoreThan8192":      {"a=b,k=" + strings.Repeat("v", 8192), httpserver.Config{}, 0},
		"TraceContextAlone": {"customer=jane", httpserver.Config{Propagator: propagation.TraceContext{}}, 0},
	} {
		got := -1
		b := setup(t, tt.config, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = baggage.FromContext(r.Context()).Len() }))
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("Baggage", tt.header)
		b.serve(r)
		if got != tt.want {
			t.Errorf("%s: the handler has %d members, want %d", name, got, tt.want)
		}
	}
}
