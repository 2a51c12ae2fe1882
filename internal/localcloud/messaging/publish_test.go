package messaging

import (
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/google/go-cmp/cmp"
)

func TestPublish_BreaksARule_IsRefused(t *testing.T) {
	b := setup(t, Config{})
	arn, _, _ := b.topic("topic", SubscriptionConfig{})
	attribute := func(name, dataType string, value *string, binary []byte) func(*sns.PublishInput) {
		return func(in *sns.PublishInput) {
			in.MessageAttributes = map[string]snstypes.MessageAttributeValue{
				name: {DataType: &dataType, StringValue: value, BinaryValue: binary},
			}
		}
	}
	v := aws.String("v")
	for name, tt := range map[string]struct {
		change func(*sns.PublishInput)
		code   string
	}{
		"empty message":         {func(in *sns.PublishInput) { in.Message = aws.String("") }, "InvalidParameter"},
		"message not UTF-8":     {func(in *sns.PublishInput) { in.Message = aws.String("\xFF") }, "InvalidParameter"},
		"empty subject":         {func(in *sns.PublishInput) { in.Subject = aws.String("") }, "InvalidParameter"},
		"subject of two lines":  {func(in *sns.PublishInput) { in.Subject = aws.String("a\nb") }, "InvalidParameter"},
		"long subject":          {func(in *sns.PublishInput) { in.Subject = letters(101) }, "InvalidParameter"},
		"unknown structure":     {func(in *sns.PublishInput) { in.MessageStructure = aws.String("xml") }, "InvalidParameter"},
		"structure without it":  {func(in *sns.PublishInput) { in.MessageStructure = aws.String("json") }, "InvalidParameter"},
		"deduplication id":      {func(in *sns.PublishInput) { in.MessageDeduplicationId = v }, "InvalidParameter"},
		"bad group id":          {func(in *sns.PublishInput) { in.MessageGroupId = aws.String("a b") }, "InvalidParameter"},
		"no topic ARN":          {func(in *sns.PublishInput) { in.TopicArn = aws.String("topic") }, "InvalidParameter"},
		"no target":             {func(in *sns.PublishInput) { in.TopicArn = nil }, "InvalidParameter"},
		"no such topic":         {func(in *sns.PublishInput) { in.TopicArn = aws.String(arn + "x") }, "NotFound"},
		"phone number":          {func(in *sns.PublishInput) { in.TopicArn, in.PhoneNumber = nil, aws.String("+441234567890") }, "NotImplemented"},
		"empty value":           {attribute("a", "String", aws.String(""), nil), "ParameterValueInvalid"},
		"no value":              {attribute("a", "String", nil, nil), "ParameterValueInvalid"},
		"empty number":          {attribute("a", "Number", aws.String(""), nil), "ParameterValueInvalid"},
		"empty binary value":    {attribute("a", "Binary", nil, []byte{}), "ParameterValueInvalid"},
		"string in binary":      {attribute("a", "Binary", v, nil), "ParameterValueInvalid"},
		"binary in string":      {attribute("a", "String", nil, []byte("v")), "ParameterValueInvalid"},
		"unknown type":          {attribute("a", "Text", v, nil), "ParameterValueInvalid"},
		"no number":             {attribute("a", "Number", v, nil), "ParameterValueInvalid"},
		"reserved prefix":       {attribute("AWS.x", "String", v, nil), "ParameterValueInvalid"},
		"leading period":        {attribute(".a", "String", v, nil), "ParameterValueInvalid"},
		"trailing period":       {attribute("a.", "String", v, nil), "ParameterValueInvalid"},
		"successive periods":    {attribute("a..b", "String", v, nil), "ParameterValueInvalid"},
		"caret in name":         {attribute("a^b", "String", v, nil), "ParameterValueInvalid"},
		"long name":             {attribute(strings.Repeat("n", 257), "String", v, nil), "ParameterValueInvalid"},
		"attribute without one": {attribute("a", "", v, nil), "ValidationError"},
	} {
		t.Run(name, func(t *testing.T) {
			in := &sns.PublishInput{TopicArn: &arn, Message: aws.String("m")}
			tt.change(in)
			_, err := b.sns.Publish(b.ctx, in)
			wantCode(t, err, tt.code)
		})
	}
	b.wantDepth("topic", QueueDepth{})
}

func TestPublish_TypedErrors(t *testing.T) {
	b := setup(t, Config{})
	arn, _, _ := b.topic("topic", SubscriptionConfig{})
	_, err := b.sns.Publish(b.ctx, &sns.PublishInput{TopicArn: aws.String(arn + "x"), Message: aws.String("m")})
	wantError[*snstypes.NotFoundException](t, err)
	_, err = b.sns.Publish(b.ctx, &sns.PublishInput{TopicArn: &arn, Message: aws.String("")})
	wantError[*snstypes.InvalidParameterException](t, err)
	_, err = b.sns.Publish(b.ctx, &sns.PublishInput{TopicArn: &arn, Message: aws.String("m"), MessageAttributes: map[string]snstypes.MessageAttributeValue{
		"a": {DataType: aws.String("String"), StringValue: aws.String("")},
	}})
	wantError[*snstypes.InvalidParameterValueException](t, err)
	if !strings.Contains(err.Error(), "'a' must contain non-empty message attribute value") {
		t.Errorf("the message got lost: %v", err)
	}
}

// A message of the limit is taken and one byte more is not, attributes
// included (SNS API, Publish).
func TestPublish_AroundTheSizeLimit(t *testing.T) {
	b := setup(t, Config{})
	arn, _, _ := b.topic("topic", SubscriptionConfig{RawMessageDelivery: true})
	attributes := map[string]snstypes.MessageAttributeValue{
		"traceparent": {DataType: aws.String("String"), StringValue: aws.String("é")},
		"b":           {DataType: aws.String("Binary"), BinaryValue: make([]byte, 50)},
	}
	size := len("traceparent"+"String"+"é") + len("b"+"Binary") + 50
	for _, tt := range []struct {
		attributes map[string]snstypes.MessageAttributeValue
		size       int
	}{{nil, 0}, {attributes, size}} {
		for _, over := range []int{-1, 0, 1} {
			_, err := b.sns.Publish(b.ctx, &sns.PublishInput{TopicArn: &arn, Message: letters(maxSizeBytes - tt.size + over), MessageAttributes: tt.attributes})
			if over <= 0 && err != nil {
				t.Errorf("%d bytes of attributes, %+d bytes: %v", tt.size, over, err)
			}
			if over > 0 {
				wantError[*snstypes.InvalidParameterException](t, err)
			}
		}
	}
	b.wantDepth("topic", QueueDepth{Visible: 4})
}

// SNS's envelope makes a message larger than it was published: only a queue that
// takes more than the topic has it.
func TestPublish_AtTheSizeLimit_NeedsALargerQueueForItsEnvelope(t *testing.T) {
	b := setup(t, Config{})
	arn, _, _ := b.topic("topic", SubscriptionConfig{})
	b.queue(QueueConfig{Name: "large", MaximumMessageSizeBytes: maxSizeLimit})
	if _, err := b.broker.Subscribe(SubscriptionConfig{Topic: "topic", Queue: "large"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.sns.Publish(b.ctx, &sns.PublishInput{TopicArn: &arn, Message: letters(maxSizeBytes)}); err != nil {
		t.Fatal(err)
	}
	b.wantDepth("topic", QueueDepth{})
	b.wantDepth("large", QueueDepth{Visible: 1})
}

// The limit is the topic's MaximumMessageSize (SNS guide, "Publishing large
// messages").
func TestPublish_TopicOfLargeMessages_TakesThem(t *testing.T) {
	b := setup(t, Config{})
	created, err := b.sns.CreateTopic(b.ctx, &sns.CreateTopicInput{Name: aws.String("large"), Attributes: map[string]string{"MaximumMessageSize": "1048576"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.sns.Publish(b.ctx, &sns.PublishInput{TopicArn: created.TopicArn, Message: letters(maxSizeLimit)}); err != nil {
		t.Error(err)
	}
	_, err = b.sns.Publish(b.ctx, &sns.PublishInput{TopicArn: created.TopicArn, Message: letters(maxSizeLimit + 1)})
	wantError[*snstypes.InvalidParameterException](t, err)
}

func TestPublishBatch_AroundTheSizeLimit(t *testing.T) {
	b := setup(t, Config{})
	arn, _, _ := b.topic("topic", SubscriptionConfig{})
	for _, over := range []int{-1, 0, 1} {
		_, err := b.sns.PublishBatch(b.ctx, &sns.PublishBatchInput{TopicArn: &arn, PublishBatchRequestEntries: []snstypes.PublishBatchRequestEntry{
			{Id: aws.String("1"), Message: letters(maxSizeBytes / 2), MessageAttributes: snsAttributes(1)},
			{Id: aws.String("2"), Message: letters(maxSizeBytes/2 - len("a0Stringv") + over)},
		}})
		if over <= 0 && err != nil {
			t.Errorf("%+d bytes: %v", over, err)
		}
		if over > 0 {
			wantError[*snstypes.BatchRequestTooLongException](t, err)
		}
	}
	b.wantDepth("topic", QueueDepth{Visible: 4})
}

func (b *bundle) publishBatch(arn string, ids ...string) (*sns.PublishBatchOutput, error) {
	in := &sns.PublishBatchInput{TopicArn: &arn, PublishBatchRequestEntries: []snstypes.PublishBatchRequestEntry{}}
	for _, id := range ids {
		in.PublishBatchRequestEntries = append(in.PublishBatchRequestEntries, snstypes.PublishBatchRequestEntry{Id: aws.String(id), Message: aws.String(id)})
	}
	return b.sns.PublishBatch(b.ctx, in)
}

func TestPublishBatch_BreaksARule_IsRefused(t *testing.T) {
	b := setup(t, Config{})
	arn, _, _ := b.topic("topic", SubscriptionConfig{})
	eleven := make([]string, 11)
	for i := range eleven {
		eleven[i] = strconv.Itoa(i)
	}
	call := func(ids ...string) error { _, err := b.publishBatch(arn, ids...); return err }
	wantError[*snstypes.EmptyBatchRequestException](t, call())
	wantError[*snstypes.TooManyEntriesInBatchRequestException](t, call(eleven...))
	wantError[*snstypes.BatchEntryIdsNotDistinctException](t, call("a", "b", "a"))
	for _, id := range []string{"", "a.b", "a b", "é", strings.Repeat("x", 81)} {
		wantError[*snstypes.InvalidBatchEntryIdException](t, call("ok", id))
	}
	b.wantDepth("topic", QueueDepth{})
	if err := call(eleven[:10]...); err != nil {
		t.Errorf("ten entries: %v", err)
	}
	if err := call(strings.Repeat("x", 80), "a-b_C9"); err != nil {
		t.Errorf("good ids: %v", err)
	}
	_, err := b.publishBatch(arn+"x", "a")
	wantError[*snstypes.NotFoundException](t, err)
}

// One entry with a bad attribute refuses the batch: AWS checks attributes
// before it publishes anything (recorded in LocalStack's
// tests/aws/services/sns/test_sns.snapshot.json, "batch-missing_string_attr").
func TestPublishBatch_BadAttribute_RefusesAllEntries(t *testing.T) {
	b := setup(t, Config{})
	arn, _, _ := b.topic("topic", SubscriptionConfig{})
	_, err := b.sns.PublishBatch(b.ctx, &sns.PublishBatchInput{TopicArn: &arn, PublishBatchRequestEntries: []snstypes.PublishBatchRequestEntry{
		{Id: aws.String("good"), Message: aws.String("m")},
		{Id: aws.String("bad"), Message: aws.String("m"), MessageAttributes: map[string]snstypes.MessageAttributeValue{"a": {DataType: aws.String("String"), StringValue: aws.String("")}}},
	}})
	wantError[*snstypes.InvalidParameterValueException](t, err)
	b.wantDepth("topic", QueueDepth{})
}

// "The result of publishing each message is reported individually [...] you
// should check for batch errors even when the call returns an HTTP status code
// of 200" (SNS API, PublishBatch).
func TestPublishBatch_SomeEntriesFail_OthersArePublished(t *testing.T) {
	b := setup(t, Config{MaxMessages: 2})
	arn, _, _ := b.topic("topic", SubscriptionConfig{})
	out, err := b.sns.PublishBatch(b.ctx, &sns.PublishBatchInput{TopicArn: &arn, PublishBatchRequestEntries: []snstypes.PublishBatchRequestEntry{
		{Id: aws.String("1"), Message: aws.String("m")},
		{Id: aws.String("empty"), Message: aws.String("")},
		{Id: aws.String("2"), Message: aws.String("m")},
		{Id: aws.String("full"), Message: aws.String("m")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	type failure struct {
		Code   string
		Sender bool
	}
	got := make(map[string]failure)
	for _, f := range out.Failed {
		got[*f.Id] = failure{*f.Code, f.SenderFault}
	}
	if diff := cmp.Diff(map[string]failure{"empty": {"InvalidParameter", true}, "full": {"Throttled", false}}, got); diff != "" {
		t.Errorf("failures differ (-want +got):\n%s", diff)
	}
	ids := make(map[string]string)
	for _, s := range out.Successful {
		ids[*s.Id] = *s.MessageId
	}
	if len(ids) != 2 || ids["1"] == "" || ids["2"] == "" || ids["1"] == ids["2"] {
		t.Errorf("successes are %v, want 1 and 2 with message ids of their own", ids)
	}
	b.wantDepth("topic", QueueDepth{Visible: 2})
}
