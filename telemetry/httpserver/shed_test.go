package httpserver_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/httpserver"
	"github.com/tracehaul/tracehaul/telemetry/internal/span"
)

func TestMiddleware_Shed_IsMeasuredAndNamedButHasNoSpan(t *testing.T) {
	shed := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Pattern = "/v1/events"
		w.Header().Set("X-State", trace.SpanContextFromContext(r.Context()).TraceState().String())
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	b := setup(t, httpserver.Config{Shed: func(r *http.Request) http.Handler {
		if r.Header.Get("User-Agent") == "" {
			return nil
		}
		return shed
	}}, mux())
	for name, parent := range map[string]string{"none": "", "sampled": traceparent} {
		r := request(map[string]string{"Traceparent": parent, "Tracestate": "vendor=value"})
		w := b.serve(r)
		if state := w.Header().Get("X-State"); parent != "" && state != "vendor=value" {
			t.Errorf("tracestate is %q, want the request's", state)
		}
		response := w.Header().Get("Traceresponse")
		if w.Code != http.StatusServiceUnavailable || len(response) != 55 || !strings.HasSuffix(response, "-00") {
			t.Errorf("%s: status %d, traceresponse %q", name, w.Code, response)
		}
		if parent != "" && response[:35] != parent[:35] {
			t.Errorf("traceresponse %q is not of the trace %q", response, parent)
		}
	}
	if n := len(b.spans.Ended()); n != 0 {
		t.Errorf("%d spans", n)
	}
	points := b.points(t)
	if len(points) != 1 || points[0].Count != 2 {
		t.Fatalf("points = %+v", points)
	}
	attrs := mapOf(points[0].Attributes.ToSlice())
	if attrs["http.response.status_code"] != int64(503) || attrs["http.route"] != "/v1/events" || attrs["error.type"] != "503" {
		t.Errorf("attributes = %v", attrs)
	}
	r := request(nil)
	r.Header.Del("User-Agent")
	if w := b.serve(r); w.Code != http.StatusAccepted || len(b.spans.Ended()) != 1 {
		t.Errorf("what is not shed: status %d, %d spans", w.Code, len(b.spans.Ended()))
	}
}

// given is a generator of ids that gives always the same.
type given struct{}

func (given) NewIDs(context.Context) (trace.TraceID, trace.SpanID) {
	return trace.TraceID{0xaa}, trace.SpanID{0xbb}
}
func (given) NewSpanID(context.Context, trace.TraceID) trace.SpanID { return trace.SpanID{0xcc} }

func TestMiddleware_Shed_IDsOfTheGenerator(t *testing.T) {
	provider := span.New(span.Config{Sampler: sdktrace.AlwaysSample(), Limits: sdktrace.NewSpanLimits(), IDs: given{}})
	m := httpserver.Middleware(httpserver.Config{TracerProvider: provider, Shed: func(*http.Request) http.Handler { return answer(http.StatusServiceUnavailable) }})(mux())
	for parent, want := range map[string]string{
		"":          "00-aa000000000000000000000000000000-bb00000000000000-00",
		traceparent: traceparent[:35] + "-cc00000000000000-00",
	} {
		w := httptest.NewRecorder()
		m.ServeHTTP(w, request(map[string]string{"Traceparent": parent}))
		if got := w.Header().Get("Traceresponse"); got != want {
			t.Errorf("traceresponse below %q is %s, want %s", parent, got, want)
		}
	}
}
