package albspan_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/internal/localcloud/alb"
	"github.com/tracehaul/tracehaul/telemetry/albspan"
	"github.com/tracehaul/tracehaul/telemetry/httpserver"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

const (
	clientRoot  = "Root=1-67891233-abcdef012345678912345678"
	clientTrace = "67891233abcdef012345678912345678"
	clientSpan  = "00f067aa0ba902b7"
	w3cTrace    = "4bf92f3577b34da6a3ce929d0e0e4736"
)

// sides are the service behind a load balancer, and what makes spans of that
// one's log.
type sides struct {
	t        *testing.T
	front    *httptest.Server
	balancer *alb.Balancer
	service  *tracetest.InMemoryExporter

	recorder *albspan.Recorder
	recorded *tracetest.InMemoryExporter
}

func newSides(t *testing.T, sampler sdktrace.Sampler) sides {
	t.Helper()
	s := sides{t: t}
	p, service := provider(t, sampler)
	middleware := httpserver.Middleware(httpserver.Config{
		TracerProvider: p, TrustedProxies: 1,
		Propagator: propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}, xray.Propagator{ALBParent: true}),
	})
	target := httptest.NewServer(middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })))
	t.Cleanup(target.Close)
	balancer, err := alb.New(alb.Config{Targets: []string{target.URL}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(balancer.Close)
	s.front = httptest.NewServer(balancer)
	t.Cleanup(s.front.Close)
	q, recorded := provider(t, sampler)
	s.balancer, s.service, s.recorder, s.recorded = balancer, service, albspan.NewRecorder(q), recorded
	return s
}

// request sends one, and returns the spans that both sides made of it.
func (s sides) request(headers map[string]string) (service, alb tracetest.SpanStubs) {
	s.t.Helper()
	s.service.Reset()
	s.recorded.Reset()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.front.URL+"/v1/events?token=hunter2", http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	response, err := s.front.Client().Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = response.Body.Close()
	log := s.balancer.AccessLog()
	s.recorder.Record(parse(s.t, log[len(log)-1].Line))
	return s.service.GetSpans(), s.recorded.GetSpans()
}

func TestRecorder_ServiceBehindIt_HangsFromTheALBsSpan(t *testing.T) {
	s := newSides(t, sdktrace.ParentBased(sdktrace.TraceIDRatioBased(.5)))
	for name, test := range map[string]struct {
		header        string
		parent        string // of the load balancer's span
		always, never bool   // sampled
		some          bool   // of new traces about half are
	}{
		"NoHeader":             {some: true},
		"RootOfTheClient":      {header: clientRoot},
		"ParentUndecided":      {header: clientRoot + ";Parent=" + clientSpan, parent: clientSpan},
		"ParentToDecide":       {header: clientRoot + ";Parent=" + clientSpan + ";Sampled=?", parent: clientSpan},
		"ParentSampled":        {header: clientRoot + ";Parent=" + clientSpan + ";Sampled=1", parent: clientSpan, always: true},
		"ParentNotSampled":     {header: clientRoot + ";Parent=" + clientSpan + ";Sampled=0", parent: clientSpan, never: true},
		"SampledWithoutParent": {header: clientRoot + ";Sampled=1", always: true},
		"NotSampledNoParent":   {header: clientRoot + ";Sampled=0", never: true},
		"SelfOfAnotherBefore":  {header: "Self=1-67891233-000000000000000000000001;" + clientRoot},
		"NoRoot":               {header: "CalledFrom=app", some: true},
		"SampledAlone":         {header: "Sampled=1", always: true},
		"NotSampledAlone":      {header: "Sampled=0", never: true},
		"ParentAlone":          {header: "Parent=" + clientSpan},
		"ParentAloneSampled":   {header: "Parent=" + clientSpan + ";Sampled=1", always: true},
		"ParentAloneNot":       {header: "Parent=" + clientSpan + ";Sampled=0", never: true},
		"FaultyRoot":           {header: "Root=1-zzz;Parent=" + clientSpan + ";Sampled=1", some: true},
		"ZeroRoot":             {header: "Root=1-00000000-000000000000000000000000;Sampled=1", some: true},
		"OddlySpeltRoot":       {header: "root=" + clientRoot[len("Root="):], some: true},
	} {
		t.Run(name, func(t *testing.T) {
			sampled := 0
			const requests = 40
			for range requests {
				headers := map[string]string{}
				if test.header != "" {
					headers[xray.HeaderName] = test.header
				}
				service, alb := s.request(headers)
				if len(service) != len(alb) {
					t.Fatalf("%d spans of the service and %d of the load balancer: they do not agree on sampling", len(service), len(alb))
				}
				if len(service) == 0 {
					continue
				}
				sampled++
				below(t, service[0], alb[0])
				if got := alb[0].Parent.SpanID(); got.IsValid() != (test.parent != "") || got.IsValid() && got.String() != test.parent {
					t.Fatalf("the load balancer's span has the parent %v, want %q", got, test.parent)
				}
			}
			if test.always && sampled != requests || test.never && sampled != 0 {
				t.Errorf("%d of %d requests are sampled", sampled, requests)
			}
			if test.some && (sampled == 0 || sampled == requests) {
				t.Errorf("%d of %d new traces are sampled: the test says nothing", sampled, requests)
			}
		})
	}
}

// below fails unless the service's span hangs from the load balancer's.
func below(t *testing.T, service, alb tracetest.SpanStub) {
	t.Helper()
	if service.SpanContext.TraceID() != alb.SpanContext.TraceID() || service.Parent.SpanID() != alb.SpanContext.SpanID() {
		t.Fatalf("the service's span is in trace %v with parent %v, the load balancer's is %v-%v",
			service.SpanContext.TraceID(), service.Parent.SpanID(), alb.SpanContext.TraceID(), alb.SpanContext.SpanID())
	}
	if len(service.Links) != 0 {
		t.Fatalf("the service's span has links to %v, and the load balancer's is its parent", service.Links)
	}
	if service.SpanKind != trace.SpanKindServer || alb.SpanKind != trace.SpanKindServer {
		t.Fatalf("kinds %v and %v, want two servers", service.SpanKind, alb.SpanKind)
	}
	const slack = 2 // milliseconds: what the log rounds
	if early := alb.StartTime.Sub(service.StartTime).Milliseconds(); early > slack {
		t.Fatalf("the service's span begins %d ms before the load balancer's", early)
	}
}

// A client's traceparent wins at the service, and the log does not have it: two
// traces, which the header in both joins.
func TestRecorder_ClientsTraceparent_ServiceIsInAnotherTrace(t *testing.T) {
	s := newSides(t, sdktrace.ParentBased(sdktrace.AlwaysSample()))
	for _, header := range []string{"", clientRoot} {
		headers := map[string]string{"traceparent": "00-" + w3cTrace + "-" + clientSpan + "-01"}
		if header != "" {
			headers[xray.HeaderName] = header
		}
		service, alb := s.request(headers)
		if len(service) != 1 || len(alb) != 1 {
			t.Fatalf("%d spans of the service, %d of the load balancer, want one each", len(service), len(alb))
		}
		if got := service[0].SpanContext.TraceID().String(); got != w3cTrace || service[0].Parent.SpanID().String() != clientSpan {
			t.Errorf("the service is in trace %s, want the client's", got)
		}
		if got := alb[0].SpanContext.TraceID().String(); got == w3cTrace || header != "" && got != clientTrace {
			t.Errorf("the load balancer is in trace %s, want that of Root", got)
		}
		if links := service[0].Links; len(links) != 1 || links[0].SpanContext.TraceID() != alb[0].SpanContext.TraceID() || links[0].SpanContext.SpanID() != alb[0].SpanContext.SpanID() {
			t.Errorf("the service's span has the links %v, want one to the load balancer's", links)
		}
		if a, b := amznTraceID(service[0]), amznTraceID(alb[0]); a == "" || a != b {
			t.Errorf("the headers are %q and %q, want the same", a, b)
		}
	}
}

func amznTraceID(s tracetest.SpanStub) string {
	for _, a := range s.Attributes {
		if a.Key == "tracehaul.amzn_trace_id" {
			return a.Value.AsString()
		}
	}
	return ""
}

// A request that no target saw has a span all the same, with its reason.
func TestRecorder_NoTarget_ErrorSpan(t *testing.T) {
	balancer, err := alb.New(alb.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer balancer.Close()
	balancer.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://pay.example.com/v1/events", http.NoBody))
	p, spans := provider(t, sdktrace.AlwaysSample())
	if !albspan.NewRecorder(p).Record(parse(t, balancer.AccessLog()[0].Line)) {
		t.Fatal("not recorded")
	}
	got := spans.GetSpans()[0]
	if got.Status.Code.String() != "Error" || got.Name != http.MethodGet || len(got.Events) != 0 {
		t.Errorf("the span is %s %v with %d events, want a GET that failed", got.Name, got.Status, len(got.Events))
	}
}
