package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/localcloud/otlp"
	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

const (
	albRoot  = "1-67891233-abcdef012345678912345678"
	albTrace = "67891233abcdef012345678912345678"
)

// spansOf runs the program with more variables, sends one event as a load
// balancer would, stops the program and returns the event's spans by kind.
func spansOf(t *testing.T, env ...string) map[string]trace.Span {
	t.Helper()
	collector, err := otlp.New(otlp.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(collector)
	defer server.Close()
	_, endpoint := cloud(t, nil)
	r := start(t, endpoint, append([]string{
		"OTEL_TRACES_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_ENDPOINT=" + server.URL, "OTEL_BSP_SCHEDULE_DELAY=60000",
	}, env...)...)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+"/v1/events", strings.NewReader(
		`{"specversion":"1.0","id":"order-1","source":"/web","type":"com.example.order.placed"}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/cloudevents+json")
	req.Header.Set(xray.HeaderName, "Root="+albRoot)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if err := r.Stop(t.Context(), patience); err != nil {
		t.Fatal(err)
	}
	spans, err := collector.Wait(t.Context(), albTrace, func(s []trace.Span) bool { return len(s) == 2 })
	if err != nil {
		t.Fatalf("spans %+v: %v", spans, err)
	}
	byKind := map[string]trace.Span{}
	for _, s := range spans {
		byKind[s.Kind] = s
	}
	return byKind
}

// Spans still wait for their batch when SIGTERM comes: they are sent at the
// end.
func TestProgram_Stopped_LastSpansAreSent(t *testing.T) {
	spans := spansOf(t)
	server, send := spans["SERVER"], spans["PRODUCER"]
	if server.Name != "POST /v1/events" || server.ParentSpanID != "" || server.Service != "dev-shop-ingest" {
		t.Errorf("server span %+v", server)
	}
	if send.Name != "send dev-shop-orders" || send.ParentSpanID != server.SpanID {
		t.Errorf("send span %+v, want a child of %s", send, server.SpanID)
	}
}

func TestProgram_ALBSpans_ParentIsTheLoadBalancersSpan(t *testing.T) {
	root, _ := xray.TraceIDFromRoot(albRoot)
	if got, want := spansOf(t, "ALB_SPANS=true")["SERVER"].ParentSpanID, xray.ALBSpanID(root).String(); got != want {
		t.Errorf("parent = %s, want %s", got, want)
	}
}

// Whatever the collector does, events land and the program ends in time.
func TestProgram_CollectorIsNoUse_EventsLandAndItStops(t *testing.T) {
	hole := make(chan struct{})
	hung := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hole:
		case <-r.Context().Done():
		}
	}))
	defer hung.Close()
	defer close(hole)
	for name, env := range map[string][]string{
		"hung":          {"OTEL_EXPORTER_OTLP_ENDPOINT=" + hung.URL},
		"gone":          {"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + nobody},
		"gone, by gRPC": {"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + nobody, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"},
	} {
		t.Run(name, func(t *testing.T) {
			b, endpoint := cloud(t, nil)
			r := start(t, endpoint, append([]string{
				"OTEL_TRACES_EXPORTER=otlp", "OTEL_METRICS_EXPORTER=otlp", "OTEL_LOGS_EXPORTER=otlp", "OTEL_BSP_SCHEDULE_DELAY=10",
			}, env...)...)
			for range 50 {
				began := time.Now()
				status, err := r.post("1")
				if took := time.Since(began); status != http.StatusAccepted || took > 5*time.Second {
					t.Fatalf("status = %d, %v, after %v", status, err, took)
				}
			}
			began := time.Now()
			if err := r.Stop(t.Context(), patience); err != nil {
				t.Errorf("the program ended with %v", err)
			}
			if took := time.Since(began); took > telemetryTimeout+10*time.Second {
				t.Errorf("stopping took %v", took)
			}
			if messages, err := b.Messages("orders", 100); err != nil || len(messages) != 50 {
				t.Errorf("%d messages in the queue, %v, want 50", len(messages), err)
			}
		})
	}
}
