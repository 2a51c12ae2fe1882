package awslambda_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/metric/noop"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
	"github.com/tracehaul/tracehaul/telemetry/slogtrace"
)

// settleEach settles a message by its number, and leaves some to the wrapper.
func settleEach(_ context.Context, m *awslambda.Message) error {
	switch m.MessageID[len(m.MessageID)-1] {
	case '0':
		return nil // without a word: written
	case '1':
		m.Written()
	case '2':
		m.Duplicate()
	case '3':
		m.DeadLettered("refused", nil)
	case '4':
		m.Failed("sink_error", nil)
	case '5':
		return errors.New("failed, too")
	default:
		panic("and so has this one")
	}
	return nil
}

func TestSettled_EveryOutcome_OneLineThatAddsUp(t *testing.T) {
	for name, handler := range map[string]func(awslambda.Config) func(context.Context, events.SQSEvent) (events.SQSEventResponse, error){
		"SQSEach": func(c awslambda.Config) func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
			return awslambda.SQSEach(settleEach, c)
		},
		"SQSBatch": func(c awslambda.Config) func(context.Context, events.SQSEvent) (events.SQSEventResponse, error) {
			return awslambda.SQSBatch(func(ctx context.Context, batch []*awslambda.Message) error {
				batch[0].Written()
				for _, m := range batch[1:5] {
					_ = settleEach(ctx, m)
				}
				return nil // the last two are nobody's: failed
			}, c)
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			var log bytes.Buffer
			b.config.Logger = slog.New(slogtrace.NewHandler(slog.NewJSONHandler(&log, nil)))
			flushed := ""
			b.config.Flush = func(context.Context) error { flushed = log.String(); return nil }
			if _, err := handler(b.config)(invocationContext(t.Context()), batchOf(7)); err != nil {
				t.Fatal(err)
			}
			lines := settledLines(t, flushed)
			if len(lines) != 1 || flushed != log.String() {
				t.Fatalf("%d lines before the flush, want 1 of all:\n%s", len(lines), log.String())
			}
			invocation := b.invocation(t).SpanContext()
			want := map[string]any{
				"level": "INFO", "msg": "batch settled",
				"messages": 7.0, "written": 2.0, "duplicates": 1.0, "failed": 3.0, "dead_lettered": 1.0,
				"trace_id": invocation.TraceID().String(), "span_id": invocation.SpanID().String(), "trace_flags": "01",
			}
			delete(lines[0], "time")
			if diff := cmp.Diff(want, lines[0]); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
			outcomes := b.sums(t, semconv.MetricOutcomes, semconv.OutcomeKey)
			if diff := cmp.Diff(map[string]int64{"written": 2, "duplicate": 1, "failed": 3, "dead_lettered": 1}, outcomes); diff != "" {
				t.Errorf("the metric counts otherwise (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSettled_NoMessages_NoLine(t *testing.T) {
	b := setup(t)
	var log bytes.Buffer
	b.config.Logger = slog.New(slog.NewJSONHandler(&log, nil))
	if _, err := awslambda.SQSBatch(writeAll, b.config)(invocationContext(t.Context()), batchOf(0)); err != nil || log.Len() != 0 {
		t.Errorf("error %v, log %s", err, log.String())
	}
}

// settledLines are the lines that count outcomes.
func settledLines(t *testing.T, log string) (found []map[string]any) {
	t.Helper()
	for text := range strings.Lines(log) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v in %s", err, text)
		}
		if line["msg"] == semconv.LogBatchSettled {
			found = append(found, line)
		}
	}
	return found
}

// The line is for the batch, not for the message: it costs the same whatever
// the batch holds. What it allocates is slogtrace's, for the trace's ids.
func TestSettled_AnyBatch_FewAllocations(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	b := setup(t)
	b.config.TracerProvider = sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))
	b.config.MeterProvider = noop.NewMeterProvider()
	allocations := func(messages int, h slog.Handler) float64 {
		b.config.Logger = slog.New(h)
		e, ctx := batchOf(messages), invocationContext(t.Context())
		handle := awslambda.SQSBatch(writeAll, b.config)
		return testing.AllocsPerRun(100, func() { _, _ = handle(ctx, e) })
	}
	for _, messages := range []int{1, 100} {
		added := allocations(messages, slogtrace.NewHandler(slog.NewJSONHandler(nowhere{}, nil))) - allocations(messages, slog.DiscardHandler)
		t.Logf("%.0f allocations for the line of %d messages", added, messages)
		if added > 2 {
			t.Errorf("the line adds %.0f allocations to a batch of %d, want at most 2", added, messages)
		}
	}
}

// A handler can be given messages by its own tests.
func TestMessage_OfNoBatch_IsHarmless(t *testing.T) {
	var zero awslambda.Message
	if zero.Context() == nil || zero.Context().Err() != nil {
		t.Errorf("the zero message works in %v, want a context", zero.Context())
	}
	zero.Failed("database", errors.New("away"))
	zero.DeadLettered("malformed", nil)
	zero.Written()
	zero.Duplicate()

	received := awslambda.Message{Received: message.FromLambda(t.Context(), record(1))}
	if got := trace.SpanContextFromContext(received.Context()).TraceID().String(); got != traceIDOf(1) {
		t.Errorf("it works in trace %s, want the one it carries: %s", got, traceIDOf(1))
	}
}
