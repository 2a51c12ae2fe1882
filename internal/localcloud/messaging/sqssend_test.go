package messaging

import (
	"crypto/md5"
	"encoding/hex"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const traceHeader = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"

func TestSendMessage_WithAttributes_ArrivesUnchanged(t *testing.T) {
	b := setup(t, Config{})
	url := b.queue(QueueConfig{Name: "q"})
	attributes := map[string]sqstypes.MessageAttributeValue{
		"traceparent": {DataType: aws.String("String"), StringValue: aws.String("00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01")},
		"n":           {DataType: aws.String("Number.int"), StringValue: aws.String("-12.5e3")},
		"b":           {DataType: aws.String("Binary"), BinaryValue: []byte{0, 1, 0xFF}},
		"list":        {DataType: aws.String("String.Array"), StringValue: aws.String(`["x","y"]`)},
	}
	body := "é \"quoted\" \\ \t\n <&> \U0001F600"
	sent, err := b.sqs.SendMessage(b.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body, MessageAttributes: attributes})
	if err != nil {
		t.Fatal(err)
	}
	got := b.receiveOne(url)
	if *got.Body != body {
		t.Errorf("body is %q, want %q", *got.Body, body)
	}
	if diff := cmp.Diff(attributes, got.MessageAttributes, cmpopts.IgnoreUnexported(sqstypes.MessageAttributeValue{})); diff != "" {
		t.Errorf("attributes differ (-sent +received):\n%s", diff)
	}
	if *got.MessageId != *sent.MessageId {
		t.Errorf("message id is %s, want %s", *got.MessageId, *sent.MessageId)
	}
	if *got.MD5OfMessageAttributes != *sent.MD5OfMessageAttributes {
		t.Errorf("the digest of the attributes is %s, was %s", *got.MD5OfMessageAttributes, *sent.MD5OfMessageAttributes)
	}
}

// The digests of attributes were computed by AWS: they are the recorded
// answers of the service in LocalStack's tests/aws/services/sqs/test_sqs.snapshot.json
// and .../sns/test_sns.snapshot.json.
func TestAttributesMD5_KnownAnswers(t *testing.T) {
	for want, attributes := range map[string][]attribute{
		"4c360f3fdafd970e05fae2f149d997f5": {{"General", "String", "Kenobi"}, {"Hello", "String", "There"}, {"Help.Me", "String", "Me"}},
		"fca026605781cb4126a1e9044df24232": {{"General", "String", "Kenobi"}, {"Hello", "String", "There"}},
		"8cbe4db156db8a94db8b801b7addb984": {{"attr1", "Binary", "traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01"}},
		"1f07082409022a373fa2a2601f82b3cb": {{"attr1", "Number", "19.12"}},
	} {
		if got := attributesMD5(attributes); got != want {
			t.Errorf("the digest of %v is %s, AWS says %s", attributes, got, want)
		}
	}
}

func TestSendMessage_Digests_OfBodyAttributesAndSystemAttributes(t *testing.T) {
	b := setup(t, Config{})
	url := b.queue(QueueConfig{Name: "q"})
	out, err := b.sqs.SendMessage(b.ctx, &sqs.SendMessageInput{
		QueueUrl: &url, MessageBody: aws.String("body"),
		MessageSystemAttributes: map[string]sqstypes.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String(traceHeader)},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	body := md5.Sum([]byte("body"))
	if *out.MD5OfMessageBody != hex.EncodeToString(body[:]) {
		t.Errorf("MD5OfMessageBody is %s", *out.MD5OfMessageBody)
	}
	if out.MD5OfMessageAttributes != nil {
		t.Errorf("MD5OfMessageAttributes is %s, want none without attributes", *out.MD5OfMessageAttributes)
	}
	want := "\x00\x00\x00\x0eAWSTraceHeader\x00\x00\x00\x06String\x01\x00\x00\x00" + string(rune(len(traceHeader))) + traceHeader
	system := md5.Sum([]byte(want))
	if *out.MD5OfMessageSystemAttributes != hex.EncodeToString(system[:]) {
		t.Errorf("MD5OfMessageSystemAttributes is %s, want %x", *out.MD5OfMessageSystemAttributes, system)
	}
}

func TestSendMessage_BreaksARule_IsRefused(t *testing.T) {
	b := setup(t, Config{})
	url := b.queue(QueueConfig{Name: "q"})
	attribute := func(name, dataType string, value *string, binary []byte) func(*sqs.SendMessageInput) {
		return func(in *sqs.SendMessageInput) {
			in.MessageAttributes = map[string]sqstypes.MessageAttributeValue{
				name: {DataType: &dataType, StringValue: value, BinaryValue: binary},
			}
		}
	}
	v := aws.String("v")
	for name, tt := range map[string]struct {
		change func(*sqs.SendMessageInput)
		code   string
	}{
		"empty body":             {func(in *sqs.SendMessageInput) { in.MessageBody = aws.String("") }, "MissingParameter"},
		"control character":      {func(in *sqs.SendMessageInput) { in.MessageBody = aws.String("\x01") }, "InvalidMessageContents"},
		"noncharacter":           {func(in *sqs.SendMessageInput) { in.MessageBody = aws.String("\uFFFF") }, "InvalidMessageContents"},
		"11 attributes":          {func(in *sqs.SendMessageInput) { in.MessageAttributes = stringAttributes(11) }, "InvalidParameterValue"},
		"empty value":            {attribute("a", "String", aws.String(""), nil), "InvalidParameterValue"},
		"no value":               {attribute("a", "String", nil, nil), "InvalidParameterValue"},
		"empty binary value":     {attribute("a", "Binary", nil, []byte{}), "InvalidParameterValue"},
		"string in binary":       {attribute("a", "Binary", v, nil), "InvalidParameterValue"},
		"two values":             {attribute("a", "String", v, []byte("v")), "InvalidParameterValue"},
		"unknown type":           {attribute("a", "Text", v, nil), "InvalidParameterValue"},
		"type in lower case":     {attribute("a", "string", v, nil), "InvalidParameterValue"},
		"empty type":             {attribute("a", "", v, nil), "InvalidParameterValue"},
		"long type":              {attribute("a", "String."+strings.Repeat("x", 250), v, nil), "InvalidParameterValue"},
		"no number":              {attribute("a", "Number", v, nil), "InvalidParameterValue"},
		"number of 39 digits":    {attribute("a", "Number", aws.String(strings.Repeat("9", 39)), nil), "InvalidParameterValue"},
		"control character in a": {attribute("a", "String", aws.String("\x08"), nil), "InvalidParameterValue"},
		"reserved prefix AWS":    {attribute("aWs.x", "String", v, nil), "InvalidParameterValue"},
		"reserved prefix Amazon": {attribute("AMAZON.x", "String", v, nil), "InvalidParameterValue"},
		"leading period":         {attribute(".a", "String", v, nil), "InvalidParameterValue"},
		"trailing period":        {attribute("a.", "String", v, nil), "InvalidParameterValue"},
		"successive periods":     {attribute("a..b", "String", v, nil), "InvalidParameterValue"},
		"space in name":          {attribute("a b", "String", v, nil), "InvalidParameterValue"},
		"name of 257 characters": {attribute(strings.Repeat("n", 257), "String", v, nil), "InvalidParameterValue"},
		"negative delay":         {func(in *sqs.SendMessageInput) { in.DelaySeconds = -1 }, "InvalidParameterValue"},
		"delay of 901 seconds":   {func(in *sqs.SendMessageInput) { in.DelaySeconds = 901 }, "InvalidParameterValue"},
		"deduplication id":       {func(in *sqs.SendMessageInput) { in.MessageDeduplicationId = v }, "InvalidParameterValue"},
		"group id with a space":  {func(in *sqs.SendMessageInput) { in.MessageGroupId = aws.String("a b") }, "InvalidParameterValue"},
		"bad tracing header": {func(in *sqs.SendMessageInput) {
			in.MessageSystemAttributes = map[string]sqstypes.MessageSystemAttributeValue{"AWSTraceHeader": {DataType: aws.String("String"), StringValue: v}}
		}, "InvalidParameterValue"},
		"unknown system attribute": {func(in *sqs.SendMessageInput) {
			in.MessageSystemAttributes = map[string]sqstypes.MessageSystemAttributeValue{"Other": {DataType: aws.String("String"), StringValue: v}}
		}, "InvalidParameterValue"},
		"no such queue": {func(in *sqs.SendMessageInput) { in.QueueUrl = aws.String(url + "x") }, "AWS.SimpleQueueService.NonExistentQueue"},
		"no queue URL":  {func(in *sqs.SendMessageInput) { in.QueueUrl = aws.String("q") }, "InvalidAddress"},
	} {
		t.Run(name, func(t *testing.T) {
			in := &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("body")}
			tt.change(in)
			_, err := b.sqs.SendMessage(b.ctx, in)
			wantCode(t, err, tt.code)
		})
	}
	b.wantDepth("q", QueueDepth{})
}

func TestSendMessage_AtTheLimits_IsTaken(t *testing.T) {
	b := setup(t, Config{})
	url := b.queue(QueueConfig{Name: "q"})
	for name, in := range map[string]*sqs.SendMessageInput{
		"10 attributes": {MessageAttributes: stringAttributes(10)},
		"name of 256":   {MessageAttributes: map[string]sqstypes.MessageAttributeValue{strings.Repeat("n", 256): {DataType: aws.String("String"), StringValue: aws.String("v")}}},
		"38 digits":     {MessageAttributes: map[string]sqstypes.MessageAttributeValue{"n": {DataType: aws.String("Number"), StringValue: aws.String(strings.Repeat("9", 38))}}},
		"group id":      {MessageGroupId: aws.String("tenant-1")},
	} {
		in.QueueUrl, in.MessageBody = &url, aws.String("b")
		if _, err := b.sqs.SendMessage(b.ctx, in); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A message of the limit is taken and one byte more is not, wherever the bytes
// stand: body, attribute names, types, values.
func TestSendMessage_AroundTheSizeLimit(t *testing.T) {
	b := setup(t, Config{})
	small := b.queue(QueueConfig{Name: "small"})
	large := b.queue(QueueConfig{Name: "large", MaximumMessageSizeBytes: maxSizeLimit})
	attributes := stringAttributes(10)
	attributes["b"] = sqstypes.MessageAttributeValue{DataType: aws.String("Binary.x"), BinaryValue: make([]byte, 100)}
	delete(attributes, "a0")
	size := len("b") + len("Binary.x") + 100 + 9*(len("a1")+len("String")+len("v"))
	for _, tt := range []struct {
		url        string
		limit      int
		attributes map[string]sqstypes.MessageAttributeValue
		size       int
	}{
		{small, maxSizeBytes, nil, 0},
		{small, maxSizeBytes, attributes, size},
		{large, maxSizeLimit, attributes, size},
	} {
		for _, over := range []int{-1, 0, 1} {
			in := &sqs.SendMessageInput{
				QueueUrl: &tt.url, MessageAttributes: tt.attributes, MessageBody: letters(tt.limit - tt.size + over),
				// Not counted: the size of system attributes.
				MessageSystemAttributes: map[string]sqstypes.MessageSystemAttributeValue{
					"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String(traceHeader)},
				},
			}
			_, err := b.sqs.SendMessage(b.ctx, in)
			if over <= 0 && err != nil {
				t.Errorf("limit %d, %+d bytes: %v", tt.limit, over, err)
			}
			if over > 0 {
				wantCode(t, err, "InvalidParameterValue")
			}
		}
	}
}

func TestSendMessageBatch_AroundTheSizeLimit(t *testing.T) {
	b := setup(t, Config{})
	url := b.queue(QueueConfig{Name: "q"})
	for _, over := range []int{-1, 0, 1} {
		_, err := b.sqs.SendMessageBatch(b.ctx, &sqs.SendMessageBatchInput{QueueUrl: &url, Entries: []sqstypes.SendMessageBatchRequestEntry{
			{Id: aws.String("1"), MessageBody: letters(maxSizeBytes / 2), MessageAttributes: stringAttributes(1)},
			{Id: aws.String("2"), MessageBody: letters(maxSizeBytes/2 - len("a0Stringv") + over)},
		}})
		if over <= 0 && err != nil {
			t.Errorf("%+d bytes: %v", over, err)
		}
		if over > 0 {
			wantError[*sqstypes.BatchRequestTooLong](t, err)
		}
	}
	b.wantDepth("q", QueueDepth{Visible: 4})
}

func TestSendMessageBatch_SomeEntriesBad_OthersAreSent(t *testing.T) {
	b := setup(t, Config{})
	url := b.queue(QueueConfig{Name: "q", MaximumMessageSizeBytes: 1_024})
	out, err := b.sqs.SendMessageBatch(b.ctx, &sqs.SendMessageBatchInput{QueueUrl: &url, Entries: []sqstypes.SendMessageBatchRequestEntry{
		{Id: aws.String("long"), MessageBody: letters(1_025)},
		{Id: aws.String("good"), MessageBody: aws.String("good"), MessageAttributes: stringAttributes(2)},
		{Id: aws.String("control"), MessageBody: aws.String("\x01")},
		{Id: aws.String("many"), MessageBody: aws.String("many"), MessageAttributes: stringAttributes(11)},
		{Id: aws.String("good-2"), MessageBody: letters(1_024)},
	}})
	if err != nil {
		t.Fatal(err)
	}
	codes := make(map[string]string)
	for _, f := range out.Failed {
		codes[*f.Id] = *f.Code
		if !f.SenderFault {
			t.Errorf("%s is not the sender's fault", *f.Id)
		}
	}
	want := map[string]string{"long": "InvalidParameterValue", "control": "InvalidMessageContents", "many": "InvalidParameterValue"}
	if diff := cmp.Diff(want, codes); diff != "" {
		t.Errorf("failures differ (-want +got):\n%s", diff)
	}
	var ids []string
	for _, s := range out.Successful {
		ids = append(ids, *s.Id)
	}
	if diff := cmp.Diff([]string{"good", "good-2"}, ids); diff != "" {
		t.Errorf("sent entries differ (-want +got):\n%s", diff)
	}
	b.wantDepth("q", QueueDepth{Visible: 2})
}

// The rules of a batch are the same for all three calls (SQS API,
// SendMessageBatch, DeleteMessageBatch, ChangeMessageVisibilityBatch).
func TestBatches_BreakARule_AreRefused(t *testing.T) {
	b := setup(t, Config{})
	url := b.queue(QueueConfig{Name: "q"})
	numbered := func(n int) (ids []string) {
		for i := range n {
			ids = append(ids, strconv.Itoa(i))
		}
		return ids
	}
	calls := map[string]func(ids []string) error{
		"SendMessageBatch": func(ids []string) error {
			in := &sqs.SendMessageBatchInput{QueueUrl: &url, Entries: []sqstypes.SendMessageBatchRequestEntry{}}
			for _, id := range ids {
				in.Entries = append(in.Entries, sqstypes.SendMessageBatchRequestEntry{Id: aws.String(id), MessageBody: aws.String("b")})
			}
			_, err := b.sqs.SendMessageBatch(b.ctx, in)
			return err
		},
		"DeleteMessageBatch": func(ids []string) error {
			in := &sqs.DeleteMessageBatchInput{QueueUrl: &url, Entries: []sqstypes.DeleteMessageBatchRequestEntry{}}
			for _, id := range ids {
				in.Entries = append(in.Entries, sqstypes.DeleteMessageBatchRequestEntry{Id: aws.String(id), ReceiptHandle: aws.String("r")})
			}
			_, err := b.sqs.DeleteMessageBatch(b.ctx, in)
			return err
		},
		"ChangeMessageVisibilityBatch": func(ids []string) error {
			in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &url, Entries: []sqstypes.ChangeMessageVisibilityBatchRequestEntry{}}
			for _, id := range ids {
				in.Entries = append(in.Entries, sqstypes.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String(id), ReceiptHandle: aws.String("r")})
			}
			_, err := b.sqs.ChangeMessageVisibilityBatch(b.ctx, in)
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			wantError[*sqstypes.EmptyBatchRequest](t, call(nil))
			wantError[*sqstypes.TooManyEntriesInBatchRequest](t, call(numbered(11)))
			wantError[*sqstypes.BatchEntryIdsNotDistinct](t, call([]string{"a", "b", "a"}))
			for _, id := range []string{"", "a:b", "a b", "é", strings.Repeat("x", 81)} {
				wantError[*sqstypes.InvalidBatchEntryId](t, call([]string{"ok", id}))
			}
			if err := call([]string{strings.Repeat("x", 80), "a-b_C9"}); err != nil {
				t.Errorf("good ids: %v", err)
			}
			if err := call(numbered(10)); err != nil {
				t.Errorf("ten entries: %v", err)
			}
		})
	}
}

// The header X-Amzn-Trace-Id of a request becomes the AWSTraceHeader of its
// messages, and the system attribute goes before it (X-Ray guide, "Amazon SQS
// and AWS X-Ray").
func TestSend_TracingHeader_BecomesSystemAttribute(t *testing.T) {
	const other = "Root=1-00000000-bd862e3fe1be46a994272793"
	b := setup(t, Config{})
	url := b.queue(QueueConfig{Name: "q"})
	_, err := b.sqs.SendMessageBatch(b.ctx, &sqs.SendMessageBatchInput{QueueUrl: &url, Entries: []sqstypes.SendMessageBatchRequestEntry{
		{Id: aws.String("1"), MessageBody: aws.String("header")},
		{Id: aws.String("2"), MessageBody: aws.String("attribute"), MessageSystemAttributes: map[string]sqstypes.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String(other)},
		}},
	}}, withHeader("X-Amzn-Trace-Id", traceHeader))
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, m := range b.receive(url) {
		got[*m.Body] = m.Attributes["AWSTraceHeader"]
	}
	if diff := cmp.Diff(map[string]string{"header": traceHeader, "attribute": other}, got); diff != "" {
		t.Errorf("tracing headers differ (-want +got):\n%s", diff)
	}
}

func TestSendMessage_QueueFull_IsRefusedClearly(t *testing.T) {
	b := setup(t, Config{MaxMessages: 2, MaxBytes: 4096})
	url := b.queue(QueueConfig{Name: "q"})
	b.send(url, "1")
	_, err := b.sqs.SendMessage(b.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: letters(3_100)})
	wantError[*sqstypes.OverLimit](t, err)
	b.send(url, "2")
	_, err = b.sqs.SendMessage(b.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: aws.String("3")})
	wantError[*sqstypes.OverLimit](t, err)
	if !strings.Contains(err.Error(), "queue q is full") {
		t.Errorf("the error does not say what is full: %v", err)
	}
}
