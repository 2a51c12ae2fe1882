package awslambda_test

import (
	"context"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/internal/idle"
)

// A handler whose goroutine comes to run only when the answer has been given is
// not called: SQS delivers the messages again.
func TestSQSBatch_AnswerGiven_HandlerIsNotCalled(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // that goroutine begins when this one waits
	synctest.Test(t, func(t *testing.T) {
		// A batch that is handed over has work of its own in place of this.
		ctx := idle.Context(invocationContext(t.Context()), idle.Later(func() {
			t.Error("the handler got the messages after the answer")
		}))
		ctx, cancel := context.WithDeadline(ctx, time.Now())
		defer cancel()
		h := awslambda.SQSBatch(func(ctx context.Context, _ []*awslambda.Message) error {
			idle.Run(ctx)
			return nil
		}, setup(t).config)
		res, err := h(ctx, batchOf(2))
		synctest.Wait()
		if err != nil || len(res.BatchItemFailures) != 2 {
			t.Errorf("answered with %v, %v; want both messages to come again", res, err)
		}
	})
}
