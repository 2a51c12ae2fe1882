//go:build unix

package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
)

// The event is compared byte for byte with what the Lambda Developer Guide
// shows ("Using Lambda with Amazon SQS"), ids and times aside.
func TestMapping_Event_IsAsLambdaWritesIt(t *testing.T) {
	b := setup(t, Config{Env: printing}, MappingConfig{})
	sent, err := b.client.SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: &b.url, MessageBody: aws.String(`{"html":"<&>"}`),
		MessageAttributes: map[string]sqstypes.MessageAttributeValue{
			"text":   {DataType: aws.String("String"), StringValue: aws.String("value")},
			"number": {DataType: aws.String("Number.int"), StringValue: aws.String("7")},
			"binary": {DataType: aws.String("Binary"), BinaryValue: []byte{0, 255}},
		},
		MessageSystemAttributes: map[string]sqstypes.MessageSystemAttributeValue{
			"AWSTraceHeader": {DataType: aws.String("String"), StringValue: aws.String("Root=1-5759e988-bd862e3fe1be46a994272793")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.run(t)
	eventually(t, "the event", func() bool { return len(b.recorder.texts("stdout")) == 1 })
	got := b.recorder.texts("stdout")[0]

	var e struct {
		Records []struct {
			ReceiptHandle string
			Attributes    map[string]string
		}
	}
	if err := json.Unmarshal([]byte(got), &e); err != nil || len(e.Records) != 1 {
		t.Fatalf("%v: %s", err, got)
	}
	r := e.Records[0]
	want := `{"Records":[{"messageId":"` + *sent.MessageId + `","receiptHandle":"` + r.ReceiptHandle + `",` +
		`"body":"{\"html\":\"<&>\"}",` +
		`"attributes":{"AWSTraceHeader":"Root=1-5759e988-bd862e3fe1be46a994272793",` +
		`"ApproximateFirstReceiveTimestamp":"` + r.Attributes["ApproximateFirstReceiveTimestamp"] + `",` +
		`"ApproximateReceiveCount":"1","SenderId":"` + r.Attributes["SenderId"] + `",` +
		`"SentTimestamp":"` + r.Attributes["SentTimestamp"] + `"},` +
		`"messageAttributes":{` +
		`"binary":{"binaryValue":"AP8=","stringListValues":[],"binaryListValues":[],"dataType":"Binary"},` +
		`"number":{"stringValue":"7","stringListValues":[],"binaryListValues":[],"dataType":"Number.int"},` +
		`"text":{"stringValue":"value","stringListValues":[],"binaryListValues":[],"dataType":"String"}},` +
		`"md5OfMessageAttributes":"` + *sent.MD5OfMessageAttributes + `","md5OfBody":"` + *sent.MD5OfMessageBody + `",` +
		`"eventSource":"aws:sqs","eventSourceARN":"arn:aws:sqs:us-east-2:123456789012:events","awsRegion":"us-east-2"}]}`
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the event differs (-want +got):\n%s", d)
	}
	for _, name := range []string{"SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp"} {
		if r.Attributes[name] == "" {
			t.Errorf("%s is missing", name)
		}
	}
}

// "Success and failure conditions", one row each.
func TestFailedItems_EveryCondition_IsAsDocumented(t *testing.T) {
	batch := []message{{id: "a"}, {id: "b"}}
	for name, tc := range map[string]struct {
		response string
		failed   string // "all": the whole batch
	}{
		"empty list":           {`{"batchItemFailures":[]}`, ""},
		"null list":            {`{"batchItemFailures":null}`, ""},
		"empty EventResponse":  {`{}`, ""},
		"null EventResponse":   {`null`, ""},
		"nothing":              {``, ""},
		"another object":       {`{"statusCode":200}`, ""},
		"list in another case": {`{"BatchItemFailures":[{"itemIdentifier":"a"}]}`, ""},
		"one":                  {`{"batchItemFailures":[{"itemIdentifier":"b"}]}`, "b"},
		"one twice":            {`{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"b"}]}`, "b"},
		"each":                 {`{"batchItemFailures":[{"itemIdentifier":"b"},{"itemIdentifier":"a"}]}`, "a b"},
		"more keys":            {`{"x":1,"batchItemFailures":[{"itemIdentifier":"b","why":"y"}]}`, "b"},
		"invalid JSON":         {`{"batchItemFailures":[`, "all"},
		"text":                 {`"ok"`, "all"},
		"list alone":           {`["a"]`, "all"},
		"no list":              {`{"batchItemFailures":{"itemIdentifier":"a"}}`, "all"},
		"list of texts":        {`{"batchItemFailures":["a"]}`, "all"},
		"list of null":         {`{"batchItemFailures":[null]}`, "all"},
		"empty identifier":     {`{"batchItemFailures":[{"itemIdentifier":""}]}`, "all"},
		"null identifier":      {`{"batchItemFailures":[{"itemIdentifier":null}]}`, "all"},
		"number":               {`{"batchItemFailures":[{"itemIdentifier":1}]}`, "all"},
		"bad key name":         {`{"batchItemFailures":[{"messageId":"a"}]}`, "all"},
		"key in another case":  {`{"batchItemFailures":[{"ItemIdentifier":"a"}]}`, "all"},
		"unknown message":      {`{"batchItemFailures":[{"itemIdentifier":"a"},{"itemIdentifier":"c"}]}`, "all"},
	} {
		t.Run(name, func(t *testing.T) {
			failed, err := failedItems([]byte(tc.response), batch)
			var got []string
			for id := range failed {
				got = append(got, id)
			}
			slices.Sort(got)
			text := strings.Join(got, " ")
			if err != nil {
				text = "all"
			}
			if text != tc.failed {
				t.Errorf("failed are %q (%v), want %q", text, err, tc.failed)
			}
		})
	}
}

func FuzzFailedItems(f *testing.F) {
	for _, seed := range []string{`{"batchItemFailures":[{"itemIdentifier":"a"}]}`, `null`, ``, `{"batchItemFailures":[{}]}`} {
		f.Add([]byte(seed))
	}
	batch := []message{{id: "a"}, {id: "b"}}
	f.Fuzz(func(t *testing.T, response []byte) {
		failed, err := failedItems(response, batch)
		if err != nil && failed != nil {
			t.Error("both a result and an error")
		}
		for id := range failed {
			if id != "a" && id != "b" {
				t.Errorf("%q is not in the batch", id)
			}
		}
	})
}

func TestMapping_Window_GathersMessagesThatComeLater(t *testing.T) {
	b := setup(t, Config{Env: printing}, MappingConfig{BatchSize: 3, Window: time.Minute})
	b.run(t)
	for n := range 3 {
		b.send(t, "a")
		if n < 2 {
			eventually(t, "a receive", func() bool { return b.left(t) == fmt.Sprintf("0 visible, %d in flight", n+1) })
		}
	}
	eventually(t, "a batch", func() bool { return len(b.events(t)) == 1 })
	if n := len(b.events(t)[0].Records); n != 3 {
		t.Errorf("the batch has %d messages, want the 3 of the window", n)
	}
}

func TestMapping_WindowEnds_GoesWithWhatThereIs(t *testing.T) {
	const window = 300 * time.Millisecond
	b := setup(t, Config{Env: printing}, MappingConfig{Window: window})
	began := time.Now()
	b.send(t, "a")
	b.run(t)
	eventually(t, "a batch", func() bool { return len(b.events(t)) == 1 })
	if took := time.Since(began); took < window || len(b.events(t)[0].Records) != 1 {
		t.Errorf("after %v came %+v, want the message after %v", took, b.events(t)[0], window)
	}
}

func TestMapping_WindowAndFullBatch_GoesAtOnce(t *testing.T) {
	b := setup(t, Config{Env: printing}, MappingConfig{BatchSize: 25, Window: time.Minute})
	b.send(t, slices.Repeat([]string{"a"}, 30)...)
	b.run(t)
	eventually(t, "a batch", func() bool { return len(b.events(t)) == 1 })
	if n := len(b.events(t)[0].Records); n != 25 {
		t.Errorf("the batch has %d messages, want 25", n)
	}
}

func TestMapping_NoWindow_TakesWhatOneReceiveReturns(t *testing.T) {
	b := setup(t, Config{Env: printing}, MappingConfig{BatchSize: 4})
	b.send(t, slices.Repeat([]string{"a"}, 6)...)
	b.run(t)
	eventually(t, "two batches", func() bool { return len(b.events(t)) == 2 })
	sizes := []int{len(b.events(t)[0].Records), len(b.events(t)[1].Records)}
	slices.Sort(sizes) // they may run side by side
	if !slices.Equal(sizes, []int{2, 4}) {
		t.Errorf("batches of %v, want 4 and 2", sizes)
	}
}

// "The payload size reaches 6 MB": what does not fit comes in the next batch.
func TestMapping_MoreThan6MB_IsSplit(t *testing.T) {
	b := setup(t, Config{}, MappingConfig{BatchSize: 40, Window: time.Minute})
	for range 30 {
		b.send(t, strings.Repeat("x", 250<<10))
	}
	first := b.mapping.gather(t.Context()) // before the window ends
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	second := b.mapping.gather(ctx)
	if len(first) != 24 || len(first)+len(second) != 30 {
		t.Errorf("batches of %d and %d messages of 250 KiB, want 24 and 6", len(first), len(second))
	}
	if n := len(event(first)); n > maxPayload {
		t.Errorf("the event has %d bytes", n)
	}
}

// The size that a batch is cut by is that of the event that is sent.
func TestEventSize_AnyBatch_IsTheLengthOfTheEvent(t *testing.T) {
	var batch []message
	for n := range 5 {
		if got := len(event(batch)); got != eventSize(batch) {
			t.Errorf("%d messages: %d bytes, reckoned %d", n, got, eventSize(batch))
		}
		m, err := newMessage(sqstypes.Message{MessageId: aws.String(strconv.Itoa(n)), Body: aws.String("\x01<é>")}, "arn", "region")
		if err != nil {
			t.Fatal(err)
		}
		batch = append(batch, m)
	}
	if !json.Valid(event(batch)) || bytes.Contains(event(batch), []byte("null")) {
		t.Errorf("the event is %s", event(batch))
	}
}
