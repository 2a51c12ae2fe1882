package awslambda_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

const (
	processName = "process prod-shop-events-writer"
	waitName    = "wait prod-shop-events-writer"
)

func traceIDOf(i int) string  { return fmt.Sprintf("%032x", i+1) }
func parentIDOf(i int) string { return fmt.Sprintf("%016x", i+1) }

func idOf(i int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012x", i) }

// failed returns the numbers of the messages that an answer calls failed.
func failed(t *testing.T, res events.SQSEventResponse) []int {
	t.Helper()
	if res.BatchItemFailures == nil {
		t.Error("batchItemFailures is null, want a list")
	}
	var numbers []int
	for _, f := range res.BatchItemFailures {
		n, err := strconv.ParseInt(f.ItemIdentifier[24:], 16, 32)
		if err != nil {
			t.Fatalf("item %q is none of the batch", f.ItemIdentifier)
		}
		numbers = append(numbers, int(n))
	}
	return numbers
}

func writeAll(_ context.Context, batch []*awslambda.Message) error {
	for _, m := range batch {
		m.Written()
	}
	return nil
}

func TestSQSBatch_TenTraces_EachContinuesItsOwn(t *testing.T) {
	b := setup(t)
	before := time.Now()
	h := awslambda.SQSBatch(func(ctx context.Context, batch []*awslambda.Message) error {
		if name := trace.SpanFromContext(ctx).SpanContext(); !name.IsValid() {
			t.Error("the batch's context has no span")
		}
		for i, m := range batch {
			sc := trace.SpanContextFromContext(m.Context())
			if sc.TraceID().String() != traceIDOf(i) || sc.IsRemote() || sc.SpanID().String() == parentIDOf(i) {
				t.Errorf("message %d works in span %s of trace %s, want a local one of %s", i, sc.SpanID(), sc.TraceID(), traceIDOf(i))
			}
			if remote := trace.SpanContextFromContext(m.Received.Context); remote.SpanID().String() != parentIDOf(i) {
				t.Errorf("message %d came from span %s, want %s", i, remote.SpanID(), parentIDOf(i))
			}
		}
		return writeAll(ctx, batch)
	}, b.config)
	res, err := h(invocationContext(t.Context()), batchOf(10))
	if err != nil || len(failed(t, res)) != 0 {
		t.Fatalf("answer %v, %v; want none failed", res, err)
	}

	invocation := b.invocation(t)
	if invocation.Parent().IsValid() || invocation.SpanKind() != trace.SpanKindServer {
		t.Errorf("invocation is a %v span with parent %v, want a server span without", invocation.SpanKind(), invocation.Parent())
	}
	for i := range 10 {
		for _, tt := range []struct {
			name string
			kind trace.SpanKind
		}{{waitName, trace.SpanKindInternal}, {processName, trace.SpanKindConsumer}} {
			span := b.ofTrace(t, tt.name, traceIDOf(i))
			if span.Parent().SpanID().String() != parentIDOf(i) || span.SpanKind() != tt.kind {
				t.Errorf("%s %d is a %v span under %s, want %v under %s", tt.name, i, span.SpanKind(), span.Parent().SpanID(), tt.kind, parentIDOf(i))
			}
		}
		wait, process := b.ofTrace(t, waitName, traceIDOf(i)), b.ofTrace(t, processName, traceIDOf(i))
		if !linksTo(process, invocation.SpanContext()) {
			t.Errorf("process %d has no link to the invocation", i)
		}
		if !linksTo(invocation, process.Parent()) {
			t.Errorf("the invocation has no link to the context of message %d", i)
		}
		if !wait.EndTime().Equal(process.StartTime()) {
			t.Errorf("wait %d ends at %v, want the hand-over at %v", i, wait.EndTime(), process.StartTime())
		}
		if took := wait.EndTime().Sub(wait.StartTime()); took < 900*time.Millisecond || wait.StartTime().After(before) {
			t.Errorf("wait %d took %v from %v, want about 1s from SentTimestamp", i, took, wait.StartTime())
		}
		want := map[string]any{
			"messaging.system": "aws_sqs", "messaging.destination.name": "prod-shop-events-writer",
			"messaging.operation.name": "process", "messaging.operation.type": "process", "messaging.message.id": idOf(i),
			"tracehaul.message.receive_count": int64(1), "tracehaul.context.source": "traceparent", "tracehaul.outcome": "written",
		}
		if diff := cmp.Diff(want, mapOf(process.Attributes())); diff != "" {
			t.Errorf("attributes of process %d (-want +got):\n%s", i, diff)
		}
		want = map[string]any{
			"messaging.system": "aws_sqs", "messaging.destination.name": "prod-shop-events-writer",
			"messaging.message.id": idOf(i), "tracehaul.message.receive_count": int64(1),
		}
		if diff := cmp.Diff(want, mapOf(wait.Attributes())); diff != "" {
			t.Errorf("attributes of wait %d (-want +got):\n%s", i, diff)
		}
	}
	for metric, want := range map[string]int64{
		semconv.MetricDwellTime: 10, semconv.MetricBatchSize: 1, "messaging.process.duration": 10,
		"messaging.client.consumed.messages": 10, semconv.MetricOutcomes: 10,
	} {
		if got := b.sums(t, metric, "messaging.destination.name")["prod-shop-events-writer"]; got != want {
			t.Errorf("%s is %d, want %d", metric, got, want)
		}
	}
}

func TestSQSBatch_Outcomes_AnsweredCountedAndTold(t *testing.T) {
	secret := strings.Repeat("long ", 100) + "\xff"
	cases := map[string]struct {
		h        func(ctx context.Context, batch []*awslambda.Message) error
		failed   []int
		outcomes map[string]int64 // by reason
		third    map[string]any   // what the span of the third message says
		status   string           // of that span
		code     codes.Code       // of the invocation
	}{
		"AllSettled": {
			h: func(_ context.Context, batch []*awslambda.Message) error {
				batch[0].Written()
				batch[1].Duplicate()
				batch[2].DeadLettered("malformed_json", errors.New("event: line 1: no JSON"))
				batch[3].Failed("database", errors.New("connection refused"))
				return nil
			},
			failed:   []int{3},
			outcomes: map[string]int64{"": 2, "malformed_json": 1, "database": 1},
			third:    map[string]any{"tracehaul.outcome": "dead_lettered", "tracehaul.reason": "malformed_json", "error.type": "malformed_json"},
			status:   "event: line 1: no JSON",
		},
		"FirstCallCounts": {
			h: func(_ context.Context, batch []*awslambda.Message) error {
				for _, m := range batch {
					m.Duplicate()
					m.Failed("database", nil)
				}
				return nil
			},
			outcomes: map[string]int64{"": 4},
			third:    map[string]any{"tracehaul.outcome": "duplicate"},
		},
		"Unsettled": {
			h:        func(context.Context, []*awslambda.Message) error { return nil },
			failed:   []int{0, 1, 2, 3},
			outcomes: map[string]int64{"unsettled": 4},
			third:    map[string]any{"tracehaul.outcome": "failed", "tracehaul.reason": "unsettled", "error.type": "unsettled"},
			status:   "unsettled",
		},
		"ErrorSparesTheSettled": {
			h: func(_ context.Context, batch []*awslambda.Message) error {
				batch[1].Written()
				return errors.New(secret)
			},
			failed:   []int{0, 2, 3},
			outcomes: map[string]int64{"": 1, "error": 3},
			third:    map[string]any{"tracehaul.outcome": "failed", "tracehaul.reason": "error", "error.type": "error"},
			status:   secret[:256],
			code:     codes.Error,
		},
		"PanicSparesTheSettled": {
			h: func(_ context.Context, batch []*awslambda.Message) error {
				batch[0].Written()
				batch[3].Written()
				panic("no such table")
			},
			failed:   []int{1, 2},
			outcomes: map[string]int64{"": 2, "panic": 2},
			third:    map[string]any{"tracehaul.outcome": "failed", "tracehaul.reason": "panic", "error.type": "panic"},
			status:   "panic: no such table",
			code:     codes.Error,
		},
		"PanicWithAValue_NotTold": {
			h:        func(context.Context, []*awslambda.Message) error { panic([]string{"4111 1111"}) },
			failed:   []int{0, 1, 2, 3},
			outcomes: map[string]int64{"panic": 4},
			third:    map[string]any{"tracehaul.outcome": "failed", "tracehaul.reason": "panic", "error.type": "panic"},
			status:   "panic with a value of type []string",
			code:     codes.Error,
		},
		"NoReason_StillAReason": {
			h: func(_ context.Context, batch []*awslambda.Message) error {
				for _, m := range batch {
					m.Failed("", nil)
				}
				return nil
			},
			failed:   []int{0, 1, 2, 3},
			outcomes: map[string]int64{"error": 4},
			third:    map[string]any{"tracehaul.outcome": "failed", "tracehaul.reason": "error", "error.type": "error"},
			status:   "error",
		},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			res, err := awslambda.SQSBatch(tt.h, b.config)(invocationContext(t.Context()), batchOf(4))
			if err != nil {
				t.Errorf("error %v, want none: it would bring the whole batch back", err)
			}
			if diff := cmp.Diff(tt.failed, failed(t, res), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("failed messages (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.outcomes, b.sums(t, semconv.MetricOutcomes, semconv.ReasonKey)); diff != "" {
				t.Errorf("outcomes by reason (-want +got):\n%s", diff)
			}
			span := b.ofTrace(t, processName, traceIDOf(2))
			got := mapOf(span.Attributes())
			for key := range got {
				if _, ok := tt.third[key]; !ok && key != "tracehaul.reason" && key != "error.type" {
					delete(got, key)
				}
			}
			if diff := cmp.Diff(tt.third, got); diff != "" {
				t.Errorf("attributes of the third message (-want +got):\n%s", diff)
			}
			if span.Status().Description != tt.status {
				t.Errorf("status of the third message says %q, want %q", span.Status().Description, tt.status)
			}
			invocation := b.invocation(t)
			if invocation.Status().Code != tt.code {
				t.Errorf("status of the invocation is %v, want %v", invocation.Status(), tt.code)
			}
			if got := mapOf(invocation.Attributes())["tracehaul.batch.item_failures"]; got != int64(len(tt.failed)) {
				t.Errorf("the invocation tells of %v failures, want %d", got, len(tt.failed))
			}
		})
	}
}

func TestSQSBatch_Contexts_ParentBySource(t *testing.T) {
	const traceID, parentID = "67891233abcdef012345678912345678", "53995c3f42cd8ad8"
	envelope := `{"Type":"Notification","MessageId":"22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",` +
		`"TopicArn":"arn:aws:sns:eu-west-1:123456789012:prod-shop-events","Message":"{}","Timestamp":"2026-11-24T01:02:03.004Z",` +
		`"SignatureVersion":"1","Signature":"x","SigningCertURL":"x","UnsubscribeURL":"x","MessageAttributes":{` +
		`"traceparent":{"Type":"String","Value":"00-` + traceID + `-` + parentID + `-01"},"baggage":{"Type":"String","Value":"tenant=7"}}}`
	cases := map[string]struct {
		edit            func(*events.SQSMessage)
		source          string
		traceID, parent string // empty: a new one, none
		waits           int
		tenant          string // of the baggage
	}{
		"Envelope": {
			edit:   func(m *events.SQSMessage) { m.Body = envelope },
			source: "traceparent", traceID: traceID, parent: parentID, waits: 1, tenant: "7",
		},
		"AWSTraceHeader_FlagNotBelieved": {
			edit: func(m *events.SQSMessage) {
				m.Attributes["AWSTraceHeader"] = "Root=1-67891233-abcdef012345678912345678;Parent=" + parentID + ";Sampled=0"
			},
			source: "aws_trace_header", traceID: traceID, parent: parentID, waits: 1,
		},
		"Nothing_ATraceOfItsOwn": {edit: func(*events.SQSMessage) {}, source: "none"},
		"Garbage_ATraceOfItsOwn": {
			edit: func(m *events.SQSMessage) {
				garbage := "00-" + traceID
				m.MessageAttributes = map[string]events.SQSMessageAttribute{"traceparent": {DataType: "String", StringValue: &garbage}}
			},
			source: "none",
		},
	}
	for name, tt := range cases {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			e := batchOf(1)
			e.Records[0].MessageAttributes = nil
			tt.edit(&e.Records[0])
			h := awslambda.SQSEach(func(ctx context.Context, m *awslambda.Message) error {
				if got := baggage.FromContext(ctx).Member("tenant").Value(); got != tt.tenant {
					t.Errorf("baggage says tenant %q, want %q", got, tt.tenant)
				}
				if ctx != m.Context() {
					t.Error("the handler's context is not the message's")
				}
				return nil
			}, b.config)
			if _, err := h(invocationContext(t.Context()), e); err != nil {
				t.Fatal(err)
			}
			spans := b.named(processName)
			if len(spans) != 1 {
				t.Fatalf("%d process spans, want 1", len(spans))
			}
			span := spans[0]
			if got := span.SpanContext().TraceID().String(); tt.traceID != "" && got != tt.traceID {
				t.Errorf("trace id is %s, want %s", got, tt.traceID)
			}
			if got := b.invocation(t).SpanContext().TraceID(); span.SpanContext().TraceID() == got {
				t.Error("the message is in the invocation's trace, want one of its own")
			}
			parent := ""
			if span.Parent().SpanID().IsValid() {
				parent = span.Parent().SpanID().String()
			}
			if parent != tt.parent {
				t.Errorf("parent is %q, want %q", parent, tt.parent)
			}
			got := mapOf(span.Attributes())
			if got["tracehaul.context.source"] != tt.source {
				t.Errorf("source is %v, want %s", got["tracehaul.context.source"], tt.source)
			}
			if name == "Envelope" && (got["tracehaul.message.shape"] != "sns_envelope" || got["tracehaul.sns.message_id"] == nil) {
				t.Errorf("attributes %v do not tell of the envelope", got)
			}
			if n := len(b.named(waitName)); n != tt.waits {
				t.Errorf("%d wait spans, want %d", n, tt.waits)
			}
			if !linksTo(span, b.invocation(t).SpanContext()) {
				t.Error("there is no link to the invocation")
			}
		})
	}
}

func TestSQSBatch_NoRecords_HandlerNotCalled(t *testing.T) {
	b := setup(t)
	h := awslambda.SQSBatch(func(context.Context, []*awslambda.Message) error {
		t.Error("the handler was called without messages")
		return nil
	}, b.config)
	if res, err := h(t.Context(), events.SQSEvent{}); err != nil || len(failed(t, res)) != 0 {
		t.Errorf("answer %v, %v; want none failed", res, err)
	}
	b.invocation(t)
}

func TestSQSBatch_ManyInvocationsAtOnce_NothingMixed(t *testing.T) {
	b := setup(t)
	const invocations, size = 16, 150
	h := awslambda.SQSBatch(func(_ context.Context, batch []*awslambda.Message) error {
		var wg sync.WaitGroup
		for i, m := range batch {
			wg.Go(func() {
				if i%3 == 0 {
					m.Failed("database", nil)
				}
				m.Written()
			})
		}
		wg.Wait()
		return nil
	}, b.config)
	var wg sync.WaitGroup
	for k := range invocations {
		wg.Go(func() {
			var e events.SQSEvent
			for i := range size {
				e.Records = append(e.Records, record(k*size+i))
			}
			res, err := h(invocationContext(t.Context()), e)
			if err != nil || len(res.BatchItemFailures) != size/3 {
				t.Errorf("invocation %d: %d failed, %v; want %d", k, len(res.BatchItemFailures), err, size/3)
			}
		})
	}
	wg.Wait()
	spans := map[trace.TraceID]int{}
	for _, span := range b.spans.Ended() {
		spans[span.SpanContext().TraceID()]++
	}
	if len(spans) != invocations*size+invocations {
		t.Errorf("%d traces, want %d", len(spans), invocations*size+invocations)
	}
	for _, invocation := range b.named("prod-shop-writer") {
		if n := len(invocation.Links()); n != size {
			t.Errorf("an invocation has %d links, want %d", n, size)
		}
	}
	if got := b.sums(t, semconv.MetricOutcomes, semconv.ReasonKey)["database"]; got != invocations*size/3 {
		t.Errorf("%d messages failed by the database, want %d", got, invocations*size/3)
	}
}
