package doctor_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tracehaul/tracehaul/internal/doctor"
	"github.com/tracehaul/tracehaul/internal/trace"
)

// walk sends the event.
func walk(t *testing.T, c doctor.Config) *doctor.Report {
	t.Helper()
	r, err := doctor.Examine(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFollow_EverythingThere_Healthy(t *testing.T) {
	t.Parallel()
	s := &stage{row: written}
	c := s.start(t)
	c.Token, c.Settle = "secret", 5*time.Minute
	begin := time.Now()
	r := walk(t, c)
	if took := time.Since(begin); took > 2*time.Minute {
		t.Errorf("it took %s: it waits for spans that are there", took)
	}
	for _, f := range bad(r) {
		t.Errorf("%+v", f)
	}
	for _, check := range []string{"front-door", "answer-trace", "service-clock", "row", "row-trace", "row-clocks", "freshness", "spans"} {
		if !slices.ContainsFunc(r.Findings, func(f doctor.Finding) bool { return f.Check == check }) {
			t.Errorf("nothing is said of %s", check)
		}
	}
	want := map[string]string{
		"id": r.Event.ID, "source": "/tracehaul/doctor", "type": "com.github.tracehaul.doctor.probe", "authorization": "Bearer secret", "path": "POST /v1/events",
		"kind": "application/cloudevents+json", "traceparent": s.sent["traceparent"],
	}
	if !maps.Equal(s.sent, want) {
		t.Errorf("sent %v, want %v", s.sent, want)
	}
	if p := s.sent["traceparent"]; !strings.HasPrefix(p, "00-"+r.Event.TraceID+"-") || !strings.HasSuffix(p, "-01") {
		t.Errorf("traceparent %s is not sampled, or not of trace %s", p, r.Event.TraceID)
	}
	if len(r.Event.Steps) != 5 || r.Event.Steps[2].Took != 10*time.Millisecond || r.Event.Steps[2].MS != 10 {
		t.Errorf("steps %+v", r.Event.Steps)
	}
	wantAll(t, text(t, r), "wait in the queue             10.00ms", "Left behind: the row (/tracehaul/doctor, "+r.Event.ID+")", "DELETE FROM events", "Healthy: ")
}

func wantAll(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in:\n%s", part, text)
		}
	}
}

func status(code int, body string, header ...string) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
		return true
	}
}

// ago is a time of the row that many seconds before the event was accepted.
func ago(name string, seconds int) func(map[string]any) {
	return func(columns map[string]any) {
		accepted := columns["accepted_at"].(time.Time) //nolint:forcetypeassert // it is made so
		columns[name] = accepted.Add(-time.Duration(seconds) * time.Second)
	}
}

// What goes wrong on the way is named, at the hop where it does.
func TestFollow_SeededFault_NamedAtItsHop(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		stage   *stage
		check   string
		verdict doctor.Verdict
		hop     string
		found   string
		why     string
	}{
		"no token":         {&stage{answer: status(401, `{"status":401,"code":"unauthenticated","detail":"Send a token."}`)}, "front-door", doctor.Fault, "edge", "unauthenticated: Send a token.", "no valid token"},
		"blocked":          {&stage{answer: status(403, `<html>`)}, "front-door", doctor.Fault, "edge", "403 Forbidden", "WAF"},
		"not found":        {&stage{answer: status(404, `{}`)}, "front-door", doctor.Fault, "edge", "404", "no rule of the listener"},
		"redirected":       {&stage{answer: status(301, ``, "Location", "https://elsewhere.example.com/")}, "front-door", doctor.Fault, "edge", "301 Moved Permanently, to https://elsewhere.example.com/", "elsewhere"},
		"no target":        {&stage{answer: status(503, `x`)}, "front-door", doctor.Fault, "edge", "503", "no task is healthy"},
		"a trace replaced": {&stage{row: written, trace: "4bf92f3577b34da6a3ce929d0e0e4736"}, "answer-trace", doctor.Fault, "service", "in trace 4bf92f3577b34da6a3ce929d0e0e4736", "replaces traceparent"},
		"no trace":         {&stage{row: written, trace: "none"}, "answer-trace", doctor.Fault, "service", "names no trace", "no spans"},
		"no JSON":          {&stage{answer: status(202, "thanks")}, "answer-trace", doctor.Fault, "service", "names no trace", "something else has answered"},
		"clock behind":     {&stage{answer: dated(-10*time.Second, 404)}, "service-clock", doctor.Warning, "service", "behind the one here", "clock is off"},
		"clock far ahead":  {&stage{answer: dated(time.Hour, 404)}, "service-clock", doctor.Fault, "service", "ahead of the one here", "AWS refuses"},
		"no row":           {&stage{spans: without("process", "insert")}, "row", doctor.Fault, "queue", "no row after", "in a queue"},

		"attributes stripped": {&stage{spans: without("process", "insert"), row: func(c map[string]any) { c["trace_id"], c["accepted_at"] = "4bf92f3577b34da6a3ce929d0e0e4736", nil }}, "row-trace", doctor.Fault, "topic", "the row is of trace 4bf92f3577b34da6a3ce929d0e0e4736, and accepted-at is not there either", "all message attributes were stripped"},
		"traceparent dropped": {&stage{row: func(c map[string]any) { c["trace_id"] = nil }}, "row-trace", doctor.Fault, "topic", "the row has no trace", "traceparent did not"},
		"in an envelope":      {&stage{row: func(c map[string]any) { c["sns_message_id"] = "m" }}, "row-delivery", doctor.Warning, "topic", "in SNS's envelope", "not that of the description"},
		"received again":      {&stage{row: func(c map[string]any) { c["receive_count"] = 3 }}, "row-delivery", doctor.Warning, "consumer", "received 3 times", "failed on it before"},
		"SQS's clock":         {&stage{row: ago("sent_at", 30)}, "row-clocks", doctor.Warning, "topic", "SQS's clock is 30.0", "before their parents"},
		"consumer's clock":    {&stage{row: ago("received_at", 30)}, "row-clocks", doctor.Warning, "queue", "the consumer's clock is", "before their parents"},
		"database's clock":    {&stage{row: ago("written_at", 30)}, "row-clocks", doctor.Warning, "consumer", "the database's clock is", "before their parents"},
		"late":                {&stage{row: ago("accepted_at", 300)}, "freshness", doctor.Warning, "database", "it took 5m0s", "messages wait"},

		"no spans at all":       {&stage{row: written, spans: func(all map[string]trace.Span) { clear(all) }}, "spans", doctor.Fault, "service", "no span of trace", "no span of anybody"},
		"the service's sampler": {&stage{row: written, spans: without("request", "send")}, "spans", doctor.Fault, "service", "no span of trace", "its sampler does not follow"},
		"the consumer's":        {&stage{row: written, spans: without("process", "insert")}, "spans", doctor.Fault, "consumer", "no span of trace", "its sampler does not follow"},
		"no span of the row":    {&stage{row: written, spans: without("insert")}, "spans", doctor.Fault, "database", "no span INSERT", "instrumentation"},
		"another parent": {&stage{row: written, spans: func(all map[string]trace.Span) {
			p := all["process"]
			p.ParentSpanID = "9"
			all["process"] = p
		}}, "spans", doctor.Fault, "topic", "does not hang from the sending", "context was taken from elsewhere"},
		"no back end": {&stage{row: written, silent: true}, "spans", doctor.Unknown, "service", "tempo is away", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := test.stage
			c := s.start(t)
			if s.row == nil {
				c.Timeout = 100 * time.Millisecond
			}
			r := walk(t, c)
			if !slices.ContainsFunc(r.Findings, func(f doctor.Finding) bool {
				return f.Check == test.check && f.Verdict == test.verdict && string(f.Hop) == test.hop && strings.Contains(f.Found, test.found) && strings.Contains(f.Why, test.why)
			}) {
				t.Errorf("want %s of %s at %s: %q, as %q, got:\n%s", test.verdict, test.check, test.hop, test.found, test.why, text(t, r))
			}
			told := 0
			for _, f := range bad(r) {
				if f.Check == test.check {
					told++
				}
				if f.Check != test.check && (s.row != nil || test.check == "front-door" || test.check == "row") {
					t.Errorf("%s is blamed, too: %s", f.Check, f.Found)
				}
			}
			if told != 1 {
				t.Errorf("it is said %d times:\n%s", told, text(t, r))
			}
		})
	}
}

// dated answers with a clock that is off.
func dated(off time.Duration, code int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
		w.WriteHeader(code)
		return true
	}
}

func without(names ...string) func(map[string]trace.Span) {
	return func(all map[string]trace.Span) {
		for _, name := range names {
			delete(all, name)
		}
	}
}

// Where nobody says it, the front door is the domain, or the load balancer's name.
func TestFollow_NoAddress_FrontDoorIsFound(t *testing.T) {
	t.Parallel()
	if c := (doctor.Config{Alarms: shared().set}).WithDefaults(); c.Address != "https://orders.example.com" {
		t.Errorf("the address of prod is %s", c.Address)
	}
	if c := (doctor.Config{Alarms: shared().set, Local: true}).WithDefaults(); c.Address != "" {
		t.Errorf("the address of a local pipeline is %s", c.Address)
	}
	s := &stage{row: written}
	c := s.start(t)
	a := healthy(t)
	a.consumer()
	a.set.Pipeline.Edge.Domain = ""
	balancer, _ := a.balancers[0].(object)
	balancer["DNSName"] = strings.TrimPrefix(c.Address, "http://")
	c.Alarms, c.Address, c.Clients.ELB = a.set, "", a.start(t).Clients.ELB
	if r := walk(t, c); r.Worst() != doctor.OK || r.Address != "http://"+balancer["DNSName"].(string) { //nolint:forcetypeassert // it is made so
		t.Errorf("address %s:\n%s", r.Address, text(t, r))
	}
	c.Clients.ELB = nil
	if r := walk(t, c); r.Event == nil || len(r.Findings) != 1 || r.Findings[0].Found != "could not look: no address is given" {
		t.Errorf("without an address: %+v", r.Findings)
	}
}

func TestFollow_NobodyThere_SaysSo(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	r := walk(t, doctor.Config{Alarms: shared().set, Address: server.URL})
	if f := r.Findings[0]; len(r.Findings) != 1 || f.Check != "front-door" || f.Verdict != doctor.Fault || !strings.Contains(f.Found, "connection refused") || strings.Count(text(t, r), server.URL) > 3 {
		t.Errorf("got %+v", r.Findings)
	}
}

// The row is the doctor's own, and the only one that goes.
func TestFollow_Clean_RemovesItsRow(t *testing.T) {
	t.Parallel()
	s := &stage{row: written}
	c := s.start(t)
	conn, err := pgx.Connect(t.Context(), s.database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	if _, err := conn.Exec(t.Context(), "INSERT INTO events (source, id, type) VALUES ('/shop', '1', 'x')"); err != nil {
		t.Fatal(err)
	}
	count := func() (n int) {
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM events").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if r := walk(t, c); r.Event.Left == "" || r.Event.Remove == "" || count() != 2 {
		t.Errorf("%d rows, left %q", count(), r.Event.Left)
	}
	c.Clean = true
	if r := walk(t, c); r.Event.Left != "" || r.Event.Remove != "" || count() != 2 || r.Worst() != doctor.OK {
		t.Errorf("%d rows, left %q", count(), r.Event.Left)
	}
}

func TestFollow_NoDatabase_SpansTellTheRow(t *testing.T) {
	t.Parallel()
	s := &stage{}
	c := s.start(t)
	c.DatabaseURL, c.Settle = "", time.Minute
	r := walk(t, c)
	if r.Worst() != doctor.OK || r.Event.Left == "" {
		t.Errorf("left %q:\n%s", r.Event.Left, text(t, r))
	}
	wantAll(t, text(t, r), "Left out, as the database's URL is not given: row,", "INSERT events (CLIENT)")

	// Whether the consumer has taken it where it selects, nobody knows then.
	a := healthy(t)
	a.consumer().FilterPolicy = map[string]any{"event-type": []any{"x"}}
	c.Alarms, s.spans = a.set, without("process", "insert")
	if r := walk(t, c); r.Worst() != doctor.OK {
		t.Errorf("a consumer that selects:\n%s", text(t, r))
	}
}

func TestExamine_Interrupted_EndsWithTheError(t *testing.T) {
	t.Parallel()
	s := &stage{}
	c := s.start(t)
	ctx, cancel := context.WithCancel(t.Context())
	c.Progress = func(what string) {
		if strings.HasPrefix(what, "wait for the row") {
			cancel()
		}
	}
	if r, err := doctor.Examine(ctx, c); err == nil {
		t.Errorf("no error, report %+v", r)
	}
}
