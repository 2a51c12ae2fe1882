package postgres

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/telemetry/pgxtrace"
)

// traced is a sink with one connection, and its spans.
func traced(t *testing.T) (*Sink, *tracetest.SpanRecorder) {
	t.Helper()
	spans := tracetest.NewSpanRecorder()
	pool, _ := opened(t, func(c *Config) {
		c.MaxConns = 1
		c.Trace = pgxtrace.Config{TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))}
	})
	return New(pool), spans
}

// inserts are the spans of INSERTs by the id of their parent.
func inserts(spans *tracetest.SpanRecorder) map[trace.SpanID][]sdktrace.ReadOnlySpan {
	found := make(map[trace.SpanID][]sdktrace.ReadOnlySpan)
	for _, s := range spans.Ended() {
		if s.Name() == "INSERT events" {
			found[s.Parent().SpanID()] = append(found[s.Parent().SpanID()], s)
		}
	}
	return found
}

func TestSink_Traced_OneInsertInEveryTrace(t *testing.T) {
	sink, spans := traced(t)
	batch := records(2*chunkRows + 1)
	if _, err := sink.Write(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	found := inserts(spans)
	for _, r := range batch {
		parent := trace.SpanContextFromContext(r.Context)
		mine := found[parent.SpanID()]
		if len(mine) != 1 || mine[0].SpanContext().TraceID() != parent.TraceID() || mine[0].SpanKind() != trace.SpanKindClient {
			t.Fatalf("trace %v has %d INSERTs as children of %v, want one CLIENT span", parent.TraceID(), len(mine), parent.SpanID())
		}
	}
	text := ""
	for _, a := range found[trace.SpanContextFromContext(batch[0].Context).SpanID()][0].Attributes() {
		if a.Key == "db.query.text" {
			text = a.Value.AsString()
		}
	}
	if !strings.HasPrefix(text, "INSERT INTO events") {
		t.Errorf("db.query.text is %q", text)
	}
}

func TestSink_TracedAndRefused_SpansSayWhyAndNothingOfTheEvent(t *testing.T) {
	sink, spans := traced(t)
	batch := records(2)
	batch[0].Event.Data = json.RawMessage(`{"a":"secret\u0000"}`)
	if _, err := sink.Write(t.Context(), batch); !consumer.Poison(err) {
		t.Fatalf("Write gave %v", err)
	}
	found := inserts(spans)
	if len(found) != 2 {
		t.Errorf("%d traces show the INSERT, want both", len(found))
	}
	for _, s := range spans.Ended() {
		if s.Name() == "INSERT events" && (s.Status().Code != codes.Error || !strings.Contains(s.Status().Description, "22P05")) {
			t.Errorf("status is %v", s.Status())
		}
		if shown := fmt.Sprint(s.Attributes(), s.Events(), s.Status()); strings.Contains(shown, "secret") {
			t.Errorf("span %s quotes the event: %s", s.Name(), shown)
		}
	}
}

// What fails over a dead connection and is done again over another one shows
// both attempts.
func TestSink_TracedSecondAttempt_BothAreShown(t *testing.T) {
	sink, spans := traced(t)
	if _, err := sink.Write(t.Context(), records(1)); err != nil {
		t.Fatal(err)
	}
	if _, err := sink.pool.Exec(t.Context(), "SET default_transaction_read_only = on"); err != nil {
		t.Fatal(err)
	}
	r := record()
	if _, err := sink.Write(t.Context(), []*consumer.Record{r}); err != nil {
		t.Fatal(err)
	}
	got := inserts(spans)[trace.SpanContextFromContext(r.Context).SpanID()]
	if len(got) != 2 || got[0].Status().Code != codes.Error || got[1].Status().Code != codes.Unset {
		t.Errorf("%d INSERTs, want one that failed and one that did not", len(got))
	}
}
