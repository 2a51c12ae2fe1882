//go:build unix

package localpipeline_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/internal/trace"
)

const (
	fast     = "" // the defaults: raw delivery, batches of 10, no window
	envelope = "raw_delivery: false"
)

// tree draws a trace as names, kinds and services, indented.
func tree(tr *trace.Trace) string {
	var b strings.Builder
	tr.Walk(func(n *trace.Node, depth int) {
		fmt.Fprintf(&b, "%s%s %s (%s)\n", strings.Repeat("  ", depth), n.Span.Kind, n.Span.Name, n.Span.Service)
	})
	return b.String()
}

// The span tree of one event, as the design draws it, without the ALB's own.
const wantTree = `SERVER POST /v1/events (orders-intake)
  PRODUCER send test-orders-order (orders-intake)
    INTERNAL wait test-intake-order-ledger (orders-ledger)
    CONSUMER process test-intake-order-ledger (orders-ledger)
      CLIENT INSERT events (orders-ledger)
`

func TestPath_OneEvent_OneTraceFromTheHeaderToTheRow(t *testing.T) {
	for name, consumer := range map[string]string{"raw": fast, "SNS envelope": envelope} {
		t.Run(name, func(t *testing.T) {
			l := start(t, consumer)
			id := send(t, l, `{"order":"o-1"}`, nil)
			tr, linked, row := whole(t, l, id)

			if diff := cmp.Diff(wantTree, tree(tr)); diff != "" {
				t.Errorf("tree (-want +got):\n%s", diff)
			}
			wantHeader := "Root=1-" + id[:8] + "-" + id[8:]
			if header := l.TraceHeader(id); header != wantHeader {
				t.Errorf("X-Amzn-Trace-Id of the balancer %q, want %q", header, wantHeader)
			}
			process := one(t, tr, "CONSUMER")
			sent := one(t, tr, "PRODUCER")
			wantRow := map[string]any{
				"trace_id": id, "span_id": process.SpanID, "alb_root": wantHeader[len("Root="):],
				"source": "/orders/intake", "type": "com.example.orders.received", "receive_count": int32(1),
				"sqs_message_id": process.Attributes["messaging.message.id"],
				"sns_message_id": nil,
			}
			if consumer == envelope {
				wantRow["sns_message_id"] = sent.Attributes["messaging.message.id"]
			}
			got := map[string]any{}
			for column := range wantRow {
				got[column] = row.Get(column)
			}
			if diff := cmp.Diff(wantRow, got); diff != "" {
				t.Errorf("row (-want +got):\n%s", diff)
			}
			for _, column := range []string{"accepted_at", "sent_at", "received_at", "written_at"} {
				if row.Get(column) == nil {
					t.Errorf("the row has no %s", column)
				}
			}
			checkInvocation(t, tr, linked)
			checkTimes(t, tr)
		})
	}
}

// checkInvocation wants links both ways between the message and the
// invocation, which is a trace of its own.
func checkInvocation(t *testing.T, tr *trace.Trace, linked []trace.Span) {
	t.Helper()
	if len(linked) != 1 {
		t.Fatalf("linked spans %+v, want the invocation alone", linked)
	}
	invocation := linked[0]
	if invocation.Kind != "SERVER" || invocation.Name != "test-orders-ledger" || invocation.TraceID == tr.ID || invocation.Attributes["faas.invocation_id"] == nil {
		t.Errorf("invocation %+v", invocation)
	}
	process, sent := one(t, tr, "CONSUMER"), one(t, tr, "PRODUCER")
	if diff := cmp.Diff([]string{invocation.SpanID}, linkIDs(process)); diff != "" {
		t.Errorf("links of the message's span (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{sent.SpanID}, linkIDs(invocation, tr.ID)); diff != "" {
		t.Errorf("links of the invocation to the message's propagated context (-want +got):\n%s", diff)
	}
}

// linkIDs are the spans that s links to in one of the given traces, or in any.
// An invocation has one link more, to what Lambda says of itself in its
// X-Ray header.
func linkIDs(s trace.Span, traces ...string) (ids []string) {
	for _, l := range s.Links {
		if len(traces) == 0 || slices.Contains(traces, l.TraceID) {
			ids = append(ids, l.SpanID)
		}
	}
	return ids
}

// checkTimes wants no child to begin before its parent.
func checkTimes(t *testing.T, tr *trace.Trace) {
	t.Helper()
	starts := map[string]trace.Span{}
	for _, s := range tr.Spans() {
		starts[s.SpanID] = s
	}
	for _, s := range tr.Spans() {
		if parent, ok := starts[s.ParentSpanID]; ok && s.Start.Before(parent.Start) {
			t.Errorf("%s begins %v before its parent %s", s.Name, parent.Start.Sub(s.Start), parent.Name)
		}
		if s.End.Before(s.Start) {
			t.Errorf("%s ends before it begins", s.Name)
		}
	}
}

func TestPath_ClientSentTraceparent_ItsTraceGoesOn(t *testing.T) {
	l := start(t, fast)
	const client, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	id := send(t, l, `{}`, http.Header{"Traceparent": {"00-" + client + "-" + span + "-01"}, "Tracestate": {"vendor=1"}})
	if id != client {
		t.Fatalf("the service answered trace %s, want the client's", id)
	}
	tr, linked, row := whole(t, l, id)
	if diff := cmp.Diff(wantTree, tree(tr)); diff != "" {
		t.Errorf("tree (-want +got):\n%s", diff)
	}
	server := one(t, tr, "SERVER")
	if server.ParentSpanID != span {
		t.Errorf("the service's span hangs from %q, want the client's %s", server.ParentSpanID, span)
	}
	header, _ := server.Attributes["tracehaul.amzn_trace_id"].(string)
	if root, _ := row.Get("alb_root").(string); root == "" || header != "Root="+root || row.Get("trace_id") != client {
		t.Errorf("header attribute %q, row %v: the balancer's Root is to be kept beside the client's trace", header, row)
	}
	checkInvocation(t, tr, linked)
}

// Ten messages of ten traces in one batch: each continues its own.
func TestPath_BatchOfTenTraces_EachWhole(t *testing.T) {
	l := start(t, fast, func(c *localpipeline.Config) { c.HoldConsumers = true })
	ids := make([]string, 10)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() { ids[i] = send(t, l, fmt.Sprintf(`{"order":%d}`, i), nil) })
	}
	wg.Wait()
	if err := l.StartConsumers(); err != nil {
		t.Fatal(err)
	}
	invocations := map[string][]string{}
	for _, id := range ids {
		tr, linked, row := whole(t, l, id)
		if diff := cmp.Diff(wantTree, tree(tr)); diff != "" {
			t.Errorf("tree of %s (-want +got):\n%s", id, diff)
		}
		if row.Get("span_id") != one(t, tr, "CONSUMER").SpanID {
			t.Errorf("the row of %s names another span", id)
		}
		if size := one(t, tr, "CLIENT").Attributes["db.operation.batch.size"]; size != int64(10) {
			t.Errorf("the INSERT of %s was one of %v, want 10", id, size)
		}
		checkTimes(t, tr)
		for _, invocation := range linked {
			invocations[invocation.SpanID] = append(invocations[invocation.SpanID], id)
			if links := linkIDs(invocation, ids...); len(links) != 10 {
				t.Errorf("the invocation links to the messages %v, want all 10", links)
			}
		}
	}
	if len(invocations) != 1 {
		t.Errorf("invocations %v, want one for all", invocations)
	}
}

// The database is away at the first delivery: the message comes back, and its
// trace shows both attempts.
func TestPath_Redelivery_BothAttemptsInTheTrace(t *testing.T) {
	l := start(t, "timeout_seconds: 5, visibility_timeout_seconds: 30", func(c *localpipeline.Config) {
		c.Pipeline.Consumers[0].VisibilityTimeout = backSoon
		c.Pipeline.Consumers[0].MaxReceiveCount = 100
	})
	if err := l.Database().Kill(wait(t)); err != nil {
		t.Fatal(err)
	}
	id := send(t, l, `{"order":"o-1"}`, nil)
	_, err := l.Telemetry().Wait(wait(t), id, func(spans []trace.Span) bool {
		return len(ofKind(trace.New(id, spans), "CONSUMER")) > 0
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Database().Restart(wait(t)); err != nil {
		t.Fatal(err)
	}
	tr, linked, row := whole(t, l, id)
	attempts := ofKind(tr, "CONSUMER")
	if len(attempts) < 2 || len(linked) != len(attempts) {
		t.Fatalf("%d attempts, %d invocations:\n%s", len(attempts), len(linked), tree(tr))
	}
	if first := attempts[0]; first.Status != "ERROR" || first.Attributes["tracehaul.outcome"] != "failed" {
		t.Errorf("first attempt %+v", first)
	}
	last := attempts[len(attempts)-1]
	if last.Attributes["tracehaul.outcome"] != "written" || row.Get("span_id") != last.SpanID {
		t.Errorf("last attempt %+v, row %v", last, row)
	}
	if count := row.Get("receive_count"); count != int32(len(attempts)) {
		t.Errorf("receive_count %v, want %d", count, len(attempts))
	}
	for _, a := range attempts {
		if a.ParentSpanID != one(t, tr, "PRODUCER").SpanID {
			t.Errorf("an attempt hangs from %s", a.ParentSpanID)
		}
	}
}

// The database crashes, and recovers, while events come in: every event that
// was answered with 202 is a row, once.
func TestPath_DatabaseCrashesUnderLoad_NothingLost(t *testing.T) {
	l := start(t, "timeout_seconds: 5", func(c *localpipeline.Config) {
		c.Pipeline.Consumers[0].VisibilityTimeout = time.Second
		c.Pipeline.Consumers[0].MaxReceiveCount = 100
	})
	const events = 400
	for i := range events {
		if i == events/4 || i == events/2 {
			if err := l.Database().Kill(wait(t)); err != nil {
				t.Fatal(err)
			}
		}
		if i == events*3/8 || i == events*5/8 {
			if err := l.Database().Restart(wait(t)); err != nil {
				t.Fatal(err)
			}
		}
		send(t, l, fmt.Sprintf(`{"order":%d}`, i), nil)
	}
	var n int
	eventually(t, "a row for every event", func() bool {
		var err error
		n, err = l.CountRows(wait(t))
		return err == nil && n >= events
	})
	if n != events {
		t.Errorf("%d rows for %d events", n, events)
	}
	if depth, err := l.Broker().QueueDepth("test-intake-order-ledger-dlq"); err != nil || depth.Visible != 0 {
		t.Errorf("dead letters %+v, %v", depth, err)
	}
}

// A standard queue may deliver twice: one row, and the second delivery says
// that it was there already.
func TestPath_DeliveredTwice_OneRow(t *testing.T) {
	l := start(t, fast, func(c *localpipeline.Config) { c.DuplicateRate = 1 })
	id := send(t, l, `{"order":"o-1"}`, nil)
	_, err := l.Telemetry().Wait(wait(t), id, func(spans []trace.Span) bool {
		return len(ofKind(trace.New(id, spans), "CONSUMER")) == 2
	})
	if err != nil {
		t.Fatal(err)
	}
	tr, _, _ := whole(t, l, id)
	outcomes := map[any]int{}
	for _, s := range ofKind(tr, "CONSUMER") {
		outcomes[s.Attributes["tracehaul.outcome"]]++
	}
	if diff := cmp.Diff(map[any]int{"written": 1, "duplicate": 1}, outcomes); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	rows, err := l.Rows(wait(t), id)
	if err != nil || len(rows) != 1 {
		t.Errorf("%d rows, %v; want 1", len(rows), err)
	}
}
