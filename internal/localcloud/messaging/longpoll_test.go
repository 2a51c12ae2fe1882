package messaging

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
)

func TestLongPoll_MessageArrives_AnswersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
		url := b.queue(QueueConfig{Name: "q"})
		start := time.Now()
		b.later(7*time.Second, func() { b.send(url, "m") })
		defer b.background.Wait()
		got := b.receiveWith(&sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20})
		if len(got) != 1 || time.Since(start) != 7*time.Second {
			t.Errorf("received %d messages after %v, want 1 after 7s", len(got), time.Since(start))
		}
	})
}

func TestLongPoll_NothingArrives_AnswersEmptyAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
		url := b.queue(QueueConfig{Name: "q", ReceiveWait: 4 * time.Second})
		for wait, want := range map[int32]time.Duration{0: 4 * time.Second, 20: 20 * time.Second} {
			start := time.Now()
			got := b.receiveWith(&sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: wait})
			if len(got) != 0 || time.Since(start) != want {
				t.Errorf("WaitTimeSeconds %d: %d messages after %v, want 0 after %v", wait, len(got), time.Since(start), want)
			}
		}
	})
}

// A hidden message ends a wait when it becomes visible, however it was hidden.
func TestLongPoll_HiddenMessageBecomesVisible_Answers(t *testing.T) {
	for name, tt := range map[string]struct {
		hide func(b *bundle, url string)
		want time.Duration
	}{
		"visibility timeout": {func(b *bundle, url string) { b.send(url, "m"); b.receiveOne(url) }, 10 * time.Second},
		"delay": {func(b *bundle, url string) {
			_, err := b.sqs.SendMessage(b.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("m"), DelaySeconds: 3})
			if err != nil {
				b.tb.Fatal(err)
			}
		}, 3 * time.Second},
		"delayed after the wait began": {func(b *bundle, url string) {
			b.later(time.Second, func() {
				_, err := b.sqs.SendMessage(b.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("m"), DelaySeconds: 3})
				if err != nil {
					b.tb.Error(err)
				}
			})
		}, 4 * time.Second},
		"timeout shortened": {func(b *bundle, url string) {
			b.send(url, "m")
			handle := b.receiveOne(url).ReceiptHandle
			b.later(time.Second, func() {
				if err := b.changeVisibility(url, handle, time.Second); err != nil {
					b.tb.Error(err)
				}
			})
		}, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := setup(t, Config{})
				url := b.queue(QueueConfig{Name: "q", VisibilityTimeout: 10 * time.Second})
				tt.hide(b, url)
				defer b.background.Wait()
				start := time.Now()
				got := b.receiveWith(&sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20})
				if len(got) != 1 || time.Since(start) != tt.want {
					t.Errorf("%d messages after %v, want 1 after %v", len(got), time.Since(start), tt.want)
				}
			})
		})
	}
}

func TestLongPoll_ManyWait_EachMessageGoesToOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
		url := b.queue(QueueConfig{Name: "q"})
		var mu sync.Mutex
		counts := make(map[string]int)
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				for _, m := range b.receiveWith(&sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 5, MaxNumberOfMessages: 10}) {
					mu.Lock()
					counts[*m.Body]++
					mu.Unlock()
				}
			})
		}
		synctest.Wait()
		for i := range 5 {
			b.send(url, strconv.Itoa(i))
		}
		wg.Wait()
		if diff := cmp.Diff(map[string]int{"0": 1, "1": 1, "2": 1, "3": 1, "4": 1}, counts); diff != "" {
			t.Errorf("receives differ (-want +got):\n%s", diff)
		}
	})
}

// A batch that arrives is handed over whole.
func TestLongPoll_BatchArrives_IsReceivedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
		url := b.queue(QueueConfig{Name: "q"})
		b.later(time.Second, func() {
			in := &sqs.SendMessageBatchInput{QueueUrl: &url}
			for i := range 10 {
				in.Entries = append(in.Entries, sqstypes.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String("m")})
			}
			if _, err := b.sqs.SendMessageBatch(b.ctx, in); err != nil {
				t.Error(err)
			}
		})
		defer b.background.Wait()
		got := b.receiveWith(&sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 5, MaxNumberOfMessages: 10})
		if len(got) != 10 {
			t.Errorf("received %d messages, want 10", len(got))
		}
	})
}

// A client that is gone takes no message with it.
func TestLongPoll_ClientGivesUp_MessageStays(t *testing.T) {
	b := setupBound(t, Config{})
	url := b.queue(QueueConfig{Name: "q"})
	waiting := func(want int) {
		for waiters := -1; waiters != want; time.Sleep(time.Millisecond) {
			b.broker.mu.Lock()
			waiters = b.broker.queues["q"].waiters.Len()
			b.broker.mu.Unlock()
		}
	}
	ctx, cancel := context.WithCancel(b.ctx)
	received := make(chan error, 1)
	go func() {
		_, err := b.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20})
		received <- err
	}()
	waiting(1)
	cancel()
	if err := <-received; err == nil {
		t.Fatal("the receive succeeded")
	}
	waiting(0) // the server has seen it
	b.send(url, "m")
	b.wantDepth("q", QueueDepth{Visible: 1})
}

func TestClose_ReceivesWait_EndsThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
		url := b.queue(QueueConfig{Name: "q"})
		b.later(time.Second, b.broker.Close)
		defer b.background.Wait()
		start := time.Now()
		if got := b.receiveWith(&sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20}); len(got) != 0 {
			t.Errorf("received %v", got)
		}
		if waited := time.Since(start); waited != time.Second {
			t.Errorf("waited %v", waited)
		}
		_, err := b.sqs.SendMessage(b.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("m")})
		wantCode(t, err, "ServiceUnavailable")
		b.broker.Close() // again
	})
}
