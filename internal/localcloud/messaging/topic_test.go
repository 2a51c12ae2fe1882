package messaging

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func (b *bundle) subscribe(topicARN, queue string, attributes map[string]string) (*sns.SubscribeOutput, error) {
	return b.sns.Subscribe(b.ctx, &sns.SubscribeInput{
		TopicArn: &topicARN, Protocol: aws.String("sqs"), Endpoint: aws.String(b.broker.QueueARN(queue)), Attributes: attributes,
	})
}

func TestCreateTopic_NamesAndAttributes(t *testing.T) {
	b := setup(t, Config{MaxTopics: 3})
	create := func(name string, attributes map[string]string) (string, error) {
		out, err := b.sns.CreateTopic(b.ctx, &sns.CreateTopicInput{Name: &name, Attributes: attributes})
		if err != nil {
			return "", err
		}
		return *out.TopicArn, nil
	}
	arn, err := create("topic", map[string]string{"DisplayName": "a & b"})
	if err != nil || arn != "arn:aws:sns:eu-west-1:000000000000:topic" {
		t.Fatalf("got %s, %v", arn, err)
	}
	if again, err := create("topic", nil); err != nil || again != arn {
		t.Errorf("again: %s, %v", again, err)
	}
	for name, attributes := range map[string]map[string]string{
		"topic":                  {"DisplayName": "other"},
		"":                       nil,
		"a.b":                    nil,
		strings.Repeat("t", 257): nil,
		"large":                  {"MaximumMessageSize": "1048577"},
		"traced":                 {"TracingConfig": "Sometimes"},
		"odd":                    {"Other": "x"},
	} {
		_, err := create(name, attributes)
		wantError[*snstypes.InvalidParameterException](t, err)
	}
	_, err = create("fifo", map[string]string{"FifoTopic": "true"})
	wantCode(t, err, "NotImplemented")

	out, err := b.sns.GetTopicAttributes(b.ctx, &sns.GetTopicAttributesInput{TopicArn: &arn})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"TopicArn": arn, "Owner": "000000000000", "DisplayName": "a & b",
		"SubscriptionsConfirmed": "0", "SubscriptionsPending": "0", "SubscriptionsDeleted": "0",
	}
	if diff := cmp.Diff(want, out.Attributes); diff != "" {
		t.Errorf("attributes differ (-want +got):\n%s", diff)
	}

	for _, name := range []string{"2", "3"} {
		if _, err := create(name, nil); err != nil {
			t.Fatal(err)
		}
	}
	_, err = create("4", nil)
	wantError[*snstypes.TopicLimitExceededException](t, err)
}

func TestSubscribe_Again_GivesTheSameSubscription(t *testing.T) {
	b := setup(t, Config{})
	arn, _, first := b.topic("topic", SubscriptionConfig{RawMessageDelivery: true})
	for _, attributes := range []map[string]string{nil, {"RawMessageDelivery": "true"}} {
		again, err := b.subscribe(arn, "topic", attributes)
		if err != nil || *again.SubscriptionArn != first {
			t.Errorf("%v: got %v, %v, want %s", attributes, again, err, first)
		}
	}
	_, err := b.subscribe(arn, "topic", map[string]string{"RawMessageDelivery": "false"})
	wantError[*snstypes.InvalidParameterException](t, err)
}

func TestSubscribe_BreaksARule_IsRefused(t *testing.T) {
	b := setup(t, Config{})
	arn, _, _ := b.topic("topic", SubscriptionConfig{})
	for name, tt := range map[string]struct {
		change func(*sns.SubscribeInput)
		code   string
	}{
		"other protocol": {func(in *sns.SubscribeInput) { in.Protocol = aws.String("https") }, "NotImplemented"},
		"queue URL":      {func(in *sns.SubscribeInput) { in.Endpoint = aws.String(b.broker.QueueURL("q")) }, "InvalidParameter"},
		"no such topic":  {func(in *sns.SubscribeInput) { in.TopicArn = aws.String(arn + "x") }, "NotFound"},
		"no topic ARN":   {func(in *sns.SubscribeInput) { in.TopicArn = aws.String("topic") }, "InvalidParameter"},
		"bad raw":        {func(in *sns.SubscribeInput) { in.Attributes = map[string]string{"RawMessageDelivery": "1"} }, "InvalidParameter"},
		"bad redrive": {func(in *sns.SubscribeInput) {
			in.Attributes = map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"x"}`}
		}, "InvalidParameter"},
		"bad filter":    {func(in *sns.SubscribeInput) { in.Attributes = map[string]string{"FilterPolicy": `x`} }, "InvalidParameter"},
		"body filter":   {func(in *sns.SubscribeInput) { in.Attributes = map[string]string{"FilterPolicyScope": "MessageBody"} }, "NotImplemented"},
		"odd attribute": {func(in *sns.SubscribeInput) { in.Attributes = map[string]string{"Other": "x"} }, "InvalidParameter"},
	} {
		t.Run(name, func(t *testing.T) {
			in := &sns.SubscribeInput{TopicArn: &arn, Protocol: aws.String("sqs"), Endpoint: aws.String(b.broker.QueueARN("q"))}
			tt.change(in)
			_, err := b.sns.Subscribe(b.ctx, in)
			wantCode(t, err, tt.code)
		})
	}
	_, err := b.broker.Subscribe(SubscriptionConfig{Topic: "topic", Queue: "gone"})
	if e := (*Error)(nil); !errors.As(err, &e) || e.Code != "QueueDoesNotExist" {
		t.Errorf("subscribing a queue that is not there in Go gives %v", err)
	}
}

func TestSubscription_AttributesListingAndEnd(t *testing.T) {
	b := setup(t, Config{})
	b.queue(QueueConfig{Name: "dlq"})
	topic, url, arn := b.topic("topic", SubscriptionConfig{})
	attributes := func() map[string]string {
		t.Helper()
		out, err := b.sns.GetSubscriptionAttributes(b.ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: &arn})
		if err != nil {
			t.Fatal(err)
		}
		return out.Attributes
	}
	want := map[string]string{
		"SubscriptionArn": arn, "TopicArn": topic, "Protocol": "sqs", "Endpoint": b.broker.QueueARN("topic"), "Owner": "000000000000",
		"ConfirmationWasAuthenticated": "true", "PendingConfirmation": "false", "RawMessageDelivery": "false",
	}
	if diff := cmp.Diff(want, attributes()); diff != "" {
		t.Errorf("attributes differ (-want +got):\n%s", diff)
	}
	set := func(name, value string) error {
		_, err := b.sns.SetSubscriptionAttributes(b.ctx, &sns.SetSubscriptionAttributesInput{SubscriptionArn: &arn, AttributeName: &name, AttributeValue: &value})
		return err
	}
	changes := map[string]string{
		"RawMessageDelivery": "true", "FilterPolicy": `{"event-type":["a"]}`,
		"RedrivePolicy": `{"deadLetterTargetArn":"` + b.broker.QueueARN("dlq") + `"}`,
	}
	for name, value := range changes {
		if err := set(name, value); err != nil {
			t.Fatal(err)
		}
		want[name] = value
	}
	want["FilterPolicyScope"] = "MessageAttributes"
	if diff := cmp.Diff(want, attributes()); diff != "" {
		t.Errorf("after the change attributes differ (-want +got):\n%s", diff)
	}
	wantError[*snstypes.InvalidParameterException](t, set("RawMessageDelivery", "maybe"))
	wantError[*snstypes.InvalidParameterException](t, set("Other", "x"))

	listed, err := b.sns.ListSubscriptionsByTopic(b.ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: &topic})
	if err != nil {
		t.Fatal(err)
	}
	wantList := []snstypes.Subscription{{
		SubscriptionArn: &arn, TopicArn: &topic, Protocol: aws.String("sqs"), Endpoint: aws.String(b.broker.QueueARN("topic")), Owner: aws.String("000000000000"),
	}}
	if diff := cmp.Diff(wantList, listed.Subscriptions, cmpopts.IgnoreUnexported(snstypes.Subscription{})); diff != "" {
		t.Errorf("subscriptions differ (-want +got):\n%s", diff)
	}

	for range 2 { // the second time it is gone already
		if _, err := b.sns.Unsubscribe(b.ctx, &sns.UnsubscribeInput{SubscriptionArn: &arn}); err != nil {
			t.Fatal(err)
		}
	}
	wantError[*snstypes.NotFoundException](t, set("RawMessageDelivery", "true"))
	b.publish(&sns.PublishInput{TopicArn: &topic, Message: aws.String("m")})
	if got := b.receive(url); len(got) != 0 {
		t.Error("a message was delivered to a subscription that is gone")
	}
}

func TestSetSubscriptionAttributes_RawMessageDelivery_HoldsForWhatComes(t *testing.T) {
	b := setup(t, Config{})
	topic, url, arn := b.topic("topic", SubscriptionConfig{})
	for raw, isRaw := range map[string]bool{"true": true, "false": false} {
		_, err := b.sns.SetSubscriptionAttributes(b.ctx, &sns.SetSubscriptionAttributesInput{
			SubscriptionArn: &arn, AttributeName: aws.String("RawMessageDelivery"), AttributeValue: &raw,
		})
		if err != nil {
			t.Fatal(err)
		}
		b.publish(&sns.PublishInput{TopicArn: &topic, Message: aws.String("m")})
		if got := *b.receiveOne(url).Body; (got == "m") != isRaw {
			t.Errorf("RawMessageDelivery %s: the body is %s", raw, got)
		}
	}
}
