//go:build unix

package localpipeline_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

func withALBSpans(c *localpipeline.Config) { c.ALBSpans = programs.albspans }

// indented is a tree one level deeper.
func indented(tree string) string {
	return "  " + strings.TrimSuffix(strings.ReplaceAll(tree, "\n", "\n  "), "  ")
}

// The whole tree, as the design draws it.
func TestAccessLog_OneEvent_TreeFromTheLoadBalancer(t *testing.T) {
	for _, header := range []http.Header{nil, {xray.HeaderName: {"Root=1-67891233-abcdef012345678912345678"}}} {
		l := start(t, fast, withALBSpans)
		id := send(t, l, `{"order":"o-1"}`, header)
		tr, _, _ := whole(t, l, id)
		if diff := cmp.Diff("SERVER POST (orders-load-balancer)\n"+indented(wantTree), tree(tr)); diff != "" {
			t.Errorf("tree (-want +got):\n%s", diff)
		}
		top := tr.Roots[0].Span
		for key, want := range map[string]string{
			"http.response.status_code": "202", "url.path": "/v1/events", "tracehaul.alb.target.reached": "true", "tracehaul.amzn_trace_id": l.TraceHeader(id),
		} {
			if got := fmt.Sprint(top.Attributes[key]); got != want {
				t.Errorf("the load balancer's %s is %s, want %s", key, got, want)
			}
		}
		checkTimes(t, tr)
	}
}

// A client's traceparent wins: the load balancer's span is in a trace of its
// own, and the event's trace is whole without it.
func TestAccessLog_Traceparent_LoadBalancerIsApart(t *testing.T) {
	l := start(t, fast, withALBSpans)
	const client = "4bf92f3577b34da6a3ce929d0e0e4736"
	id := send(t, l, `{"order":"o-1"}`, http.Header{"Traceparent": {"00-" + client + "-00f067aa0ba902b7-01"}})
	if id != client {
		t.Fatalf("the trace is %s, want the client's", id)
	}
	tr, _, _ := whole(t, l, id)
	if diff := cmp.Diff(wantTree, tree(tr)); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
	raw, _ := ofKind(tr, "SERVER")[0].Attributes[string(semconv.AmznTraceIDKey)].(string)
	header, err := xray.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the load balancer's span in the trace of Root", func() bool {
		apart := l.Telemetry().Spans(header.Root.String())
		return len(apart) == 1 && apart[0].SpanID == header.ALBSpanID().String()
	})
}

// What no service saw is in no other trace: it is seen all the same.
func TestAccessLog_ServiceIsAway_SpanSaysSo(t *testing.T) {
	l := start(t, fast, withALBSpans)
	if err := l.Service().Stop(wait(t), patience); err != nil {
		t.Fatal(err)
	}
	var failed trace.Span
	eventually(t, "an error span of the load balancer", func() bool {
		response, _ := post(t, l, "application/json", []byte(`{}`), nil)
		if response.StatusCode < 500 {
			return false
		}
		for _, tr := range l.Telemetry().Latest(10) {
			for _, s := range tr.Spans() {
				if s.Status == "ERROR" && s.Service == "orders-load-balancer" {
					failed = s
					return true
				}
			}
		}
		return false
	})
	if reason := failed.Attributes["error.type"]; reason != semconv.ErrorALBBadGateway && reason != semconv.ErrorALBNoTarget {
		t.Errorf("error.type is %v, want %s or %s", reason, semconv.ErrorALBBadGateway, semconv.ErrorALBNoTarget)
	}
	if failed.Attributes["tracehaul.alb.target.reached"] != false {
		t.Errorf("the span says that a target was reached: %+v", failed)
	}
}
