//go:build unix

package lambda

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

// queueBundle is a queue of the local SQS and a mapping from it to a function.
type queueBundle struct {
	client   *sqs.Client
	url, arn string
	mapping  *Mapping
	recorder *recorder

	mu      sync.Mutex
	batches []Batch
}

// setup makes a queue whose messages come back after a second, and a mapping
// that does not run yet.
func setup(t *testing.T, f Config, m MappingConfig) *queueBundle {
	t.Helper()
	broker := messaging.New(messaging.Config{Region: "us-east-2", AccountID: "123456789012"})
	server := httptest.NewServer(broker.SQS())
	transport := &http.Transport{}
	t.Cleanup(func() {
		broker.Close()
		transport.CloseIdleConnections()
		server.Close()
	})
	b := &queueBundle{arn: broker.QueueARN("events")}
	b.client = sqs.New(sqs.Options{
		Region: "us-east-2", BaseEndpoint: &server.URL, HTTPClient: &http.Client{Transport: transport},
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""), RetryMaxAttempts: 1,
	})
	out, err := b.client.CreateQueue(t.Context(), &sqs.CreateQueueInput{
		QueueName: aws.String("events"), Attributes: map[string]string{"VisibilityTimeout": "1"},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.url = *out.QueueUrl

	var function *Function
	function, b.recorder = newFunction(t, f)
	m.Function, m.QueueURL, m.QueueARN, m.Report = function, b.url, b.arn, b.report
	if m.Client == nil {
		m.Client = b.client
	}
	if b.mapping, err = NewMapping(m); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *queueBundle) report(batch Batch) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.batches = append(b.batches, batch)
}

func (b *queueBundle) reports() []Batch {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.batches)
}

// run runs the mapping until the test ends.
func (b *queueBundle) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.mapping.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// send puts messages with these bodies into the queue and returns their ids.
func (b *queueBundle) send(t *testing.T, bodies ...string) (ids []string) {
	t.Helper()
	for _, body := range bodies {
		out, err := b.client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &b.url, MessageBody: &body})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, *out.MessageId)
	}
	return ids
}

// left returns how many messages are in the queue, visible or not.
func (b *queueBundle) left(t *testing.T) string {
	t.Helper()
	out, err := b.client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: &b.url, AttributeNames: []sqstypes.QueueAttributeName{"All"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Attributes["ApproximateNumberOfMessages"] + " visible, " + out.Attributes["ApproximateNumberOfMessagesNotVisible"] + " in flight"
}

// events are what the function printed.
func (b *queueBundle) events(t *testing.T) []sqsEvent {
	t.Helper()
	var out []sqsEvent
	for _, line := range b.recorder.texts("stdout") {
		var e sqsEvent
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %.200s", err, line)
		}
		out = append(out, e)
	}
	return out
}

type sqsEvent struct {
	Records []struct {
		MessageID  string
		Body       string
		Attributes map[string]string
	}
}

var printing = map[string]string{"PRINT": "1"}

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

// "When your function successfully processes a batch, Lambda deletes its
// messages from the queue."
func TestMapping_Success_DeletesTheBatch(t *testing.T) {
	b := setup(t, Config{}, MappingConfig{})
	b.send(t, "a", "b", "c")
	b.run(t)
	eventually(t, "an empty queue", func() bool { return b.left(t) == "0 visible, 0 in flight" })
	if got := b.reports(); len(got) != 1 || got[0].Messages != 3 || got[0].Deleted != 3 || got[0].Err != nil || got[0].RequestID == "" {
		t.Errorf("batches are %+v", got)
	}
}

// "By default, if your function encounters an error while processing a batch,
// all messages in that batch become visible in the queue again after the
// visibility timeout expires."
func TestMapping_FunctionFails_WholeBatchComesAgain(t *testing.T) {
	for name, body := range map[string]string{"error": "error", "timeout": "sleep 1m"} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, Config{Timeout: 400 * time.Millisecond, Env: printing}, MappingConfig{ReportBatchItemFailures: true})
			b.send(t, "good", body)
			b.run(t)
			eventually(t, "two batches", func() bool { return len(b.events(t)) == 2 })
			e := b.events(t)
			for i, want := range []string{"1", "2"} {
				if len(e[i].Records) != 2 || e[i].Records[0].Attributes["ApproximateReceiveCount"] != want {
					t.Errorf("batch %d is %+v, want both messages, received %s times", i, e[i], want)
				}
			}
			first := b.reports()[0]
			if first.Deleted != 0 || !errors.As(first.Err, new(*InvocationError)) {
				t.Errorf("the first batch: %+v", first)
			}
		})
	}
}

// "… make only the failed messages visible again."
func TestMapping_PartialFailure_OnlyTheFailedComesAgain(t *testing.T) {
	b := setup(t, Config{Env: printing}, MappingConfig{ReportBatchItemFailures: true})
	ids := b.send(t, "a", "fail", "c")
	b.run(t)
	eventually(t, "two batches", func() bool { return len(b.events(t)) == 2 })
	if e := b.events(t)[1]; len(e.Records) != 1 || e.Records[0].MessageID != ids[1] || e.Records[0].Attributes["ApproximateReceiveCount"] != "2" {
		t.Errorf("the second batch is %+v", e)
	}
	if first := b.reports()[0]; first.Messages != 3 || first.Deleted != 2 || first.Err != nil {
		t.Errorf("the first batch: %+v", first)
	}
}

func TestMapping_WithoutReportBatchItemFailures_ResponseCountsForNothing(t *testing.T) {
	b := setup(t, Config{}, MappingConfig{})
	b.send(t, "a", "fail")
	b.run(t)
	eventually(t, "an empty queue", func() bool { return b.left(t) == "0 visible, 0 in flight" })
}

func TestMapping_MalformedResponse_WholeBatchFails(t *testing.T) {
	b := setup(t, Config{Env: map[string]string{"RESPONSE": `{"batchItemFailures":[{"itemIdentifier":"nobody"}]}`}}, MappingConfig{ReportBatchItemFailures: true})
	b.send(t, "a", "b")
	b.run(t)
	eventually(t, "a report", func() bool { return len(b.reports()) > 0 })
	if r := b.reports()[0]; r.Deleted != 0 || r.Err == nil || !strings.Contains(r.Err.Error(), "not in the batch") {
		t.Errorf("the batch: %+v", r)
	}
	if got := b.left(t); strings.HasPrefix(got, "0 visible, 0") {
		t.Errorf("the queue has %s", got)
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
	b := setup(t, Config{Env: printing}, MappingConfig{Window: 700 * time.Millisecond})
	b.run(t)
	for range 3 {
		b.send(t, "a")
		time.Sleep(100 * time.Millisecond)
	}
	eventually(t, "a batch", func() bool { return len(b.events(t)) == 1 })
	if n := len(b.events(t)[0].Records); n != 3 {
		t.Errorf("the batch has %d messages, want the 3 of the window", n)
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
	if _, err := b.client.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{
		QueueUrl: &b.url, Attributes: map[string]string{"VisibilityTimeout": "60"},
	}); err != nil {
		t.Fatal(err)
	}
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

func TestMapping_MaximumConcurrency_BoundsInvocations(t *testing.T) {
	b := setup(t, Config{Sandboxes: 3}, MappingConfig{BatchSize: 1, MaximumConcurrency: 2})
	b.send(t, slices.Repeat([]string{"sleep 200ms"}, 6)...)
	began := time.Now()
	b.run(t)
	eventually(t, "an empty queue", func() bool { return b.left(t) == "0 visible, 0 in flight" })
	if took := time.Since(began); took < 600*time.Millisecond {
		t.Errorf("six invocations of 200 ms took %v, two at once", took)
	}
	streams := map[string]bool{}
	for _, r := range b.recorder.reports {
		streams[r.LogStream] = true
	}
	if len(streams) != 2 {
		t.Errorf("%d sandboxes were used, want 2", len(streams))
	}
}

func TestMapping_Stopped_FinishesTheBatchThatTheFunctionHas(t *testing.T) {
	b := setup(t, Config{Env: printing}, MappingConfig{})
	b.send(t, "sleep 300ms")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.mapping.Run(ctx) }()
	eventually(t, "the invocation", func() bool { return len(b.events(t)) == 1 })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if r := b.reports(); len(r) != 1 || r[0].Deleted != 1 {
		t.Errorf("batches are %+v", r)
	}
}

// flaky fails the first calls of a client.
type flaky struct {
	SQS
	receives, deletes int
	mu                sync.Mutex
}

func (f *flaky) fail(n *int) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	*n--
	return *n >= 0
}

func (f *flaky) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, o ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	if f.fail(&f.receives) {
		return nil, errors.New("no connection")
	}
	return f.SQS.ReceiveMessage(ctx, in, o...)
}

func (f *flaky) DeleteMessageBatch(ctx context.Context, in *sqs.DeleteMessageBatchInput, o ...func(*sqs.Options)) (*sqs.DeleteMessageBatchOutput, error) {
	if f.fail(&f.deletes) {
		return nil, errors.New("no connection")
	}
	return f.SQS.DeleteMessageBatch(ctx, in, o...)
}

func TestMapping_QueueAway_TriesAgain(t *testing.T) {
	client := &flaky{receives: 2, deletes: 1}
	b := setup(t, Config{Env: printing}, MappingConfig{Client: client})
	client.SQS = b.client
	b.send(t, "a")
	b.run(t)
	eventually(t, "an empty queue", func() bool { return b.left(t) == "0 visible, 0 in flight" })
	r := b.reports()
	if len(r) != 2 || r[0].Err == nil || r[0].Deleted != 0 || r[1].Err != nil || r[1].Deleted != 1 {
		t.Errorf("batches are %+v, want one whose delete failed, and it again", r)
	}
}

func TestNewMapping_BadSettings_AreReportedTogether(t *testing.T) {
	_, err := NewMapping(MappingConfig{QueueARN: "events", BatchSize: 11, Window: time.Millisecond, MaximumConcurrency: 1})
	for _, want := range []string{"required", `queue ARN "events"`, "batch size 11", "maximum concurrency 1"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
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
