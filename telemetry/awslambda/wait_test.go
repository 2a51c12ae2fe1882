package awslambda_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

func TestSQSBatch_DeadlineNear_UnsettledFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.config.DeadlineMargin = 200 * time.Millisecond
		ctx, cancel := context.WithTimeout(invocationContext(t.Context()), 500*time.Millisecond)
		defer cancel()
		h := awslambda.SQSBatch(func(ctx context.Context, batch []*awslambda.Message) error {
			batch[0].Written()
			<-ctx.Done()
			if batch[1].Context().Err() == nil {
				t.Error("the message's context goes on after the batch's")
			}
			return ctx.Err()
		}, b.config)
		res, err := h(ctx, batchOf(3))
		if err != nil || ctx.Err() != nil {
			t.Fatalf("answered with %v, %v; want an answer before the deadline", err, ctx.Err())
		}
		if diff := cmp.Diff([]int{1, 2}, failed(t, res)); diff != "" {
			t.Errorf("failed messages (-want +got):\n%s", diff)
		}
		if got := b.sums(t, semconv.MetricOutcomes, semconv.ReasonKey)["deadline"]; got != 2 {
			t.Errorf("%d messages failed by the deadline, want 2", got)
		}
	})
}

func TestSQSBatch_HandlerDeafToItsContext_AnsweredWithoutIt(t *testing.T) {
	for _, each := range []bool{false, true} {
		t.Run(fmt.Sprintf("Each=%v", each), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { deafHandler(t, each) })
		})
	}
}

func deafHandler(t *testing.T, each bool) {
	t.Helper()
	b := setup(t)
	ctx, cancel := context.WithTimeout(invocationContext(t.Context()), 6*time.Second)
	defer cancel()
	release := make(chan struct{})
	batchHandler := func(_ context.Context, batch []*awslambda.Message) error {
		batch[0].Written()
		<-release
		return writeAll(context.Background(), batch) // too late
	}
	calls := 0
	eachHandler := func(context.Context, *awslambda.Message) error {
		if calls++; calls == 2 {
			<-release
		}
		return nil
	}
	h := awslambda.SQSBatch(batchHandler, b.config)
	if each {
		h = awslambda.SQSEach(eachHandler, b.config)
	}
	begin := time.Now()
	res, err := h(ctx, batchOf(3))
	if took := time.Since(begin); err != nil || took != 5500*time.Millisecond {
		t.Fatalf("answered after %v with %v; want an answer half of the margin before the deadline", took, err)
	}
	close(release)
	synctest.Wait()
	if diff := cmp.Diff([]int{1, 2}, failed(t, res)); diff != "" {
		t.Errorf("failed messages (-want +got):\n%s", diff)
	}
	if got := len(b.named(processName)); got != 3 {
		t.Errorf("%d process spans, want 3: each message was received", got)
	}
	if got := b.sums(t, "faas.timeouts", "")[""]; got != 1 {
		t.Errorf("faas.timeouts is %d, want 1", got)
	}
	if got := mapOf(b.invocation(t).Attributes())["error.type"]; got != "timeout" {
		t.Errorf("error.type of the invocation is %v, want timeout", got)
	}
}

func TestSQSBatch_ClocksDiffer_WaitClampedAndSaid(t *testing.T) {
	b := setup(t)
	e := batchOf(1)
	e.Records[0].Attributes["SentTimestamp"] = strconv.FormatInt(time.Now().Add(time.Hour).UnixMilli(), 10)
	if _, err := awslambda.SQSBatch(writeAll, b.config)(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	wait, process := b.ofTrace(t, waitName, traceIDOf(0)), b.ofTrace(t, processName, traceIDOf(0))
	if !wait.StartTime().Equal(process.StartTime()) || !wait.EndTime().Equal(process.StartTime()) {
		t.Errorf("wait is from %v to %v, want no time at the hand-over %v", wait.StartTime(), wait.EndTime(), process.StartTime())
	}
	got := mapOf(wait.Attributes())
	if skew, _ := got["tracehaul.clock.skew_ms"].(float64); got["tracehaul.clock.clamped"] != true || skew < 3590e3 || skew > 3600e3 {
		t.Errorf("wait says clamped %v by %v ms, want true by about an hour", got["tracehaul.clock.clamped"], got["tracehaul.clock.skew_ms"])
	}
}

// SQS cuts SentTimestamp to milliseconds. The span that sent the message, the
// parent, may have begun anywhere in that millisecond.
func TestSQSBatch_SentTimestampIsCut_WaitNotBeforeTheMessageWasSent(t *testing.T) {
	for name, tt := range map[string]struct {
		after, want time.Duration // of hand-over and of the wait's start, after SentTimestamp
	}{
		"Waited":               {1500 * time.Microsecond, time.Millisecond},
		"WithinTheMillisecond": {400 * time.Microsecond, 400 * time.Microsecond},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			sent := time.UnixMilli(time.Now().UnixMilli())
			b.config.Now = func() time.Time { return sent.Add(tt.after) }
			e := batchOf(1)
			e.Records[0].Attributes["SentTimestamp"] = strconv.FormatInt(sent.UnixMilli(), 10)
			if _, err := awslambda.SQSBatch(writeAll, b.config)(t.Context(), e); err != nil {
				t.Fatal(err)
			}
			wait := b.ofTrace(t, waitName, traceIDOf(0))
			if got := wait.StartTime().Sub(sent); got != tt.want {
				t.Errorf("wait starts %v after SentTimestamp, want %v", got, tt.want)
			}
			if got := mapOf(wait.Attributes())["tracehaul.clock.clamped"]; got != nil {
				t.Errorf("wait says clamped %v, want nothing: the clocks agree", got)
			}
		})
	}
}

func TestSQSBatch_NoWaitSpan_TreeHolds(t *testing.T) {
	b := setup(t)
	b.config.NoWaitSpan = true
	if _, err := awslambda.SQSBatch(writeAll, b.config)(t.Context(), batchOf(2)); err != nil {
		t.Fatal(err)
	}
	if n := len(b.named(waitName)); n != 0 {
		t.Errorf("%d wait spans, want none", n)
	}
	if got := b.ofTrace(t, processName, traceIDOf(1)).Parent().SpanID().String(); got != parentIDOf(1) {
		t.Errorf("process is under %s, want %s", got, parentIDOf(1))
	}
	if got := b.sums(t, semconv.MetricDwellTime, "messaging.system")["aws_sqs"]; got != 2 {
		t.Errorf("%d dwell times, want 2", got)
	}
}
