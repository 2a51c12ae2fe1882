//go:build unix

package lambda

import (
	"context"
	"encoding/json"
	"errors"
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

	"github.com/tracehaul/tracehaul/internal/inprocess"
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

// backSoon is the visibility timeout where messages are to come back: a warm
// function must have dealt with them by then.
const backSoon = 3 * time.Second

// setup makes a queue whose messages do not come back, and a mapping that does
// not run yet.
func setup(t *testing.T, f Config, m MappingConfig) *queueBundle {
	t.Helper()
	broker := messaging.New(messaging.Config{Region: "us-east-2", AccountID: "123456789012"})
	t.Cleanup(broker.Close)
	b := &queueBundle{arn: broker.QueueARN("events")}
	b.client = sqs.New(sqs.Options{
		Region: "us-east-2", BaseEndpoint: aws.String("http://sqs"), HTTPClient: inprocess.Client{"sqs": broker.SQS()},
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""), RetryMaxAttempts: 1,
	})
	out, err := b.client.CreateQueue(t.Context(), &sqs.CreateQueueInput{
		QueueName: aws.String("events"), Attributes: map[string]string{"VisibilityTimeout": "300"},
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

// comesBack has messages come back soon, also while the function deals with
// them: it is warm, so that this takes it no time.
func (b *queueBundle) comesBack(t *testing.T) {
	t.Helper()
	if _, err := b.client.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{
		QueueUrl: &b.url, Attributes: map[string]string{"VisibilityTimeout": strconv.Itoa(int(backSoon.Seconds()))},
	}); err != nil {
		t.Fatal(err)
	}
	invoke(t, b.mapping.c.Function, "tell")
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

// "When your function successfully processes a batch, Lambda deletes its
// messages from the queue."
func TestMapping_Success_DeletesTheBatch(t *testing.T) {
	b := setup(t, Config{}, MappingConfig{})
	b.send(t, "a", "b", "c")
	b.run(t)
	eventually(t, "an empty queue", func() bool { return b.left(t) == "0 visible, 0 in flight" })
	eventually(t, "a report, which comes after the delete", func() bool { return len(b.reports()) > 0 })
	if got := b.reports(); len(got) != 1 || got[0].Messages != 3 || got[0].Deleted != 3 || got[0].Err != nil || got[0].RequestID == "" {
		t.Errorf("batches are %+v", got)
	}
}

// "By default, if your function encounters an error while processing a batch,
// all messages in that batch become visible in the queue again after the
// visibility timeout expires."
func TestMapping_FunctionFails_WholeBatchComesAgain(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"error": "error", "timeout": "sleep 1m"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, Config{Timeout: time.Second, Env: printing}, MappingConfig{ReportBatchItemFailures: true})
			b.comesBack(t)
			b.send(t, "good", body)
			b.run(t)
			eventually(t, "two batches", func() bool { return len(b.events(t)) >= 2 })
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
	t.Parallel()
	b := setup(t, Config{Env: printing}, MappingConfig{ReportBatchItemFailures: true})
	b.comesBack(t)
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

func TestMapping_MaximumConcurrency_BoundsInvocations(t *testing.T) {
	b, g := setup(t, Config{Sandboxes: 3}, MappingConfig{BatchSize: 1, MaximumConcurrency: 2}), newGate(t)
	b.send(t, slices.Repeat([]string{g.hold()}, 6)...)
	b.run(t)
	g.wantHeld(t, 2)
	g.open(t)
	eventually(t, "an empty queue", func() bool { return b.left(t) == "0 visible, 0 in flight" })
	eventually(t, "six reports", func() bool { return len(b.recorder.all()) == 6 })
}

func TestMapping_Stopped_FinishesTheBatchThatTheFunctionHas(t *testing.T) {
	b, g := setup(t, Config{}, MappingConfig{}), newGate(t)
	b.send(t, g.hold())
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- b.mapping.Run(ctx) }()
	g.wantHeld(t, 1)
	cancel()
	g.open(t)
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
	t.Parallel()
	client := &flaky{receives: 2, deletes: 1}
	b := setup(t, Config{Env: printing}, MappingConfig{Client: client})
	client.SQS = b.client
	b.comesBack(t)
	b.send(t, "a")
	b.run(t)
	eventually(t, "an empty queue", func() bool { return b.left(t) == "0 visible, 0 in flight" })
	eventually(t, "both reports, which come after the deletes", func() bool { return len(b.reports()) > 1 })
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
