package consumer_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

func TestConsumer_DeadlineNear_ReportsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, nil)
		b.sink.write = func(ctx context.Context, call int) error {
			if call < 3 {
				return consumer.Refuse("x", nil) // the whole batch, then its first half
			}
			if call == 3 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		malformed := placed(9)
		malformed.Body = "{"
		failed := b.invoke(ctx, append(orders(8), malformed)...)
		if ctx.Err() != nil {
			t.Error("the answer came after the deadline")
		}
		// Two are written, and what no sink has to be asked about is put aside.
		if want := []string{"m2", "m3", "m4", "m5", "m6", "m7"}; !slices.Equal(failed, want) {
			t.Errorf("failed are %v, want %v", failed, want)
		}
		if diff := cmp.Diff(map[string]int64{"written": 2, "failed deadline": 6, "dead_lettered malformed": 1}, b.outcomes()); diff != "" {
			t.Errorf("outcomes (-want +got):\n%s", diff)
		}
		if dead := b.dead(); len(dead) != 1 || *dead[0].Body != malformed.Body {
			t.Errorf("%d dead letters, want the malformed one", len(dead))
		}
	})
}

// Nothing is sent anywhere when the time is over.
func TestConsumer_PoisonFoundTooLate_ComesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, nil)
		b.sink.write = func(ctx context.Context, _ int) error {
			<-ctx.Done()
			return consumer.Refuse("x", nil)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if failed := b.invoke(ctx, placed(1)); !slices.Equal(failed, []string{"m1"}) {
			t.Errorf("failed are %v, want the message", failed)
		}
		if dead := b.dead(); len(dead) != 0 {
			t.Errorf("%d dead letters", len(dead))
		}
	})
}

// Halving takes longer than an invocation has: each delivery gets further all
// the same, until every good event is written and all poison has its reason.
func TestConsumer_MoreSplitsThanTimeFor_EachDeliveryGetsFurther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const messages, poison, calls = 100, 30, 25
		b := setup(t, nil)
		for i := range poison {
			b.sink.poison[strconv.Itoa(i*messages/poison)] = true
		}
		left := orders(messages)
		deliveries := 0
		for ; len(left) > 0 && deliveries < 15; deliveries++ {
			before := len(b.sink.batches)
			b.sink.write = func(ctx context.Context, call int) error {
				if call-before <= calls {
					return nil
				}
				<-ctx.Done()
				return ctx.Err()
			}
			ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
			failed := b.invoke(ctx, left...)
			cancel()
			left = slices.DeleteFunc(left, func(m events.SQSMessage) bool { return !slices.Contains(failed, m.MessageId) })
		}
		dead := b.dead()
		if len(left) > 0 || len(b.sink.rows) != messages-poison || len(dead) != poison {
			t.Fatalf("after %d deliveries: %d rows, %d dead letters, %d messages left", deliveries, len(b.sink.rows), len(dead), len(left))
		}
		for _, m := range dead {
			if reason := texts(m)["failure-reason"]; reason != "refused" {
				t.Errorf("a letter with the reason %q", reason)
			}
		}
	})
}

// A panic beside the sink's work is the handler's, and costs the batch alone.
func TestConsumer_LettersPanic_BatchFails(t *testing.T) {
	b := setup(t, func(c *consumer.Config) { c.SQS = bursts{} })
	bad := placed(9)
	bad.Body = "{"
	failed := b.invoke(t.Context(), placed(1), bad)
	if !slices.Contains(failed, "m9") {
		t.Errorf("failed are %v, want the letter among them", failed)
	}
	lines := b.log.with("the handler panicked")
	if len(lines) != 1 || lines[0]["error"] != "panic: the client" || !strings.Contains(fmt.Sprint(lines[0]["stack"]), "bursts.SendMessageBatch") {
		t.Errorf("log lines %v, want one with the client's stack", lines)
	}
}

// Whatever is being sent when the sink panics is settled before the answer.
func TestConsumer_SinkPanics_LettersAreNotLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, nil)
		sending := make(chan struct{})
		b.fault = func(int) *messaging.Fault {
			close(sending)
			time.Sleep(50 * time.Millisecond) // the sink is done before
			return nil
		}
		b.sink.write = func(context.Context, int) error {
			<-sending
			panic("the sink")
		}
		bad := placed(9)
		bad.Body = "{"
		failed := b.invoke(t.Context(), placed(1), bad)
		if !slices.Equal(failed, []string{"m1"}) || len(b.dead()) != 1 {
			t.Errorf("failed are %v, want m1 alone: the letter was sent", failed)
		}
	})
}

// bursts is a client that panics.
type bursts struct{}

func (bursts) SendMessageBatch(context.Context, *sqs.SendMessageBatchInput, ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error) {
	panic("the client")
}
