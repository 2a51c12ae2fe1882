package messaging

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"
)

// A look shows messages wherever they are, oldest first, and changes nothing.
func TestMessages_ShowsWhatIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
		url := b.queue(QueueConfig{Name: "q", VisibilityTimeout: 30 * time.Second})
		start := time.Now()
		out, err := b.sqs.SendMessage(b.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("in flight"), MessageAttributes: stringAttributes(1)})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		b.receiveOne(url)
		visible := b.send(url, "visible")
		delayed, err := b.sqs.SendMessage(b.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("delayed"), DelaySeconds: 5})
		if err != nil {
			t.Fatal(err)
		}
		received := start.Add(time.Second)
		want := []StoredMessage{
			{
				MessageID: *out.MessageId, Body: "in flight", Attributes: map[string]Attribute{"a0": {Type: "String", Value: "v"}},
				SentAt: start, FirstReceivedAt: received, ReceiveCount: 1, VisibleAt: received.Add(30 * time.Second), InFlight: true,
			},
			{MessageID: *visible.MessageId, Body: "visible", SentAt: received},
			{MessageID: *delayed.MessageId, Body: "delayed", SentAt: received, VisibleAt: received.Add(5 * time.Second)},
		}
		for limit, n := range map[int]int{10: 3, 2: 2, 0: 0, -1: 0} {
			got, err := b.broker.Messages("q", limit)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want[:n], got); diff != "" {
				t.Errorf("limit %d: messages differ (-want +got):\n%s", limit, diff)
			}
		}
		if got, want := b.depth("q"), (QueueDepth{Visible: 1, InFlight: 1, Delayed: 1, SizeBytes: int64(len("in flight" + "a0Stringv" + "visible" + "delayed"))}); got != want {
			t.Errorf("the depth is %+v, want %+v", got, want)
		}
	})
}

func TestInspection_OfWhatIsNotThere_SaysSo(t *testing.T) {
	b := New(Config{})
	defer b.Close()
	_, noDepth := b.QueueDepth("q")
	_, noMessages := b.Messages("q", 1)
	_, noDeliveries := b.Deliveries("arn:aws:sns:eu-west-1:000000000000:t:id")
	for err, code := range map[error]string{noDepth: "QueueDoesNotExist", noMessages: "QueueDoesNotExist", noDeliveries: "NotFound"} {
		if e := (*Error)(nil); !errors.As(err, &e) || e.Code != code {
			t.Errorf("got %v, want %s", err, code)
		}
	}
}
