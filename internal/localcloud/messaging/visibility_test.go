package messaging

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

func (b *bundle) delete(url string, handle *string) error {
	_, err := b.sqs.DeleteMessage(b.ctx, &sqs.DeleteMessageInput{QueueUrl: &url, ReceiptHandle: handle})
	return err
}

func (b *bundle) changeVisibility(url string, handle *string, d time.Duration) error {
	_, err := b.sqs.ChangeMessageVisibility(b.ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &url, ReceiptHandle: handle, VisibilityTimeout: seconds64(d),
	})
	return err
}

// A received message is hidden for the timeout of the call, or of the queue
// (SQS guide, "Visibility timeout").
func TestVisibilityTimeout_RunsOut_MessageIsReceivedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
		url := b.queue(QueueConfig{Name: "q", VisibilityTimeout: 20 * time.Second})
		b.send(url, "m")
		first := b.receiveOne(url)
		b.wantDepth("q", QueueDepth{InFlight: 1})
		time.Sleep(20*time.Second - time.Millisecond)
		if got := b.receive(url); len(got) != 0 {
			t.Fatal("received a hidden message")
		}
		time.Sleep(time.Millisecond)
		again := b.receiveWith(&sqs.ReceiveMessageInput{QueueUrl: &url, VisibilityTimeout: 5})
		if len(again) != 1 || *again[0].MessageId != *first.MessageId {
			t.Fatalf("received %v, want the message again", again)
		}
		if *again[0].ReceiptHandle == *first.ReceiptHandle {
			t.Error("the receipt handle is the same as before")
		}
		time.Sleep(5 * time.Second)
		b.receiveOne(url)
	})
}

func TestDeleteMessage_Handles(t *testing.T) {
	for name, tt := range map[string]struct {
		do   func(b *bundle, url string, handle *string) error
		want QueueDepth
	}{
		"in flight: gone": {
			func(b *bundle, url string, handle *string) error { return b.delete(url, handle) },
			QueueDepth{},
		},
		"twice: succeeds": {
			func(b *bundle, url string, handle *string) error {
				return errors.Join(b.delete(url, handle), b.delete(url, handle))
			},
			QueueDepth{},
		},
		"visible again: gone": {
			func(b *bundle, url string, handle *string) error {
				time.Sleep(31 * time.Second)
				return b.delete(url, handle)
			},
			QueueDepth{},
		},
		"received again since: succeeds and does nothing": {
			func(b *bundle, url string, handle *string) error {
				time.Sleep(31 * time.Second)
				b.receiveOne(url)
				return b.delete(url, handle)
			},
			QueueDepth{InFlight: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := setup(t, Config{})
				url := b.queue(QueueConfig{Name: "q"})
				b.send(url, "m")
				if err := tt.do(b, url, b.receiveOne(url).ReceiptHandle); err != nil {
					t.Error(err)
				}
				b.wantDepth("q", tt.want)
			})
		})
	}
}

func TestReceiptHandle_NotOfThisQueue_IsInvalid(t *testing.T) {
	b := setup(t, Config{})
	url, other := b.queue(QueueConfig{Name: "q"}), b.queue(QueueConfig{Name: "other"})
	b.send(other, "m")
	for _, handle := range []*string{aws.String("garbage"), aws.String("AAAA"), b.receiveOne(other).ReceiptHandle} {
		wantError[*sqstypes.ReceiptHandleIsInvalid](t, b.delete(url, handle))
		wantError[*sqstypes.ReceiptHandleIsInvalid](t, b.changeVisibility(url, handle, time.Second))
		out, err := b.sqs.DeleteMessageBatch(b.ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: []sqstypes.DeleteMessageBatchRequestEntry{
			{Id: aws.String("1"), ReceiptHandle: handle},
		}})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Failed) != 1 || *out.Failed[0].Code != "ReceiptHandleIsInvalid" || !out.Failed[0].SenderFault {
			t.Errorf("the entry's failures are %v", out.Failed)
		}
	}
}

func TestChangeMessageVisibility_CountsFromTheCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
		url := b.queue(QueueConfig{Name: "q", VisibilityTimeout: 60 * time.Second})
		b.send(url, "m")
		handle := b.receiveOne(url).ReceiptHandle
		time.Sleep(15 * time.Second)
		if err := b.changeVisibility(url, handle, 10*time.Second); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Second)
		b.receiveOne(url)
	})
}

// A change of one message leaves the order of the others right.
func TestChangeMessageVisibility_OfMany_EachKeepsItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
		url := b.queue(QueueConfig{Name: "q", VisibilityTimeout: time.Hour})
		const n = 8
		for i := range n {
			b.send(url, strconv.Itoa(i))
		}
		for i, m := range b.receive(url) {
			// 0 becomes visible last, 7 first; the order of changes is mixed.
			if err := b.changeVisibility(url, m.ReceiptHandle, time.Duration(10*(n-i))*time.Second); err != nil {
				t.Fatal(err)
			}
		}
		for i := range n {
			time.Sleep(10 * time.Second)
			if got, want := *b.receiveOne(url).Body, strconv.Itoa(n-1-i); got != want {
				t.Errorf("after %d s %s is visible, want %s", 10*(i+1), got, want)
			}
		}
	})
}

// The SDK leaves a timeout of zero out; on the wire it is allowed.
func TestReceiveMessage_VisibilityTimeoutZero_MessageStaysVisible(t *testing.T) {
	b := setup(t, Config{})
	url := b.queue(QueueConfig{Name: "q"})
	b.send(url, "m")
	for range 2 {
		response := post(b.broker.SQS(), map[string]string{"X-Amz-Target": "AmazonSQS.ReceiveMessage"},
			strings.NewReader(`{"VisibilityTimeout":0,"MaxNumberOfMessages":10,"QueueUrl":"`+url+`"}`))
		var got struct{ Messages []struct{ Body string } }
		if err := json.NewDecoder(response.Body).Decode(&got); err != nil || len(got.Messages) != 1 {
			t.Errorf("received %v, %v, want the message once", got, err)
		}
	}
	b.wantDepth("q", QueueDepth{Visible: 1})
}

func TestChangeMessageVisibility_Zero_MessageIsVisibleAtOnce(t *testing.T) {
	b := setup(t, Config{})
	url := b.queue(QueueConfig{Name: "q"})
	b.send(url, "m")
	out, err := b.sqs.ChangeMessageVisibilityBatch(b.ctx, &sqs.ChangeMessageVisibilityBatchInput{
		QueueUrl: &url, Entries: []sqstypes.ChangeMessageVisibilityBatchRequestEntry{{
			Id: aws.String("1"), ReceiptHandle: b.receiveOne(url).ReceiptHandle, VisibilityTimeout: 0,
		}},
	})
	if err != nil || len(out.Successful) != 1 {
		t.Fatal(out, err)
	}
	b.receiveOne(url)
}

func TestChangeMessageVisibility_BreaksARule_IsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
		url := b.queue(QueueConfig{Name: "q", VisibilityTimeout: 10 * time.Second})
		b.send(url, "m")
		handle := b.receiveOne(url).ReceiptHandle
		for _, seconds := range []int32{-1, 43_201} {
			_, err := b.sqs.ChangeMessageVisibility(b.ctx, &sqs.ChangeMessageVisibilityInput{QueueUrl: &url, ReceiptHandle: handle, VisibilityTimeout: seconds})
			wantCode(t, err, "InvalidParameterValue")
		}
		// Twelve hours from the receive, not from the call.
		time.Sleep(5 * time.Second)
		if err := b.changeVisibility(url, handle, maxVisibility-5*time.Second); err != nil {
			t.Errorf("the time that is left: %v", err)
		}
		wantCode(t, b.changeVisibility(url, handle, maxVisibility-4*time.Second), "InvalidParameterValue")

		// Visible again.
		time.Sleep(maxVisibility)
		wantError[*sqstypes.MessageNotInflight](t, b.changeVisibility(url, handle, time.Second))
		// Received again since.
		newer := b.receiveOne(url).ReceiptHandle
		wantCode(t, b.changeVisibility(url, handle, time.Second), "InvalidParameterValue")
		// Deleted.
		if err := b.delete(url, newer); err != nil {
			t.Fatal(err)
		}
		wantCode(t, b.changeVisibility(url, newer, time.Second), "InvalidParameterValue")
	})
}

func TestDelay_MessageOrQueue_HidesNewMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
		url := b.queue(QueueConfig{Name: "q", Delay: 5 * time.Second})
		b.send(url, "queue")
		_, err := b.sqs.SendMessage(b.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("message"), DelaySeconds: 2})
		if err != nil {
			t.Fatal(err)
		}
		b.wantDepth("q", QueueDepth{Delayed: 2})
		time.Sleep(2 * time.Second)
		if got := b.receiveOne(url); *got.Body != "message" {
			t.Errorf("after 2 s %q is visible", *got.Body)
		}
		time.Sleep(3 * time.Second)
		if got := b.receiveOne(url); *got.Body != "queue" {
			t.Errorf("after 5 s %q is visible", *got.Body)
		}
	})
}

// The quota of messages in flight is an error of short polling only (SQS
// guide, "In flight messages").
func TestInFlightQuota_Reached_ShortPollFailsLongPollWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{MaxInFlight: 3})
		url := b.queue(QueueConfig{Name: "q"})
		for range 5 {
			b.send(url, "m")
		}
		got := b.receive(url)
		if len(got) != 3 {
			t.Fatalf("received %d messages, want the quota of 3", len(got))
		}
		_, err := b.sqs.ReceiveMessage(b.ctx, &sqs.ReceiveMessageInput{QueueUrl: &url})
		wantError[*sqstypes.OverLimit](t, err)
		b.later(2*time.Second, func() {
			if err := b.delete(url, got[0].ReceiptHandle); err != nil {
				t.Error(err)
			}
		})
		defer b.background.Wait()
		start := time.Now()
		more := b.receiveWith(&sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20, MaxNumberOfMessages: 10})
		if len(more) != 1 || time.Since(start) != 2*time.Second {
			t.Errorf("%d messages after %v, want 1 after 2s", len(more), time.Since(start))
		}
	})
}

// Messages are gone after the retention period, in flight or not.
func TestRetention_RunsOut_MessagesAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
		url := b.queue(QueueConfig{Name: "q", MessageRetention: time.Minute, VisibilityTimeout: time.Hour})
		b.send(url, "old")
		b.receiveOne(url)
		b.send(url, "old, too")
		time.Sleep(30 * time.Second)
		b.send(url, "young")
		time.Sleep(30 * time.Second)
		b.wantDepth("q", QueueDepth{Visible: 1})
		if got := b.receiveOne(url); *got.Body != "young" {
			t.Errorf("received %q", *got.Body)
		}
	})
}
