package awslambda_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

func TestSQSEach_FailuresAndPanics_NeighboursGoOn(t *testing.T) {
	b := setup(t)
	var log bytes.Buffer
	b.config.Logger = slog.New(slog.NewTextHandler(&log, nil))
	h := awslambda.SQSEach(func(_ context.Context, m *awslambda.Message) error {
		switch m.MessageID {
		case idOf(1):
			return errors.New("connection refused")
		case idOf(2):
			panic("index out of range")
		case idOf(3):
			m.DeadLettered("malformed", nil)
			return errors.New("settled already")
		}
		return nil
	}, b.config)
	res, err := h(invocationContext(t.Context()), batchOf(5))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{1, 2}, failed(t, res)); diff != "" {
		t.Errorf("failed messages (-want +got):\n%s", diff)
	}
	want := map[string]int64{"": 2, "error": 1, "panic": 1, "malformed": 1}
	if diff := cmp.Diff(want, b.sums(t, semconv.MetricOutcomes, semconv.ReasonKey)); diff != "" {
		t.Errorf("outcomes by reason (-want +got):\n%s", diff)
	}
	if code := b.invocation(t).Status().Code; code != codes.Unset {
		t.Errorf("status of the invocation is %v, want none: it answered for each message", code)
	}
	// A trace may not be sampled: the log tells each failure, too.
	for _, want := range []string{"message_id=" + idOf(1) + ` reason=error error="connection refused"`, `error="panic: index out of range"`} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %q in the log:\n%s", want, log.String())
		}
	}
}

func TestSQSEach_InTurn_EachSpanItsOwnTime(t *testing.T) {
	b := setup(t)
	h := awslambda.SQSEach(func(context.Context, *awslambda.Message) error {
		time.Sleep(10 * time.Millisecond)
		return nil
	}, b.config)
	if _, err := h(t.Context(), batchOf(3)); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < 3; i++ {
		last, span := b.ofTrace(t, processName, traceIDOf(i-1)), b.ofTrace(t, processName, traceIDOf(i))
		if span.StartTime().Before(last.EndTime()) {
			t.Errorf("message %d starts %v before the last one ends", i, last.EndTime().Sub(span.StartTime()))
		}
		if wait := b.ofTrace(t, waitName, traceIDOf(i)); !wait.EndTime().Equal(span.StartTime()) {
			t.Errorf("wait of message %d does not end with its hand-over", i)
		}
	}
}

// The ARN says that a queue is FIFO, whatever it is called in spans.
func TestSQSEach_FIFO_KeepsTheOrderOfAGroup(t *testing.T) {
	for name, display := range map[string]func(string) string{
		"by its own name": nil, "by another": func(string) string { return "orders" },
	} {
		t.Run(name, func(t *testing.T) { checkOrder(t, display) })
	}
}

func checkOrder(t *testing.T, name func(string) string) {
	t.Helper()
	b := setup(t)
	b.config.QueueName = name
	e := batchOf(5)
	for i, group := range []string{"a", "b", "a", "b", "a"} {
		e.Records[i].EventSourceARN += ".fifo"
		e.Records[i].Attributes["MessageGroupId"] = group
	}
	var handled []string
	h := awslambda.SQSEach(func(_ context.Context, m *awslambda.Message) error {
		handled = append(handled, m.MessageID)
		if m.MessageID == idOf(2) {
			return errors.New("connection refused")
		}
		return nil
	}, b.config)
	res, _ := h(t.Context(), e)
	if diff := cmp.Diff([]int{2, 4}, failed(t, res)); diff != "" {
		t.Errorf("failed messages (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{idOf(0), idOf(1), idOf(2), idOf(3)}, handled); diff != "" {
		t.Errorf("handled messages (-want +got):\n%s", diff)
	}
	if got := b.sums(t, semconv.MetricOutcomes, semconv.ReasonKey)["order"]; got != 1 {
		t.Errorf("%d messages failed for the order, want 1", got)
	}
}

func TestSQSEach_DeadlineNear_RestNotHandled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.config.DeadlineMargin = 200 * time.Millisecond
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		var handled int
		h := awslambda.SQSEach(func(ctx context.Context, _ *awslambda.Message) error {
			handled++
			<-ctx.Done()
			return ctx.Err()
		}, b.config)
		res, _ := h(ctx, batchOf(4))
		if handled != 1 || len(failed(t, res)) != 4 {
			t.Errorf("%d messages handled, %d failed; want 1 and 4", handled, len(failed(t, res)))
		}
		if got := b.sums(t, semconv.MetricOutcomes, semconv.ReasonKey)["deadline"]; got != 4 {
			t.Errorf("%d messages failed by the deadline, want 4", got)
		}
	})
}
