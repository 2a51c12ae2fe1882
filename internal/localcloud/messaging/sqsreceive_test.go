package messaging

import (
	"context"
	"errors"
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

func TestReceiveMessage_EmptyQueue_AnswersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t, Config{})
		url := b.queue(QueueConfig{Name: "q"})
		start := time.Now()
		if got := b.receive(url); len(got) != 0 {
			t.Errorf("received %d messages", len(got))
		}
		if waited := time.Since(start); waited != 0 {
			t.Errorf("waited %v", waited)
		}
	})
}

func TestReceiveMessage_MaxNumberOfMessages_IsOneByDefaultAndTenAtMost(t *testing.T) {
	b := setup(t, Config{})
	url := b.queue(QueueConfig{Name: "q"})
	for i := range 12 {
		b.send(url, strconv.Itoa(i))
	}
	for limit, want := range map[int32]int{0: 1, 10: 10} {
		got := b.receiveWith(&sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: limit})
		if len(got) != want {
			t.Errorf("MaxNumberOfMessages %d: received %d, want %d", limit, len(got), want)
		}
	}
	for _, in := range []*sqs.ReceiveMessageInput{
		{MaxNumberOfMessages: 11},
		{MaxNumberOfMessages: -1},
		{WaitTimeSeconds: 21},
		{WaitTimeSeconds: -1},
		{VisibilityTimeout: 43_201},
		{VisibilityTimeout: -1},
	} {
		in.QueueUrl = &url
		_, err := b.sqs.ReceiveMessage(b.ctx, in)
		wantCode(t, err, "InvalidParameterValue")
	}
}

// What is not asked for is not there (SQS API, ReceiveMessage).
func TestReceiveMessage_AttributeNames_SelectAttributes(t *testing.T) {
	b := setup(t, Config{})
	url := b.queue(QueueConfig{Name: "q", VisibilityTimeout: 1 * time.Second})
	attributes := make(map[string]sqstypes.MessageAttributeValue)
	for _, name := range []string{"General", "Hello", "Help.Me"} {
		attributes[name] = sqstypes.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(name)}
	}
	_, err := b.sqs.SendMessage(b.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("b"), MessageAttributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ names, want []string }{
		{nil, nil},
		{[]string{"All"}, []string{"General", "Hello", "Help.Me"}},
		{[]string{".*"}, []string{"General", "Hello", "Help.Me"}},
		{[]string{"Help.*"}, []string{"Help.Me"}},
		{[]string{"Hel.*"}, []string{"Hello", "Help.Me"}},
		{[]string{"Hello", "Other"}, []string{"Hello"}},
		{[]string{"hello"}, nil},
	} {
		got := b.receiveWith(&sqs.ReceiveMessageInput{QueueUrl: &url, MessageAttributeNames: tt.names})
		if len(got) != 1 {
			t.Fatalf("%v: received %d messages", tt.names, len(got))
		}
		var names []string
		var chosen []attribute
		for _, name := range tt.want {
			if _, ok := got[0].MessageAttributes[name]; ok {
				names = append(names, name)
				chosen = append(chosen, attribute{name, "String", name})
			}
		}
		if diff := cmp.Diff(tt.want, names); diff != "" || len(got[0].MessageAttributes) != len(tt.want) {
			t.Errorf("%v: attributes differ (-want +got):\n%s", tt.names, diff)
		}
		if digest := aws.ToString(got[0].MD5OfMessageAttributes); digest != attributesMD5(chosen) {
			t.Errorf("%v: the digest is %q, not that of the attributes returned", tt.names, digest)
		}
		if len(got[0].Attributes) != 0 {
			t.Errorf("%v: system attributes %v were not asked for", tt.names, got[0].Attributes)
		}
		if err := b.changeVisibility(url, got[0].ReceiptHandle, 0); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReceiveMessage_SystemAttributes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t, Config{AccountID: "123456789012"})
		url := b.queue(QueueConfig{Name: "q", VisibilityTimeout: 10 * time.Second})
		sent := time.Now()
		_, err := b.sqs.SendMessage(b.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("b"), MessageGroupId: aws.String("g")})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		first := time.Now()
		b.receiveOne(url)
		time.Sleep(10 * time.Second)
		got := b.receiveOne(url)
		want := map[string]string{
			"SenderId": "123456789012", "MessageGroupId": "g", "ApproximateReceiveCount": "2",
			"SentTimestamp":                    strconv.FormatInt(sent.UnixMilli(), 10),
			"ApproximateFirstReceiveTimestamp": strconv.FormatInt(first.UnixMilli(), 10),
		}
		if diff := cmp.Diff(want, got.Attributes); diff != "" {
			t.Errorf("attributes differ (-want +got):\n%s", diff)
		}
		time.Sleep(10 * time.Second)
		one := b.receiveWith(&sqs.ReceiveMessageInput{
			QueueUrl:                    &url,
			AttributeNames:              []sqstypes.QueueAttributeName{"SenderId"}, //nolint:staticcheck // the older name of the list
			MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"ApproximateReceiveCount", "AWSTraceHeader"},
		})
		if diff := cmp.Diff(map[string]string{"SenderId": "123456789012", "ApproximateReceiveCount": "3"}, one[0].Attributes); diff != "" {
			t.Errorf("chosen attributes differ (-want +got):\n%s", diff)
		}
	})
}

// A received message is hidden for the timeout of the call, or of the queue
// (SQS guide, "Visibility timeout").
func TestVisibilityTimeout_RunsOut_MessageIsReceivedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t, Config{})
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
				b := setupInProcess(t, Config{})
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
		b := setupInProcess(t, Config{})
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
		b := setupInProcess(t, Config{})
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

func TestLongPoll_MessageArrives_AnswersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t, Config{})
		url := b.queue(QueueConfig{Name: "q"})
		start := time.Now()
		go func() {
			time.Sleep(7 * time.Second)
			b.send(url, "m")
		}()
		got := b.receiveWith(&sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20})
		if len(got) != 1 || time.Since(start) != 7*time.Second {
			t.Errorf("received %d messages after %v, want 1 after 7s", len(got), time.Since(start))
		}
	})
}

func TestLongPoll_NothingArrives_AnswersEmptyAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t, Config{})
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
			go func() {
				time.Sleep(time.Second)
				_, err := b.sqs.SendMessage(b.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("m"), DelaySeconds: 3})
				if err != nil {
					b.tb.Error(err)
				}
			}()
		}, 4 * time.Second},
		"timeout shortened": {func(b *bundle, url string) {
			b.send(url, "m")
			handle := b.receiveOne(url).ReceiptHandle
			go func() {
				time.Sleep(time.Second)
				if err := b.changeVisibility(url, handle, time.Second); err != nil {
					b.tb.Error(err)
				}
			}()
		}, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := setupInProcess(t, Config{})
				url := b.queue(QueueConfig{Name: "q", VisibilityTimeout: 10 * time.Second})
				tt.hide(b, url)
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
		b := setupInProcess(t, Config{})
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
		b := setupInProcess(t, Config{})
		url := b.queue(QueueConfig{Name: "q"})
		go func() {
			in := &sqs.SendMessageBatchInput{QueueUrl: &url}
			for i := range 10 {
				in.Entries = append(in.Entries, sqstypes.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: aws.String("m")})
			}
			time.Sleep(time.Second)
			if _, err := b.sqs.SendMessageBatch(b.ctx, in); err != nil {
				t.Error(err)
			}
		}()
		got := b.receiveWith(&sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 5, MaxNumberOfMessages: 10})
		if len(got) != 10 {
			t.Errorf("received %d messages, want 10", len(got))
		}
	})
}

// A client that is gone takes no message with it.
func TestLongPoll_ClientGivesUp_MessageStays(t *testing.T) {
	b := setup(t, Config{})
	url := b.queue(QueueConfig{Name: "q"})
	ctx, cancel := context.WithTimeout(b.ctx, 50*time.Millisecond)
	defer cancel()
	if _, err := b.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &url, WaitTimeSeconds: 20}); err == nil {
		t.Fatal("the receive succeeded")
	}
	for waiting := true; waiting; { // until the server has seen it
		b.broker.mu.Lock()
		waiting = b.broker.queues["q"].waiters.Len() > 0
		b.broker.mu.Unlock()
		time.Sleep(time.Millisecond)
	}
	b.send(url, "m")
	b.wantDepth("q", QueueDepth{Visible: 1})
}

func TestClose_ReceivesWait_EndsThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t, Config{})
		url := b.queue(QueueConfig{Name: "q"})
		go func() {
			time.Sleep(time.Second)
			b.broker.Close()
		}()
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

func TestDelay_MessageOrQueue_HidesNewMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setupInProcess(t, Config{})
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
		b := setupInProcess(t, Config{MaxInFlight: 3})
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
		go func() {
			time.Sleep(2 * time.Second)
			if err := b.delete(url, got[0].ReceiptHandle); err != nil {
				t.Error(err)
			}
		}()
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
		b := setupInProcess(t, Config{})
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

func TestShuffle_ReordersMessages(t *testing.T) {
	order := func(c Config) (bodies []string) {
		b := setup(t, c)
		url := b.queue(QueueConfig{Name: "q"})
		for i := range 10 {
			b.send(url, strconv.Itoa(i))
		}
		for _, m := range b.receive(url) {
			bodies = append(bodies, *m.Body)
		}
		return bodies
	}
	inOrder := []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}
	if diff := cmp.Diff(inOrder, order(Config{})); diff != "" {
		t.Errorf("without Shuffle the order differs (-want +got):\n%s", diff)
	}
	shuffled := order(Config{Shuffle: true, Seed: 7})
	if cmp.Equal(inOrder, shuffled) {
		t.Error("with Shuffle the order is that of sending")
	}
	if diff := cmp.Diff(shuffled, order(Config{Shuffle: true, Seed: 7})); diff != "" {
		t.Errorf("the same seed gives another order:\n%s", diff)
	}
}

func TestDuplicateRate_One_EachMessageIsReceivedTwice(t *testing.T) {
	b := setup(t, Config{DuplicateRate: 1})
	url := b.queue(QueueConfig{Name: "q"})
	id := *b.send(url, "m").MessageId
	for range 2 {
		m := b.receiveOne(url)
		if *m.MessageId != id {
			t.Errorf("received %s, want %s again", *m.MessageId, id)
		}
		if err := b.delete(url, m.ReceiptHandle); err != nil {
			t.Fatal(err)
		}
	}
	b.wantDepth("q", QueueDepth{})
}
