package interop_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/alblog"
	"github.com/tracehaul/tracehaul/telemetry/albspan"
	"github.com/tracehaul/tracehaul/telemetry/httpserver"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

type requestVector struct {
	about
	Headers       map[string]string `json:"headers"`
	BalancerSpans bool              `json:"balancer_spans"`
	Want          struct {
		parent
		Link *linked `json:"link"`
	} `json:"want"`
	JavaScript *difference `json:"javascript"`
}

type linked struct {
	TraceID string `json:"trace_id"`
	SpanID  string `json:"span_id"`
}

func TestRequest_EveryVector(t *testing.T) {
	for _, v := range vectorsOf[requestVector](t, "request") {
		t.Run(v.Name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", http.NoBody)
			for name, value := range v.Headers {
				r.Header.Set(name, value)
			}
			propagator := propagation.NewCompositeTextMapPropagator(
				propagation.TraceContext{}, propagation.Baggage{}, xray.Propagator{ALBParent: v.BalancerSpans})
			checkParent(propagator.Extract(context.Background(), propagation.HeaderCarrier(r.Header)), t, "the propagator", v.Want.parent)

			s := served(t, r, propagator)
			if v.Want.TraceID != "" && s.SpanContext.TraceID().String() != v.Want.TraceID {
				t.Errorf("the request's span is in %v, want %s", s.SpanContext.TraceID(), v.Want.TraceID)
			}
			var got *linked
			for _, l := range s.Links {
				got = &linked{l.SpanContext.TraceID().String(), l.SpanContext.SpanID().String()}
			}
			if (got == nil) != (v.Want.Link == nil) || got != nil && *got != *v.Want.Link {
				t.Errorf("the request's span is linked to %v, want %v", got, v.Want.Link)
			}
			if got, want := attributeOf(s, semconv.AmznTraceIDKey), xray.Known(v.Headers[xray.HeaderName]); got != want {
				t.Errorf("%s = %q, want %q", semconv.AmznTraceIDKey, got, want)
			}
		})
	}
}

// served is the span of a request, recorded whatever was decided.
func served(t *testing.T, r *http.Request, propagator propagation.TextMapPropagator) tracetest.SpanStub {
	t.Helper()
	spans := tracetest.NewInMemoryExporter()
	tp := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans), sdktrace.WithSampler(sdktrace.AlwaysSample()))
	handler := httpserver.Middleware(httpserver.Config{TracerProvider: tp, Propagator: propagator})(http.NotFoundHandler())
	handler.ServeHTTP(httptest.NewRecorder(), r)
	all := spans.GetSpans()
	if len(all) != 1 {
		t.Fatalf("%d spans, want 1", len(all))
	}
	return all[0]
}

type balancerVector struct {
	about
	Field string `json:"trace_id_field"`
	Want  struct {
		TraceID      string `json:"trace_id"`
		SpanID       string `json:"span_id"`
		ParentSpanID string `json:"parent_span_id"`
		Sampling     string `json:"sampling"`
	} `json:"want"`
}

// The span that is made of the access log has the id that the service gave as
// its parent, without having met it.
func TestBalancer_EveryVector(t *testing.T) {
	for _, v := range vectorsOf[balancerVector](t, "balancer") {
		t.Run(v.Name, func(t *testing.T) {
			spans := map[string]trace.SpanContext{}
			for name, root := range map[string]sdktrace.Sampler{"always": sdktrace.AlwaysSample(), "never": sdktrace.NeverSample()} {
				exported := tracetest.NewInMemoryExporter()
				tp := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exported), sdktrace.WithIDGenerator(albspan.IDs()),
					sdktrace.WithSampler(xray.Sampler(sdktrace.ParentBased(root))))
				albspan.NewRecorder(tp).Record(&alblog.Entry{TraceID: v.Field})
				for _, s := range exported.GetSpans() {
					spans[name] = s.SpanContext
					parent := ""
					if s.Parent.HasSpanID() {
						parent = s.Parent.SpanID().String()
					}
					if s.SpanContext.TraceID().String() != v.Want.TraceID || s.SpanContext.SpanID().String() != v.Want.SpanID || parent != v.Want.ParentSpanID {
						t.Errorf("the span is %v, %q's in %v, want %+v", s.SpanContext.SpanID(), parent, s.SpanContext.TraceID(), v.Want)
					}
				}
			}
			_, always := spans["always"]
			_, never := spans["never"]
			if want := v.Want.Sampling; always != (want != "not_sampled") || never != (want == "sampled") {
				t.Errorf("recorded by a root sampler that always does %v, and one that never does %v; want it %s", always, never, want)
			}

			propagator := xray.Propagator{ALBParent: true}
			ctx := propagator.Extract(context.Background(), propagation.MapCarrier{xray.HeaderName: v.Field})
			if sc := trace.SpanContextFromContext(ctx); sc.TraceID().String() != v.Want.TraceID || sc.SpanID().String() != v.Want.SpanID {
				t.Errorf("the service hangs from %v in %v, want %s in %s", sc.SpanID(), sc.TraceID(), v.Want.SpanID, v.Want.TraceID)
			}
		})
	}
}
