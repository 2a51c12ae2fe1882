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

// heard is how long is waited where an error has to be heard of before the end.
const heard = 2 * time.Second

// stage is a pipeline of one process: a front door that writes the row, and says
// which spans there are, as a test wants it.
type stage struct {
	// answer answers in place of the service if it returns true.
	answer func(w http.ResponseWriter, r *http.Request) bool
	// row changes the row that is written; nil is no row.
	row func(columns map[string]any)
	// spans changes the spans.
	spans func(all map[string]trace.Span)
	// trace is the one that the service makes in place of what was sent; "none" is
	// none.
	trace string
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
	if s.trace != "" {
		traceID = s.trace
	}
	s.happen(r.Context(), traceID)
	w.WriteHeader(http.StatusAccepted)
	answer := map[string]string{"id": ev.ID, "status": "accepted"}
	if traceID != "none" {
		answer["trace_id"] = traceID
	}
	_ = json.NewEncoder(w).Encode(answer)
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
	c := doctor.Config{Alarms: shared().set, Address: server.URL, DatabaseURL: s.database, Traces: s, Settle: 50 * time.Millisecond}
	if s.silent {
		c.Settle = heard
	}
	return c
}

func written(map[string]any) {}
