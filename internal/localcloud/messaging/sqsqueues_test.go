package messaging

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
)

func TestCreateQueue_Again_SameAttributesGiveTheSameQueue(t *testing.T) {
	b := setup(t, Config{})
	create := func(attributes map[string]string) (string, error) {
		out, err := b.sqs.CreateQueue(b.ctx, &sqs.CreateQueueInput{QueueName: aws.String("q"), Attributes: attributes})
		if err != nil {
			return "", err
		}
		return *out.QueueUrl, nil
	}
	first, err := create(map[string]string{"DelaySeconds": "1"})
	if err != nil {
		t.Fatal(err)
	}
	for _, attributes := range []map[string]string{nil, {"DelaySeconds": "1"}, {"VisibilityTimeout": "30"}} {
		if again, err := create(attributes); err != nil || again != first {
			t.Errorf("%v: got %s, %v, want %s", attributes, again, err, first)
		}
	}
	_, err = create(map[string]string{"DelaySeconds": "2"})
	wantError[*sqstypes.QueueNameExists](t, err)
	wantCode(t, err, "QueueAlreadyExists") // as the Query protocol called it

	found, err := b.sqs.GetQueueUrl(b.ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("q")})
	if err != nil || *found.QueueUrl != first {
		t.Errorf("GetQueueUrl gives %v, %v, want %s", found, err, first)
	}
	b.send(first, "the URL works")
}

func TestCreateQueue_BadNameOrAttribute_IsRefused(t *testing.T) {
	b := setup(t, Config{MaxQueues: 2})
	for name, code := range map[string]string{
		"": "MissingParameter", "a b": "InvalidParameterValue", "q.fifo": "InvalidParameterValue",
		strings.Repeat("q", 81): "InvalidParameterValue",
	} {
		_, err := b.sqs.CreateQueue(b.ctx, &sqs.CreateQueueInput{QueueName: &name})
		wantCode(t, err, code)
	}
	for attribute, values := range map[string][]string{
		"VisibilityTimeout":             {"-1", "43201", "x", "1.5"},
		"DelaySeconds":                  {"-1", "901"},
		"MessageRetentionPeriod":        {"59", "1209601"},
		"ReceiveMessageWaitTimeSeconds": {"-1", "21"},
		"MaximumMessageSize":            {"1023", "1048577"},
	} {
		for _, value := range values {
			_, err := b.sqs.CreateQueue(b.ctx, &sqs.CreateQueueInput{QueueName: aws.String("q"), Attributes: map[string]string{attribute: value}})
			wantError[*sqstypes.InvalidAttributeValue](t, err)
		}
	}
	for _, attribute := range []string{"FifoQueue", "Other"} {
		_, err := b.sqs.CreateQueue(b.ctx, &sqs.CreateQueueInput{QueueName: aws.String("q"), Attributes: map[string]string{attribute: "true"}})
		wantError[*sqstypes.InvalidAttributeName](t, err)
	}
	_, err := b.broker.CreateQueue(QueueConfig{Name: "q", VisibilityTimeout: 1500 * time.Millisecond})
	if e := (*Error)(nil); !errors.As(err, &e) || e.Code != "InvalidAttributeValue" {
		t.Errorf("a timeout of 1.5 s gives %v", err)
	}

	b.queue(QueueConfig{Name: "1"})
	b.queue(QueueConfig{Name: "2"})
	_, err = b.sqs.CreateQueue(b.ctx, &sqs.CreateQueueInput{QueueName: aws.String("3")})
	wantError[*sqstypes.OverLimit](t, err)
}

func TestQueueAttributes_SetAndGet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
		b.queue(QueueConfig{Name: "dlq"})
		created := time.Now().Unix()
		url := b.queue(QueueConfig{Name: "q", ReceiveWait: 3 * time.Second})
		for range 3 {
			b.send(url, "m")
		}
		b.receiveWith(&sqs.ReceiveMessageInput{QueueUrl: &url})
		_, err := b.sqs.SendMessage(b.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("m"), DelaySeconds: 9})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		policy := `{"deadLetterTargetArn":"` + b.broker.QueueARN("dlq") + `","maxReceiveCount":5}`
		_, err = b.sqs.SetQueueAttributes(b.ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{
			"VisibilityTimeout": "60", "MessageRetentionPeriod": "120", "MaximumMessageSize": "1048576", "RedrivePolicy": policy,
		}})
		if err != nil {
			t.Fatal(err)
		}
		out, err := b.sqs.GetQueueAttributes(b.ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{"All"}})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{
			"ApproximateNumberOfMessages": "2", "ApproximateNumberOfMessagesNotVisible": "1", "ApproximateNumberOfMessagesDelayed": "1",
			"CreatedTimestamp": strconv.FormatInt(created, 10), "LastModifiedTimestamp": strconv.FormatInt(created+1, 10),
			"DelaySeconds": "0", "MaximumMessageSize": "1048576", "MessageRetentionPeriod": "120", "ReceiveMessageWaitTimeSeconds": "3",
			"VisibilityTimeout": "60", "QueueArn": "arn:aws:sqs:eu-west-1:000000000000:q", "RedrivePolicy": policy, "SqsManagedSseEnabled": "true",
		}
		if diff := cmp.Diff(want, out.Attributes); diff != "" {
			t.Errorf("attributes differ (-want +got):\n%s", diff)
		}

		some, err := b.sqs.GetQueueAttributes(b.ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{"QueueArn", "Policy"}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]string{"QueueArn": want["QueueArn"]}, some.Attributes); diff != "" {
			t.Errorf("chosen attributes differ (-want +got):\n%s", diff)
		}
		_, err = b.sqs.GetQueueAttributes(b.ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{"Other"}})
		wantError[*sqstypes.InvalidAttributeName](t, err)
	})
}

// Nothing of a change is done if a part of it is wrong.
func TestSetQueueAttributes_OneBad_NoneIsSet(t *testing.T) {
	b := setup(t, Config{})
	url := b.queue(QueueConfig{Name: "q"})
	set := func(attributes map[string]string) error {
		_, err := b.sqs.SetQueueAttributes(b.ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: attributes})
		return err
	}
	if err := set(map[string]string{"Policy": "first"}); err != nil {
		t.Fatal(err)
	}
	wantError[*sqstypes.InvalidAttributeValue](t, set(map[string]string{"DelaySeconds": "5", "Policy": "second", "VisibilityTimeout": "x"}))
	out, err := b.sqs.GetQueueAttributes(b.ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []sqstypes.QueueAttributeName{"DelaySeconds", "Policy"}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"DelaySeconds": "0", "Policy": "first"}, out.Attributes); diff != "" {
		t.Errorf("attributes differ (-want +got):\n%s", diff)
	}
}

// A shorter retention period holds for messages that are there already (SQS
// API, SetQueueAttributes).
func TestSetQueueAttributes_ShorterRetention_OldMessagesAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
		url := b.queue(QueueConfig{Name: "q"})
		b.send(url, "m")
		time.Sleep(2 * time.Minute)
		_, err := b.sqs.SetQueueAttributes(b.ctx, &sqs.SetQueueAttributesInput{QueueUrl: &url, Attributes: map[string]string{"MessageRetentionPeriod": "60"}})
		if err != nil {
			t.Fatal(err)
		}
		b.wantDepth("q", QueueDepth{})
	})
}

func TestListQueues_PrefixAndPages(t *testing.T) {
	b := setup(t, Config{})
	for _, name := range []string{"b-2", "a-1", "b-1", "b-3"} {
		b.queue(QueueConfig{Name: name})
	}
	list := func(in *sqs.ListQueuesInput) (names []string, token *string) {
		t.Helper()
		out, err := b.sqs.ListQueues(b.ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, url := range out.QueueUrls {
			names = append(names, url[strings.LastIndex(url, "/")+1:])
		}
		return names, out.NextToken
	}
	all, token := list(&sqs.ListQueuesInput{})
	if diff := cmp.Diff([]string{"a-1", "b-1", "b-2", "b-3"}, all); diff != "" || token != nil {
		t.Errorf("all queues differ (-want +got), token %v:\n%s", token, diff)
	}
	first, token := list(&sqs.ListQueuesInput{QueueNamePrefix: aws.String("b"), MaxResults: aws.Int32(2)})
	rest, end := list(&sqs.ListQueuesInput{QueueNamePrefix: aws.String("b"), MaxResults: aws.Int32(2), NextToken: token})
	if diff := cmp.Diff([][]string{{"b-1", "b-2"}, {"b-3"}}, [][]string{first, rest}); diff != "" || end != nil {
		t.Errorf("pages differ (-want +got), last token %v:\n%s", end, diff)
	}
}

func TestPurgeQueue_ForgetsAllMessages_OnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
		url := b.queue(QueueConfig{Name: "q"})
		purge := func() error {
			_, err := b.sqs.PurgeQueue(b.ctx, &sqs.PurgeQueueInput{QueueUrl: &url})
			return err
		}
		b.send(url, "in flight")
		handle := b.receiveOne(url).ReceiptHandle
		b.send(url, "visible")
		if err := purge(); err != nil {
			t.Fatal(err)
		}
		b.wantDepth("q", QueueDepth{})
		if err := b.delete(url, handle); err != nil {
			t.Errorf("deleting what was purged: %v", err)
		}
		time.Sleep(59 * time.Second)
		wantError[*sqstypes.PurgeQueueInProgress](t, purge())
		time.Sleep(time.Second)
		if err := purge(); err != nil {
			t.Error(err)
		}
	})
}

func TestClip_LongText_EndsBehindACharacter(t *testing.T) {
	t.Parallel()
	if got, want := clip("x"+strings.Repeat("ü", 100)), "x"+strings.Repeat("ü", 49)+"..."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := clip("short"); got != "short" {
		t.Errorf("%q, want it whole", got)
	}
}
