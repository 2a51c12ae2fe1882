package messaging

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func (b *bundle) publish(in *sns.PublishInput, options ...func(*sns.Options)) string {
	b.tb.Helper()
	out, err := b.sns.Publish(b.ctx, in, options...)
	if err != nil {
		b.tb.Fatal(err)
	}
	return *out.MessageId
}

// The envelope, to the letter of AWS's examples (SNS guide, "Message and JSON
// formats", HTTP/HTTPS notification).
func TestPublish_Envelope(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{AccountID: "123456789012", Region: "us-west-2"})
		arn, url, subscription := b.topic("MyTopic", SubscriptionConfig{})
		time.Sleep(6655 * time.Millisecond)
		id := b.publish(&sns.PublishInput{
			TopicArn: &arn, Subject: aws.String("My First Message"), Message: aws.String("Hello \"world\"!\n"),
			MessageAttributes: map[string]snstypes.MessageAttributeValue{
				"s": {DataType: aws.String("String"), StringValue: aws.String("x<y")},
				"n": {DataType: aws.String("Number"), StringValue: aws.String("19.12")},
				"b": {DataType: aws.String("Binary"), BinaryValue: []byte{2, 3, 4}},
			},
		})
		got := b.receiveOne(url)
		want := `{
  "Type" : "Notification",
  "MessageId" : "` + id + `",
  "TopicArn" : "arn:aws:sns:us-west-2:123456789012:MyTopic",
  "Subject" : "My First Message",
  "Message" : "Hello \"world\"!\n",
  "Timestamp" : "2000-01-01T00:00:06.655Z",
  "SignatureVersion" : "1",
  "Signature" : "bm90IHNpZ25lZDogbG9jYWwgYnJva2Vy",
  "SigningCertURL" : "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-local.pem",
  "UnsubscribeURL" : "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=` + subscription + `",
  "MessageAttributes" : {
    "b" : {"Type":"Binary","Value":"AgME"},
    "n" : {"Type":"Number","Value":"19.12"},
    "s" : {"Type":"String","Value":"x<y"}
  }
}`
		if diff := cmp.Diff(want, *got.Body); diff != "" {
			t.Errorf("the envelope differs (-want +got):\n%s", diff)
		}
		if len(got.MessageAttributes) != 0 {
			t.Errorf("the message has attributes besides the envelope's: %v", got.MessageAttributes)
		}
		if *got.MessageId == id {
			t.Error("the SQS message id is SNS's")
		}
	})
}

// Without subject and attributes their members are not there.
func TestPublish_EnvelopeOfPlainMessage_HasNoEmptyMembers(t *testing.T) {
	b := setup(t, Config{})
	arn, url, _ := b.topic("topic", SubscriptionConfig{})
	b.publish(&sns.PublishInput{TopicArn: &arn, Message: aws.String("m")})
	var members map[string]any
	if err := json.Unmarshal([]byte(*b.receiveOne(url).Body), &members); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Subject", "MessageAttributes"} {
		if v, ok := members[name]; ok {
			t.Errorf("%s is %v", name, v)
		}
	}
}

// Raw delivery takes all metadata of SNS away and leaves message and
// attributes as they are (SNS guide, "Raw message delivery").
func TestPublish_Raw_ArrivesUnchanged(t *testing.T) {
	b := setup(t, Config{})
	arn, url, subscription := b.topic("topic", SubscriptionConfig{RawMessageDelivery: true})
	attributes := map[string]snstypes.MessageAttributeValue{
		"s":    {DataType: aws.String("String"), StringValue: aws.String("é +%&=\U0001F600")},
		"list": {DataType: aws.String("String.Array"), StringValue: aws.String(`["a",1]`)},
		"n":    {DataType: aws.String("Number"), StringValue: aws.String("111")},
		"b":    {DataType: aws.String("Binary"), BinaryValue: []byte{0, 0xFE}},
	}
	body := "a+b%20c&d=e \U0001F600\n"
	id := b.publish(&sns.PublishInput{TopicArn: &arn, Message: &body, Subject: aws.String("s"), MessageAttributes: attributes, MessageGroupId: aws.String("g")})
	got := b.receiveOne(url)
	want := map[string]sqstypes.MessageAttributeValue{}
	for name, a := range attributes {
		want[name] = sqstypes.MessageAttributeValue{DataType: a.DataType, StringValue: a.StringValue, BinaryValue: a.BinaryValue}
	}
	if diff := cmp.Diff(want, got.MessageAttributes, cmpopts.IgnoreUnexported(sqstypes.MessageAttributeValue{})); diff != "" {
		t.Errorf("attributes differ (-published +received):\n%s", diff)
	}
	if *got.Body != body {
		t.Errorf("body is %q, want %q", *got.Body, body)
	}
	if got.Attributes["MessageGroupId"] != "g" {
		t.Errorf("system attributes are %v, want the message group", got.Attributes)
	}
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
		t.Errorf("the message id %q is no UUID", id)
	}
	if d, err := b.broker.Deliveries(subscription); err != nil || d != (Deliveries{Delivered: 1}) {
		t.Errorf("deliveries are %+v, %v", d, err)
	}
}

// The tracing header of Publish reaches the queue as AWSTraceHeader, raw or
// not, whatever TracingConfig is (SNS API, SetTopicAttributes).
func TestPublish_TracingHeader_PassesThrough(t *testing.T) {
	for _, raw := range []bool{true, false} {
		b := setup(t, Config{})
		if _, err := b.sns.CreateTopic(b.ctx, &sns.CreateTopicInput{Name: aws.String("topic"), Attributes: map[string]string{"TracingConfig": "Active"}}); err != nil {
			t.Fatal(err)
		}
		arn, url, _ := b.topic("topic", SubscriptionConfig{RawMessageDelivery: raw})
		b.publish(&sns.PublishInput{TopicArn: &arn, Message: aws.String("m")}, withSNSHeader("X-Amzn-Trace-Id", traceHeader))
		if got := b.receiveOne(url).Attributes["AWSTraceHeader"]; got != traceHeader {
			t.Errorf("raw %v: AWSTraceHeader is %q", raw, got)
		}
		b.publish(&sns.PublishInput{TopicArn: &arn, Message: aws.String("m")}, withSNSHeader("X-Amzn-Trace-Id", "garbage"))
		if got, ok := b.receiveOne(url).Attributes["AWSTraceHeader"]; ok {
			t.Errorf("raw %v: garbage became AWSTraceHeader %q", raw, got)
		}
	}
}

// Beyond ten attributes a raw delivery is a client error: the message is
// discarded, and Publish knows nothing of it. Ten are fine, and so are eleven
// in an envelope (SNS guide, "Message attributes").
func TestPublish_ElevenAttributesRaw_AreDiscarded(t *testing.T) {
	b := setup(t, Config{})
	arn, _, raw := b.topic("topic", SubscriptionConfig{RawMessageDelivery: true})
	b.queue(QueueConfig{Name: "envelope"})
	wrapped, err := b.broker.Subscribe(SubscriptionConfig{Topic: "topic", Queue: "envelope"})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{10, 11} {
		b.publish(&sns.PublishInput{TopicArn: &arn, Message: aws.String("m"), MessageAttributes: snsAttributes(n)})
	}
	b.wantDepth("topic", QueueDepth{Visible: 1})
	b.wantDepth("envelope", QueueDepth{Visible: 2})
	if d, err := b.broker.Deliveries(raw); err != nil || d != (Deliveries{Delivered: 1, TooManyAttributes: 1, Discarded: 1}) {
		t.Errorf("raw deliveries are %+v, %v", d, err)
	}
	if d, err := b.broker.Deliveries(wrapped); err != nil || d != (Deliveries{Delivered: 2}) {
		t.Errorf("deliveries in an envelope are %+v, %v", d, err)
	}
}

// With a dead-letter queue on the subscription, the message is there: in the
// envelope, since no SQS message can have eleven attributes.
func TestPublish_ElevenAttributesRawWithDeadLetterQueue_AreKept(t *testing.T) {
	b := setup(t, Config{})
	dlq := b.queue(QueueConfig{Name: "dlq"})
	arn, _, subscription := b.topic("topic", SubscriptionConfig{RawMessageDelivery: true, DeadLetterQueue: "dlq"})
	b.publish(&sns.PublishInput{TopicArn: &arn, Message: aws.String("m"), MessageAttributes: snsAttributes(11)})
	b.wantDepth("topic", QueueDepth{})
	var envelope struct {
		Message           string
		MessageAttributes map[string]struct{ Type, Value string }
	}
	if err := json.Unmarshal([]byte(*b.receiveOne(dlq).Body), &envelope); err != nil {
		t.Fatal(err)
	}
	if envelope.Message != "m" || len(envelope.MessageAttributes) != 11 {
		t.Errorf("the dead-letter queue holds %+v", envelope)
	}
	if d, err := b.broker.Deliveries(subscription); err != nil || d != (Deliveries{TooManyAttributes: 1, DeadLettered: 1}) {
		t.Errorf("deliveries are %+v, %v", d, err)
	}
}

// A queue that is not there, and one that takes only smaller messages, are
// client errors, too: dead-letter queue or nothing (SNS guide, "Dead-letter
// queues"). The dead-lettered message looks as it would have in the queue.
func TestPublish_QueueCannotTakeIt_DeadLetterQueueHasIt(t *testing.T) {
	b := setup(t, Config{})
	dlq := b.queue(QueueConfig{Name: "dlq"})
	small := b.queue(QueueConfig{Name: "small", MaximumMessageSizeBytes: 1_024})
	arn, err := b.broker.CreateTopic("topic")
	if err != nil {
		t.Fatal(err)
	}
	subscribe := func(queue, policy string) string {
		attributes := map[string]string{"RawMessageDelivery": "true"}
		if policy != "" {
			attributes["RedrivePolicy"] = policy
		}
		out, err := b.sns.Subscribe(b.ctx, &sns.SubscribeInput{
			TopicArn: &arn, Protocol: aws.String("sqs"), Endpoint: aws.String(b.broker.QueueARN(queue)), Attributes: attributes,
		})
		if err != nil {
			t.Fatal(err)
		}
		return *out.SubscriptionArn
	}
	policy := `{"deadLetterTargetArn":"` + b.broker.QueueARN("dlq") + `"}`
	tooSmall, gone, goneWithout := subscribe("small", policy), subscribe("gone", policy), subscribe("gone-2", "")
	body := strings.Repeat("x", 1_025)
	b.publish(&sns.PublishInput{TopicArn: &arn, Message: &body, MessageAttributes: snsAttributes(1)})

	if got := b.receive(small); len(got) != 0 {
		t.Error("the queue took a message beyond its limit")
	}
	dead := b.receive(dlq)
	if len(dead) != 2 || *dead[0].Body != body || len(dead[0].MessageAttributes) != 1 || dead[0].Attributes["DeadLetterQueueSourceArn"] != "" {
		t.Errorf("the dead-letter queue holds %d messages: %v", len(dead), dead)
	}
	for subscription, want := range map[string]Deliveries{
		tooSmall: {Undeliverable: 1, DeadLettered: 1}, gone: {Undeliverable: 1, DeadLettered: 1}, goneWithout: {Undeliverable: 1, Discarded: 1},
	} {
		if d, err := b.broker.Deliveries(subscription); err != nil || d != want {
			t.Errorf("deliveries are %+v, %v, want %+v", d, err, want)
		}
	}
}

// The message of structure json has a body for queues, or the default, and no
// attributes (SNS API, Publish; SNS guide, "Message attributes").
func TestPublish_MessageStructureJSON_PicksTheBodyForQueues(t *testing.T) {
	b := setup(t, Config{})
	arn, url, _ := b.topic("topic", SubscriptionConfig{RawMessageDelivery: true})
	for message, want := range map[string]string{
		`{"default":"d","sqs":"q","http":"h"}`:   "q",
		`{"default":"d","http":"h"}`:             "d",
		`{"default":"d","sqs":{"not":"string"}}`: "d",
	} {
		b.publish(&sns.PublishInput{TopicArn: &arn, Message: &message, MessageStructure: aws.String("json"), MessageAttributes: snsAttributes(2)})
		got := b.receiveOne(url)
		if *got.Body != want || len(got.MessageAttributes) != 0 {
			t.Errorf("%s arrives as %q with %d attributes, want %q with none", message, *got.Body, len(got.MessageAttributes), want)
		}
	}
	for _, message := range []string{`{"sqs":"q"}`, `{"default":1}`, `[]`, `{`} {
		_, err := b.sns.Publish(b.ctx, &sns.PublishInput{TopicArn: &arn, Message: &message, MessageStructure: aws.String("json")})
		wantError[*snstypes.InvalidParameterException](t, err)
	}
}

// Each subscription gets a message of its own; the delay of a queue holds for
// deliveries, too.
func TestPublish_ManySubscriptions_EachGetsTheMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config{})
		arn, first, _ := b.topic("first", SubscriptionConfig{RawMessageDelivery: true})
		second := b.queue(QueueConfig{Name: "second", Delay: 3 * time.Second})
		if _, err := b.broker.Subscribe(SubscriptionConfig{Topic: "first", Queue: "second", RawMessageDelivery: true}); err != nil {
			t.Fatal(err)
		}
		b.publish(&sns.PublishInput{TargetArn: &arn, Message: aws.String("m")})
		a := b.receiveOne(first)
		start := time.Now()
		c := b.receiveWith(&sqs.ReceiveMessageInput{QueueUrl: &second, WaitTimeSeconds: 20})
		if len(c) != 1 || *c[0].Body != *a.Body || *c[0].MessageId == *a.MessageId {
			t.Errorf("the queues got %v and %v", a, c)
		}
		if waited := time.Since(start); waited != 3*time.Second {
			t.Errorf("the delayed queue answered after %v", waited)
		}
	})
}
