package web_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/internal/web"
)

const id = "0af7651916cd43dd8448eb211c80319c"

// source is a fixed content for the page: one trace.
type source struct {
	spans   []trace.Span
	rows    []trace.Row
	rowsErr error
	sendErr error
}

func (s source) Latest(int) []*trace.Trace { return []*trace.Trace{trace.New(id, s.spans)} }

func (s source) Trace(wanted string) (*trace.Trace, []trace.Span, error) {
	if wanted != id {
		return nil, nil, web.ErrNotFound
	}
	return trace.New(id, s.spans), nil, nil
}

func (s source) Rows(context.Context, string) ([]trace.Row, error) { return s.rows, s.rowsErr }
func (s source) AccessLog(string) []string                         { return []string{`http 2026-11-24T03:00:00Z app/dev`} }
func (s source) Send(context.Context) (string, error)              { return id, s.sendErr }

func path() []trace.Span {
	at := func(ms int) time.Time {
		return time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC).Add(time.Duration(ms) * time.Millisecond)
	}
	return []trace.Span{
		{TraceID: id, SpanID: "a", Name: "POST /v1/events", Kind: "SERVER", Service: "api", Start: at(0), End: at(12), Attributes: map[string]any{"http.request.method": "POST", "http.response.status_code": int64(202), "tracehaul.amzn_trace_id": "Root=1-0af76519-16cd43dd8448eb211c80319c"}},
		{TraceID: id, SpanID: "b", ParentSpanID: "a", Name: "send orders", Kind: "PRODUCER", Service: "api", Start: at(1), End: at(10), Attributes: map[string]any{"messaging.message.id": "m-1"}},
		{TraceID: id, SpanID: "c", ParentSpanID: "b", Name: "wait q", Kind: "INTERNAL", Service: "consumer", Start: at(10), End: at(40), Attributes: map[string]any{"messaging.destination.name": "q"}},
		{TraceID: id, SpanID: "d", ParentSpanID: "b", Name: "process q", Kind: "CONSUMER", Service: "consumer", Start: at(40), End: at(50), Attributes: map[string]any{"tracehaul.message.receive_count": int64(2)}},
		{TraceID: id, SpanID: "e", ParentSpanID: "d", Name: "INSERT events", Kind: "CLIENT", Service: "consumer", Start: at(42), End: at(48), Attributes: map[string]any{"db.system.name": "postgresql"}, Status: "ERROR"},
	}
}

func get(t *testing.T, src web.Source, method, url string, change ...func(*http.Request)) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(method, url, http.NoBody)
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	web.New(src, slog.New(slog.DiscardHandler)).ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), string(body)
}

func TestPage_Files_ServedWithoutAnythingFromElsewhere(t *testing.T) {
	for _, file := range []string{"/", "/app.js", "/style.css", "/icon.svg"} {
		response, body := get(t, source{}, "GET", "http://127.0.0.1:1"+file)
		if response.StatusCode != http.StatusOK {
			t.Errorf("GET %s: status %d, want 200", file, response.StatusCode)
		}
		for line := range strings.Lines(body) {
			if strings.Contains(line, "://") && !strings.Contains(line, "http://www.w3.org/2000/svg") {
				t.Errorf("%s names another place: %s", file, line)
			}
		}
		if csp := response.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'self'") {
			t.Errorf("GET %s: Content-Security-Policy %q", file, csp)
		}
	}
}

func TestTrace_Hops_TellWhatEachKnew(t *testing.T) {
	src := source{spans: path(), rows: []trace.Row{{{Name: "id", Value: "1"}, {Name: "written_at", Value: "03:00"}}}}
	_, body := get(t, src, "GET", "http://localhost/api/traces/"+id)
	var d struct {
		Complete bool
		Hops     []struct {
			Name         string
			Seen, Failed bool
			Facts        []struct{ Label, Value string }
		}
		Spans []struct {
			Depth int
			Name  string
		}
	}
	if err := json.Unmarshal([]byte(body), &d); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	got := map[string]string{}
	var order []string
	for _, h := range d.Hops {
		order = append(order, h.Name)
		if !h.Seen {
			t.Errorf("hop %s not seen", h.Name)
		}
		if h.Failed != (h.Name == "Aurora") {
			t.Errorf("hop %s failed=%t", h.Name, h.Failed)
		}
		for _, f := range h.Facts {
			got[h.Name+" "+f.Label] = f.Value
		}
	}
	if diff := cmp.Diff([]string{"ALB", "Service", "SNS", "SQS", "Consumer", "Aurora"}, order); diff != "" {
		t.Errorf("hops (-want +got):\n%s", diff)
	}
	for key, want := range map[string]string{
		"ALB X-Amzn-Trace-Id": "Root=1-0af76519-16cd43dd8448eb211c80319c", "Service status": "202", "SNS message id": "m-1",
		"SQS took": "30.00ms", "Consumer receive count": "2", "Aurora written at": "03:00",
	} {
		if got[key] != want {
			t.Errorf("%s = %q, want %q", key, got[key], want)
		}
	}
	if !d.Complete || len(d.Spans) != 5 || d.Spans[4].Depth != 3 {
		t.Errorf("complete %t, spans %+v", d.Complete, d.Spans)
	}
}

// hopView is a card of the page.
type hopView struct {
	Name, Unseen string
	Seen, Failed bool
	Facts        []struct{ Label, Value string }
}

func (h hopView) fact(label string) string {
	for _, f := range h.Facts {
		if f.Label == label {
			return f.Value
		}
	}
	return ""
}

// cards are the page's first two.
func cards(t *testing.T, spans []trace.Span) (balancer, service hopView) {
	t.Helper()
	_, body := get(t, source{spans: spans}, "GET", "http://localhost/api/traces/"+id)
	var d struct{ Hops []hopView }
	if err := json.Unmarshal([]byte(body), &d); err != nil || len(d.Hops) < 2 {
		t.Fatalf("%v in %s", err, body)
	}
	return d.Hops[0], d.Hops[1]
}

// balancerSpan is the load balancer's, around those of path.
func balancerSpan(status int64, reached bool) trace.Span {
	s := trace.Span{
		TraceID: id, SpanID: "0", Name: "POST", Kind: "SERVER", Service: "orders-load-balancer",
		Attributes: map[string]any{"http.request.method": "POST", "http.response.status_code": status, "tracehaul.alb.id": "app/dev", "tracehaul.alb.target.reached": reached},
	}
	s.Start = path()[0].Start.Add(-time.Millisecond)
	s.End = s.Start.Add(20 * time.Millisecond)
	return s
}

// The load balancer's span is a server's as well: each card has its own.
func TestTrace_LoadBalancersSpan_IsNotTheServices(t *testing.T) {
	spans := path()
	spans[0].ParentSpanID = "0"
	balancer, service := cards(t, append(spans, balancerSpan(202, true)))
	if took, n := balancer.fact("took"), balancer.fact("spans"); !balancer.Seen || took != "20.00ms" || n != "" {
		t.Errorf("the load balancer's card says took %q, spans %q; want 20.00ms of its one span", took, n)
	}
	if took, n := service.fact("took"), service.fact("spans"); !service.Seen || took != "12.00ms" || n != "" {
		t.Errorf("the service's card says took %q, spans %q; want 12.00ms of its one span", took, n)
	}
}

func TestTrace_NoServiceSawIt_ServiceSaysWhy(t *testing.T) {
	for name, test := range map[string]struct {
		span trace.Span
		want string
	}{
		"Refused":   {balancerSpan(405, false), "no target answered"},
		"Elsewhere": {balancerSpan(202, true), "still to come, or in the client's own trace"},
	} {
		t.Run(name, func(t *testing.T) {
			balancer, service := cards(t, []trace.Span{test.span})
			if service.Seen || len(service.Facts) > 0 || service.Unseen != test.want {
				t.Errorf("the service's card is %+v, want it unseen: %s", service, test.want)
			}
			if !balancer.Seen || balancer.fact("status") == "" {
				t.Errorf("the load balancer's card is %+v, want its span's facts", balancer)
			}
		})
	}
}

func TestTrace_DatabaseAway_SpansStillShown(t *testing.T) {
	response, body := get(t, source{spans: path(), rowsErr: errors.New("password=hunter2 refused")}, "GET", "http://localhost/api/traces/"+id)
	if response.StatusCode != http.StatusOK || !strings.Contains(body, "rows_problem") || !strings.Contains(body, "INSERT events") {
		t.Errorf("status %d, body %s", response.StatusCode, body)
	}
	if strings.Contains(body, "hunter2") {
		t.Error("the database's error text reached the page")
	}
}

func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		method, url string
		change      func(*http.Request)
		src         source
		want        int
	}{
		"trace that is not kept":     {"GET", "http://localhost/api/traces/ff", nil, source{}, http.StatusNotFound},
		"name bound to loopback":     {"GET", "http://evil.example/api/traces", nil, source{}, http.StatusMisdirectedRequest},
		"another site's page":        {"POST", "http://localhost/api/events", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, source{}, http.StatusForbidden},
		"pipeline refuses the event": {"POST", "http://localhost/api/events", nil, source{sendErr: errors.New("refused")}, http.StatusBadGateway},
		"own page sends":             {"POST", "http://[::1]:9/api/events", nil, source{}, http.StatusAccepted},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.change == nil {
				tt.change = func(*http.Request) {}
			}
			response, body := get(t, tt.src, tt.method, tt.url, tt.change)
			if response.StatusCode != tt.want {
				t.Errorf("status %d, want %d: %s", response.StatusCode, tt.want, body)
			}
		})
	}
}

func TestList_EmptyAndNot(t *testing.T) {
	_, body := get(t, source{spans: path()}, "GET", "http://localhost/api/traces")
	for _, want := range []string{`"span_count":5`, `"error_count":1`, `"duration_us":50000`, `"services":["api","consumer"]`} {
		if !strings.Contains(body, want) {
			t.Errorf("list lacks %s: %s", want, body)
		}
	}
}

// A client's own span is the parent of a request and nothing is missing; any
// other parent that is not there is a gap.
func TestList_ParentNotSeen_GapUnlessItIsTheClients(t *testing.T) {
	for kind, want := range map[string]string{"SERVER": `"complete":true`, "CONSUMER": `"complete":false`} {
		orphan := trace.Span{TraceID: id, SpanID: "a", ParentSpanID: "elsewhere", Kind: kind}
		if _, body := get(t, source{spans: []trace.Span{orphan}}, "GET", "http://localhost/api/traces"); !strings.Contains(body, want) {
			t.Errorf("%s: want %s in %s", kind, want, body)
		}
	}
}
