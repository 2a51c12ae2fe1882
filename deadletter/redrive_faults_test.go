package deadletter_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tracehaul/tracehaul/deadletter"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

// on is a fault for one kind of call to one queue.
func on(action, resource string, f messaging.Fault, calls ...int) func(messaging.Call, int) *messaging.Fault {
	return func(c messaging.Call, n int) *messaging.Fault {
		if c.Action != action || c.Resource != resource || len(calls) > 0 && !slices.Contains(calls, n) {
			return nil
		}
		return &f
	}
}

func TestRedrive_SomeEntriesFail_ThoseStay(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 10 {
			b.putAside(n, "refused", "23505")
		}
		b.fault = on("SendMessageBatch", queue, messaging.Fault{FailEntries: []int{1, 7}})
		r := b.redrive(b.open())
		if r.Sent != 8 || r.Failed != 2 || len(r.Failures) != 1 {
			t.Errorf("report %+v", r)
		}
		b.wantDepth(queue, 8)
		b.wantDepth(dlq, 2)
	})
}

// If nobody knows whether it was sent it is not deleted: it may come twice.
func TestRedrive_AnswerLost_NothingIsDeleted(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 10 {
			b.putAside(n, "refused", "23505")
		}
		b.fault = on("SendMessageBatch", queue, messaging.Fault{Drop: messaging.DropAfter}, 1)
		r, err := b.tryRedrive(t.Context(), b.open())
		if err == nil || r.Sent != 0 || r.Failed != 10 {
			t.Errorf("%v, report %+v", err, r)
		}
		b.wantDepth(dlq, 10)
		b.wantDepth(queue, 10)
		time.Sleep(time.Second)
		if r := b.redrive(b.open()); r.Sent != 10 {
			t.Errorf("the next one: %+v", r)
		}
		b.wantDepth(dlq, 0)
		b.wantDepth(queue, 20)
	})
}

func TestRedrive_NotDeleted_IsToldAndSentAgain(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 3 {
			b.putAside(n, "refused", "23505")
		}
		b.fault = on("DeleteMessageBatch", dlq, messaging.Fault{FailEntries: []int{0}}, 1, 2, 3) // of three tries
		r := b.redrive(b.open())
		if r.Sent != 3 || r.Left != 1 {
			t.Errorf("report %+v", r)
		}
		b.wantDepth(dlq, 1)
		b.wantDepth(queue, 3)
	})
}

func TestRedrive_DeleteFailsOnce_IsTriedAgain(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 3 {
			b.putAside(n, "refused", "23505")
		}
		b.fault = on("DeleteMessageBatch", dlq, messaging.Fault{Drop: messaging.DropBefore}, 1)
		if r := b.redrive(b.open()); r.Sent != 3 || r.Left != 0 {
			t.Errorf("report %+v", r)
		}
		b.wantDepth(dlq, 0)
	})
}

// One that the other queue can never take does not spoil it for the others.
func TestRedrive_OneTooLarge_OthersAreSent(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		b.putAside(0, "refused", "23505")
		b.send(dlq, &sqs.SendMessageInput{MessageBody: aws.String(strings.Repeat("x", 5000))})
		b.putAside(2, "refused", "23505")
		r := b.redrive(b.open(), func(c *deadletter.RedriveConfig) { c.To = b.url("small") })
		if r.Sent != 2 || r.Failed != 1 {
			t.Errorf("report %+v", r)
		}
		b.wantDepth(dlq, 1)
	})
}

func TestRedrive_RequestRefused_SendsOneByOne(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 3 {
			b.putAside(n, "refused", "23505")
		}
		refusal := &messaging.Error{Code: "InvalidParameterValue", Message: "no", Status: 400}
		b.fault = on("SendMessageBatch", queue, messaging.Fault{Error: refusal}, 1, 3) // all three, and the second alone
		r := b.redrive(b.open())
		if r.Sent != 2 || r.Failed != 1 || r.Failures["InvalidParameterValue: no"] != 1 {
			t.Errorf("report %+v", r)
		}
		b.wantDepth(dlq, 1)
		b.wantDepth(queue, 2)
	})
}

// A batch that was refused for who sends, or how often, is not sent entry by entry.
func TestRedrive_CallRefused_EndsAtOnce(t *testing.T) {
	for _, code := range []string{"RequestThrottled", "KmsThrottled", "AccessDenied", "QueueDoesNotExist"} {
		bubble(t, func(b *bundle) {
			t := b.t
			for n := range 30 {
				b.putAside(n, "refused", "23505")
			}
			b.fault = on("SendMessageBatch", queue, messaging.Fault{Error: &messaging.Error{Code: code, Message: "no", Status: 400}})
			r, err := b.tryRedrive(t.Context(), b.open())
			if err == nil || r.Sent != 0 || r.Failed != 10 || b.calls["SendMessageBatch"] != 1 {
				t.Errorf("%s: %v, %d sends of one batch, report %+v", code, err, b.calls["SendMessageBatch"], r)
			}
			b.wantDepth(dlq, 30)
		})
	}
}

// One that may send and may not delete does not send the queue twice.
func TestRedrive_NothingIsDeleted_EndsAtTheFirstBatch(t *testing.T) {
	denied := &messaging.Error{Code: "AccessDenied", Message: "no sqs:DeleteMessage", Status: 403}
	all := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	for name, f := range map[string]messaging.Fault{
		"the call":   {Error: denied},
		"each entry": {FailEntries: all, EntryError: denied},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(b *bundle) {
				t := b.t
				for n := range 30 {
					b.putAside(n, "refused", "23505")
				}
				b.fault = on("DeleteMessageBatch", dlq, f)
				r, err := b.tryRedrive(t.Context(), b.open())
				if err == nil || !strings.Contains(err.Error(), "10 letters are in both queues") || !strings.Contains(err.Error(), "sqs:DeleteMessage") || r.Sent != 10 || r.Left != 10 {
					t.Errorf("%v, report %+v", err, r)
				}
				b.wantDepth(queue, 10)
				b.wantDepth(dlq, 30)
			})
		})
	}
}

func TestRedrive_MostAreNotDeleted_GivesUp(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 300 {
			b.putAside(n, "refused", "23505")
		}
		b.fault = on("DeleteMessageBatch", dlq, messaging.Fault{FailEntries: []int{0, 1, 2, 3, 4}}) // at each of three tries: five are left of ten
		r, err := b.tryRedrive(t.Context(), b.open())
		if err == nil || r.Left != 100 || r.Sent != 200 {
			t.Errorf("%v, report %+v", err, r)
		}
		b.wantDepth(dlq, 200)
	})
}

// What others hold is told: a run that was killed has hidden it.
func TestRedrive_SomeAreHidden_IsTold(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 10 {
			b.putAside(n, "refused", "23505")
		}
		b.hide(6, time.Minute)
		if r := b.redrive(b.open()); r.Sent != 4 || r.Hidden() != 6 {
			t.Errorf("%d hidden, want 6; report %+v", r.Hidden(), r)
		}
		time.Sleep(time.Minute)
		if r := b.redrive(b.open()); r.Sent != 6 || r.Hidden() != 0 {
			t.Errorf("%d hidden, want none; report %+v", r.Hidden(), r)
		}
	})
}

// What came back in time was seen.
func TestRedrive_HiddenOnesComeBackMeanwhile_NoneIsHidden(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 10 {
			b.putAside(n, "refused", "23505")
		}
		b.hide(6, 5*time.Second)
		q := b.open()
		time.Sleep(5 * time.Second)
		if r := b.redrive(q); r.Sent != 10 || r.Hidden() != 0 {
			t.Errorf("%d hidden, want none; report %+v", r.Hidden(), r)
		}
	})
}

func TestRedrive_Batches_AreWithinTheLimits(t *testing.T) {
	for name, test := range map[string]struct {
		to              string
		messages, bytes int
		want            int
	}{
		"small ones":               {queue, 25, 0, 3},
		"large ones":               {queue, 5, 100 << 10, 3}, // two fit
		"a queue that takes a MiB": {"large", 5, 100 << 10, 1},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(b *bundle) {
				t := b.t
				for n := range test.messages {
					text := fmt.Sprintf("%d %s", n, strings.Repeat("x", test.bytes))
					b.send(dlq, &sqs.SendMessageInput{MessageBody: &text})
				}
				r := b.redrive(b.open(), func(c *deadletter.RedriveConfig) { c.To = b.url(test.to) })
				if r.Sent != test.messages || b.calls["SendMessageBatch"] != test.want {
					t.Errorf("%d calls, want %d; report %+v", b.calls["SendMessageBatch"], test.want, r)
				}
				b.wantDepth(test.to, test.messages)
			})
		})
	}
}

func TestRedrive_Interrupted_EndsWhatIsOnItsWay(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 30 {
			b.putAside(n, "refused", "23505")
		}
		ctx, cancel := context.WithCancel(t.Context())
		b.fault = func(c messaging.Call, n int) *messaging.Fault {
			if c.Action == "SendMessageBatch" && n == 2 {
				cancel() // in the middle of a call
			}
			return nil
		}
		r, err := b.tryRedrive(ctx, b.open())
		if !errors.Is(err, context.Canceled) || r.Sent != 20 {
			t.Errorf("%v, report %+v", err, r)
		}
		b.wantDepth(dlq, 10)
		b.wantDepth(queue, 20)
	})
}

func TestRedrive_Refuses(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for name, test := range map[string]struct {
			change func(*deadletter.RedriveConfig)
			want   string
		}{
			"nowhere":  {func(c *deadletter.RedriveConfig) { c.To = "" }, "no queue to send to"},
			"itself":   {func(c *deadletter.RedriveConfig) { c.To = b.url(dlq) }, "to itself"},
			"FIFO":     {func(c *deadletter.RedriveConfig) { c.To += ".fifo" }, "FIFO"},
			"no queue": {func(c *deadletter.RedriveConfig) { c.To += "x" }, "NonExistentQueue"},
			"rate":     {func(c *deadletter.RedriveConfig) { c.Rate = -1 }, "rate of -1"},
			"limit":    {func(c *deadletter.RedriveConfig) { c.Limit = -1 }, "limit of -1"},
		} {
			if _, err := b.tryRedrive(t.Context(), b.open(), test.change); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: got %v, want an error with %q", name, err, test.want)
			}
		}
	})
}

// What comes when it has begun is not taken, note or no note.
func TestRedrive_LaterOnes_Stay(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		b.putAside(1, "refused", "23505")
		q := b.open()
		time.Sleep(time.Second)
		b.putAside(2, "refused", "23505")
		if r := b.redrive(q); r.Sent != 1 || r.Later != 1 || r.Returned != 0 {
			t.Errorf("report %+v", r)
		}
		b.wantDepth(dlq, 1)
	})
}

// One that can send nothing does not go through the whole queue.
func TestRedrive_NothingIsTaken_GivesUp(t *testing.T) {
	bubble(t, func(b *bundle) {
		t := b.t
		for n := range 130 {
			b.putAside(n, "refused", "23505")
		}
		b.fault = on("SendMessageBatch", queue, messaging.Fault{FailEntries: []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}})
		r, err := b.tryRedrive(t.Context(), b.open())
		if err == nil || r.Failed != 100 {
			t.Errorf("%v, report %+v", err, r)
		}
		b.wantDepth(dlq, 130)
	})
}
