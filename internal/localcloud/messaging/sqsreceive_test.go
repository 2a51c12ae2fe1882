package messaging

import (
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
)

func TestReceiveMessage_EmptyQueue_AnswersAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
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
		b := setup(t, Config{AccountID: "123456789012"})
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
