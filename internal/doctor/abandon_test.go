package doctor_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tracehaul/tracehaul/internal/doctor"
	"github.com/tracehaul/tracehaul/internal/trace"
)

// Whoever interrupts is told of the event that is on its way.
func TestExamine_Interrupted_TellsOfTheEvent(t *testing.T) {
	for name, tt := range map[string]struct {
		stage  *stage
		at     string // of the progress
		clean  bool
		row    bool // it is there
		remove bool // it is left behind
	}{
		"waiting for the row":               {&stage{}, "wait for the row", false, false, true},
		"waiting for the row, to remove it": {&stage{}, "wait for the row", true, false, true},
		"waiting for spans":                 {&stage{row: written, spans: func(all map[string]trace.Span) { clear(all) }}, "span", false, true, true},
		"waiting for spans, to remove it":   {&stage{row: written, spans: func(all map[string]trace.Span) { clear(all) }}, "span", true, false, false},
	} {
		c := tt.stage.start(t)
		ctx, cancel := context.WithCancel(t.Context())
		c.Settle, c.Clean = time.Hour, tt.clean
		c.Progress = func(what string) {
			if strings.Contains(what, tt.at) {
				cancel()
			}
		}
		r, err := doctor.Examine(ctx, c)
		cancel()
		if !errors.Is(err, context.Canceled) || r == nil || r.Event == nil || r.Event.ID != tt.stage.sent["id"] {
			t.Fatalf("%s: %+v, %v", name, r, err)
		}
		if (r.Event.Left != "") != tt.remove || (r.Event.Remove != "") != tt.remove {
			t.Errorf("%s: left %q, to be removed by %q", name, r.Event.Left, r.Event.Remove)
		}
		conn, err := pgx.Connect(t.Context(), tt.stage.database)
		if err != nil {
			t.Fatal(err)
		}
		var rows int
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM events").Scan(&rows); err != nil || rows == 1 != tt.row {
			t.Errorf("%s: %d rows, %v", name, rows, err)
		}
		_ = conn.Close(t.Context())
	}
}

// Before the event is sent there is nothing to tell.
func TestExamine_InterruptedBefore_NoReport(t *testing.T) {
	s := &stage{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c := s.start(t)
	c.NoEvent = true
	if r, err := doctor.Examine(ctx, c); r != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("%+v, %v", r, err)
	}
}

// What answers in place of the service may answer anything: none of it becomes
// part of a command, or does something to a terminal.
func TestExamine_AnswersTraceIsNone_NotFollowed(t *testing.T) {
	for _, id := range []string{`x\u001b[31m; rm -rf /`, "none", "6B07EDC69E86922D4E1E7EF667A03DBB", "../../admin", strings.Repeat("a", 33)} {
		s := &stage{row: written, answer: func(w http.ResponseWriter, _ *http.Request) bool {
			w.WriteHeader(http.StatusAccepted)
			_, _ = io.WriteString(w, `{"status":"accepted","trace_id":"`+id+`"}`)
			return true
		}}
		c := s.start(t)
		c.Timeout = time.Second
		r, err := doctor.Examine(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		sent := strings.Split(s.sent["traceparent"], "-")[1]
		if r.Event.TraceID != sent {
			t.Errorf("%s: trace %s is followed, want what was sent, %s", id, r.Event.TraceID, sent)
		}
		if text := write(t, r, doctor.Style{}); !strings.Contains(text, "the answer's trace_id is") || strings.Contains(text, "\x1b") || !strings.Contains(text, "tracehaul trace -e prod "+sent) {
			t.Errorf("%s: it says\n%s", id, text)
		}
	}
}
