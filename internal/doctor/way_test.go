package doctor_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
	"github.com/tracehaul/tracehaul/internal/doctor"
	"github.com/tracehaul/tracehaul/internal/postgres/postgrestest"
	"github.com/tracehaul/tracehaul/internal/trace"
)

// stage is a pipeline of one process: a front door that writes the row, and says
// which spans there are, as a test wants it.
type stage struct {
	// answer answers in place of the service if it returns true.
	answer func(w http.ResponseWriter, r *http.Request) bool
	// row changes the row that is written; nil is no row.
	row func(columns map[string]any)
	// spans changes the spans.
	spans func(all map[string]trace.Span)
	// silent is a back end of traces that answers with an error.
	silent bool

	database string

	mu   sync.Mutex
	sent map[string]string // of the last request: id, source, type, traceparent, authorization
	all  []trace.Span
}

func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var ev struct{ ID, Source, Type string }
	_ = json.NewDecoder(r.Body).Decode(&ev)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = map[string]string{
		"id": ev.ID, "source": ev.Source, "type": ev.Type, "traceparent": r.Header.Get("Traceparent"), "authorization": r.Header.Get("Authorization"),
		"path": r.Method + " " + r.URL.Path, "kind": r.Header.Get("Content-Type"),
	}
	if s.answer != nil && s.answer(w, r) {
		return
	}
	traceID := strings.Split(s.sent["traceparent"], "-")[1]
	s.happen(r.Context(), traceID)
	w.WriteHeader(http.StatusAccepted)
	_ = json.NewEncoder(w).Encode(map[string]string{"id": ev.ID, "status": "accepted", "trace_id": traceID})
}

// happen writes the row and makes the spans.
func (s *stage) happen(ctx context.Context, traceID string) {
	now := time.Now()
	if s.row != nil {
		columns := map[string]any{
			"source": s.sent["source"], "id": s.sent["id"], "type": s.sent["type"], "trace_id": traceID, "span_id": "00f067aa0ba902b7", "receive_count": 1,
			"accepted_at": now, "sent_at": now, "received_at": now.Add(10 * time.Millisecond), "written_at": now.Add(15 * time.Millisecond),
		}
		s.row(columns)
		var names, places []string
		var values []any
		for _, name := range slices.Sorted(maps.Keys(columns)) {
			names, values = append(names, name), append(values, columns[name])
			places = append(places, fmt.Sprintf("$%d", len(values)))
		}
		conn, err := pgx.Connect(ctx, s.database)
		if err != nil {
			panic(err)
		}
		defer conn.Close(ctx)
		if _, err := conn.Exec(ctx, "INSERT INTO events ("+strings.Join(names, ",")+") VALUES ("+strings.Join(places, ",")+")", values...); err != nil {
			panic(err)
		}
	}
	span := func(id, parent, kind, service string, attributes map[string]any) trace.Span {
		return trace.Span{TraceID: traceID, SpanID: id, ParentSpanID: parent, Name: kind, Kind: kind, Service: service, Start: now, End: now, Attributes: attributes}
	}
	all := map[string]trace.Span{
		"request": span("1", "0", "SERVER", "orders-intake", nil), "send": span("2", "1", "PRODUCER", "orders-intake", nil),
		"process": span("3", "2", "CONSUMER", "orders-ledger", nil), "insert": span("4", "3", "CLIENT", "orders-ledger", map[string]any{"db.system.name": "postgresql"}),
	}
	if s.spans != nil {
		s.spans(all)
	}
	s.all = slices.Collect(maps.Values(all))
}

// Spans implements doctor.Traces.
func (s *stage) Spans(context.Context, string) ([]trace.Span, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.silent {
		return nil, errors.New("tempo is away")
	}
	return s.all, nil
}

// start has the doctor examine nothing but the way.
func (s *stage) start(t *testing.T) doctor.Config {
	t.Helper()
	s.database = postgrestest.Database(t)
	if err := migrate.UpURL(t.Context(), s.database); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return doctor.Config{Alarms: shared().set, Address: server.URL, DatabaseURL: s.database, Traces: s, Settle: 50 * time.Millisecond}
}

func written(map[string]any) {}

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
	c.Token, c.Settle = "secret", time.Minute
	r := walk(t, c)
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

// ago is a time of the row that many seconds before now.
func ago(name string, seconds int) func(map[string]any) {
	return func(columns map[string]any) { columns[name] = time.Now().Add(-time.Duration(seconds) * time.Second) }
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
		"a trace replaced": {&stage{answer: status(202, `{"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}`)}, "answer-trace", doctor.Fault, "service", "in trace 4bf92f3577b34da6a3ce929d0e0e4736", "replaces traceparent"},
		"no trace":         {&stage{answer: status(202, `{}`)}, "answer-trace", doctor.Fault, "service", "names no trace", "no spans"},
		"clock behind":     {&stage{answer: dated(-10*time.Second, 404)}, "service-clock", doctor.Warning, "service", "behind the one here", "clock is off"},
		"clock far ahead":  {&stage{answer: dated(time.Hour, 404)}, "service-clock", doctor.Fault, "service", "ahead of the one here", "AWS refuses"},
		"no row":           {&stage{}, "row", doctor.Fault, "queue", "no row after", "in a queue"},

		"attributes stripped": {&stage{row: func(c map[string]any) { c["trace_id"], c["accepted_at"] = "4bf92f3577b34da6a3ce929d0e0e4736", nil }}, "row-trace", doctor.Fault, "topic", "accepted-at is not there either", "all message attributes were stripped"},
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
			for _, f := range bad(r) {
				if f.Check != test.check && s.row != nil {
					t.Errorf("%s is blamed, too: %s", f.Check, f.Found)
				}
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

// Where an event without a row stopped, its queues tell: how many messages they
// had before, and have now.
func TestFollow_NoRow_QueuesTellWhere(t *testing.T) {
	t.Parallel()
	const waiting, hidden = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"
	for name, test := range map[string]struct {
		before, after func(*account)
		down          bool // the database
		verdict       doctor.Verdict
		hop, why      string
	}{
		"nobody takes it":           {nil, func(a *account) { a.queues[queueName][waiting] = "1" }, false, doctor.Fault, "consumer", "nobody takes messages out"},
		"taken, not settled":        {nil, func(a *account) { a.queues[queueName][hidden] = "1" }, false, doctor.Fault, "consumer", "does not settle it"},
		"taken, and no database":    {nil, func(a *account) { a.queues[queueName][hidden] = "1" }, true, doctor.Fault, "database", "cannot write it"},
		"given up":                  {nil, func(a *account) { a.queues[queueName+"-dlq"][waiting] = "1" }, false, doctor.Fault, "consumer", "gave it up"},
		"not delivered":             {nil, func(a *account) { a.queues[queueName+"-undelivered"][waiting] = "1" }, false, doctor.Fault, "topic", "SNS could not put it"},
		"letters of yesterday":      {func(a *account) { a.queues[queueName+"-dlq"][waiting] = "9" }, nil, false, doctor.Fault, "topic", "it is in no queue"},
		"another is done with":      {func(a *account) { a.queues[queueName][hidden] = "1" }, func(a *account) { a.queues[queueName][hidden] = "0" }, false, doctor.Fault, "topic", "it is in no queue"},
		"nowhere":                   {nil, nil, false, doctor.Fault, "topic", "it is in no queue"},
		"nowhere, and no answer":    {nil, nil, true, doctor.Unknown, "database", ""},
		"perhaps not selected":      {func(a *account) { a.consumer().FilterPolicy = map[string]any{"event-type": []any{"x"}} }, nil, false, doctor.Warning, "topic", "may not select the doctor's"},
		"queues are not to be seen": {func(a *account) { a.refused["GetQueueUrl"] = "AccessDenied" }, nil, false, doctor.Fault, "queue", "in a queue, or nothing is subscribed"},
		"nobody can be asked":       {func(a *account) { a.refused["GetQueueUrl"] = "AccessDenied" }, nil, true, doctor.Unknown, "queue", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := healthy(t)
			if test.before != nil {
				test.before(a)
			}
			s := &stage{answer: func(http.ResponseWriter, *http.Request) bool {
				a.mu.Lock()
				defer a.mu.Unlock()
				if test.after != nil {
					test.after(a)
				}
				return false
			}}
			c := s.start(t)
			c.Clients.SQS, c.Alarms, c.Traces, c.Timeout = a.start(t).Clients.SQS, a.set, nil, 100*time.Millisecond
			if test.down {
				c.DatabaseURL = "postgres://nobody:secret@127.0.0.1:1/x"
			}
			r := walk(t, c)
			rows := slices.DeleteFunc(slices.Clone(r.Findings), func(f doctor.Finding) bool { return f.Check != "row" })
			if !slices.ContainsFunc(rows, func(f doctor.Finding) bool {
				return f.Verdict == test.verdict && string(f.Hop) == test.hop && strings.Contains(f.Why, test.why)
			}) || (len(rows) > 1) != test.down {
				t.Errorf("want %s at %s: %s, got:\n%s", test.verdict, test.hop, test.why, text(t, r))
			}
			if strings.Contains(text(t, r), "secret") || r.Event.Left == "" {
				t.Errorf("it shows a password, or does not say what it left behind:\n%s", text(t, r))
			}
		})
	}
}
