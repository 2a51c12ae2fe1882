package awssdk_test

import (
	"context"
	"maps"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/awssdk"
	"github.com/tracehaul/tracehaul/telemetry/message"
)

func entries(ids ...string) []snstypes.PublishBatchRequestEntry {
	var out []snstypes.PublishBatchRequestEntry
	for _, id := range ids {
		out = append(out, snstypes.PublishBatchRequestEntry{Id: new(id), Message: new("body of " + id)})
	}
	return out
}

// children returns the ended spans below a parent.
func (b *bundle) children(parent trace.SpanContext) []sdktrace.ReadOnlySpan {
	var out []sdktrace.ReadOnlySpan
	for _, s := range b.spans.Ended() {
		if s.Parent().SpanID() == parent.SpanID() {
			out = append(out, s)
		}
	}
	return out
}

// someFail answers that the entry with the id bad was refused, on HTTP 200.
func someFail(_ int, r received) answer {
	if r.action == "PublishBatch" {
		return snsAnswer(r.action, "<Successful><member><Id>good</Id><MessageId>sns-good</MessageId></member></Successful>"+
			"<Failed><member><Id>bad</Id><Code>InternalError</Code><Message>body of bad</Message><SenderFault>false</SenderFault></member></Failed>")
	}
	return answer{body: `{"Successful":[{"Id":"good","MessageId":"sqs-good","MD5OfMessageBody":"ef31b5be4b4ec0c2f4ee3b3f8b1e4d5f"}],` +
		`"Failed":[{"Id":"bad","Code":"InternalError","Message":"body of bad","SenderFault":false}]}`}
}

func TestPublishBatch_OwnContexts_EachEntryItsOwnSpan(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, someFail)
	one, first := b.tracer.Start(context.Background(), "first")
	two, second := b.tracer.Start(context.Background(), "second")
	ctx := message.WithEntries(context.Background(), []context.Context{one, two})
	out, err := sns.NewFromConfig(b.cfg).PublishBatch(ctx, &sns.PublishBatchInput{
		TopicArn: new(topicARN), PublishBatchRequestEntries: entries("good", "bad"),
	})
	if err != nil || len(out.Failed) != 1 {
		t.Fatalf("PublishBatch = %+v, %v", out, err)
	}

	if n := len(b.spans.Ended()); n != 2 {
		t.Fatalf("%d spans, want the two of the entries: the call belongs to no trace", n)
	}
	good, bad := b.children(first.SpanContext()), b.children(second.SpanContext())
	if len(good) != 1 || len(bad) != 1 {
		t.Fatalf("%d and %d children, want one each", len(good), len(bad))
	}
	common := map[string]string{
		"messaging.system": "aws.sns", "messaging.operation.name": "send", "messaging.operation.type": "send",
		"messaging.destination.name": "events", "aws.sns.topic.arn": topicARN, "cloud.region": "eu-west-1",
		"aws.request_id": request,
	}
	with := func(key, value string) map[string]string {
		out := maps.Clone(common)
		out[key] = value
		return out
	}
	if diff := cmp.Diff(with("messaging.message.id", "sns-good"), attributes(good[0])); diff != "" {
		t.Errorf("attributes of the good entry (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(with("error.type", "InternalError"), attributes(bad[0])); diff != "" {
		t.Errorf("attributes of the bad entry (-want +got):\n%s", diff)
	}
	if good[0].Status().Code != codes.Unset || bad[0].Status().Code != codes.Error || bad[0].Status().Description != "" {
		t.Errorf("status = %+v and %+v", good[0].Status(), bad[0].Status())
	}
	if !good[0].StartTime().Equal(bad[0].StartTime()) || !good[0].EndTime().Equal(bad[0].EndTime()) {
		t.Error("the entries were sent in one call, but their times differ")
	}
	r := b.received(t, 1)[0]
	for n, span := range []sdktrace.ReadOnlySpan{good[0], bad[0]} {
		if span.SpanKind() != trace.SpanKindProducer || span.Name() != "send events" {
			t.Errorf("entry %d: %v %q", n, span.SpanKind(), span.Name())
		}
		if got := r.attribute(n+1, "traceparent"); got != traceparentOf(span.SpanContext()) {
			t.Errorf("entry %d carries %q, want its own span", n, got)
		}
	}
	if diff := cmp.Diff(map[string]int64{snsSend: 1, "error.type=InternalError," + snsSend: 1}, b.points(t, "messaging.client.sent.messages")); diff != "" {
		t.Errorf("sent messages (-want +got):\n%s", diff)
	}
	b.partlyFailed(t, "SNS/PublishBatch", snsSend)
}

// partlyFailed says that the messaging operation failed, but not the call, which
// was answered.
func (b *bundle) partlyFailed(t *testing.T, method, operation string) {
	t.Helper()
	if diff := cmp.Diff(map[string]int64{"error.type=InternalError," + operation: 1}, b.points(t, "messaging.client.operation.duration")); diff != "" {
		t.Errorf("operation duration (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int64{"rpc.method=" + method + ",rpc.system.name=aws-api": 1}, b.points(t, "rpc.client.call.duration")); diff != "" {
		t.Errorf("call duration (-want +got):\n%s", diff)
	}
}

func TestSendMessageBatch_OwnContextsInATrace_CallHasASpanToo(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(int, received) answer {
		return answer{body: `{"Successful":[{"Id":"a","MessageId":"sqs-a"},{"Id":"b","MessageId":"sqs-b"}],"Failed":[]}`}
	})
	ctx, caller := b.tracer.Start(context.Background(), "caller")
	one, first := b.tracer.Start(context.Background(), "first")
	ctx = message.WithEntries(ctx, []context.Context{one}) // the second entry has none
	_, err := sqs.NewFromConfig(b.cfg).SendMessageBatch(ctx, &sqs.SendMessageBatchInput{
		QueueUrl: new(queueURL),
		Entries:  []sqstypes.SendMessageBatchRequestEntry{{Id: new("a"), MessageBody: new("x")}, {Id: new("b"), MessageBody: new("y")}},
	})
	if err != nil {
		t.Fatalf("SendMessageBatch: %v", err)
	}
	own := b.children(first.SpanContext())
	if len(own) != 1 || attributes(own[0])["messaging.message.id"] != "sqs-a" {
		t.Fatalf("spans of the first entry: %v", own)
	}
	var call, entry sdktrace.ReadOnlySpan
	for _, s := range b.children(caller.SpanContext()) {
		if s.SpanKind() == trace.SpanKindClient {
			call = s
		} else {
			entry = s
		}
	}
	if call == nil || entry == nil {
		t.Fatal("want a span of the call and one of the second entry in the caller's trace")
	}
	if got := attributes(call); got["messaging.batch.message_count"] != "2" || got["messaging.message.id"] != "" ||
		got["rpc.method"] != "SQS/SendMessageBatch" || got["server.address"] != "127.0.0.1" {
		t.Errorf("attributes of the call = %v", got)
	}
	links := call.Links()
	if len(links) != 2 || links[0].SpanContext.SpanID() != own[0].SpanContext().SpanID() || links[1].SpanContext.SpanID() != entry.SpanContext().SpanID() {
		t.Errorf("links = %+v, want the entries", links)
	}
}

func TestPublishBatch_NoContexts_OneSpanForAll(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(_ int, r received) answer { return snsOK(r) })
	_, err := sns.NewFromConfig(b.cfg).PublishBatch(context.Background(), &sns.PublishBatchInput{
		TopicArn: new(topicARN), PublishBatchRequestEntries: entries("a", "b", "c"),
	})
	if err != nil {
		t.Fatalf("PublishBatch: %v", err)
	}
	span := b.span(t, "send events")
	if got := attributes(span); got["messaging.batch.message_count"] != "3" || got["messaging.message.id"] != "" {
		t.Errorf("attributes = %v", got)
	}
	r := b.received(t, 1)[0]
	for n := 1; n <= 3; n++ {
		if got := r.attribute(n, "traceparent"); got != traceparentOf(span.SpanContext()) {
			t.Errorf("entry %d carries %q", n, got)
		}
	}
	if diff := cmp.Diff(map[string]int64{snsSend: 3}, b.points(t, "messaging.client.sent.messages")); diff != "" {
		t.Errorf("sent messages (-want +got):\n%s", diff)
	}
}

func TestBatch_SomeFailWithoutContexts_SpanIsFailed(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"SNS", "SQS"} {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			b := setup(t, awssdk.Config{}, someFail)
			var err error
			name, method, operation := "send events", "SNS/PublishBatch", snsSend
			if service == "SNS" {
				_, err = sns.NewFromConfig(b.cfg).PublishBatch(context.Background(), &sns.PublishBatchInput{
					TopicArn: new(topicARN), PublishBatchRequestEntries: entries("good", "bad"),
				})
			} else {
				name, method, operation = "send orders", "SQS/SendMessageBatch", sqsSend
				_, err = sqs.NewFromConfig(b.cfg, func(o *sqs.Options) { o.DisableMessageChecksumValidation = true }).SendMessageBatch(context.Background(), &sqs.SendMessageBatchInput{
					QueueUrl: new(queueURL),
					Entries:  []sqstypes.SendMessageBatchRequestEntry{{Id: new("good"), MessageBody: new("x")}, {Id: new("bad"), MessageBody: new("y")}},
				})
			}
			if err != nil {
				t.Fatalf("%v", err)
			}
			span := b.span(t, name)
			if span.Status().Code != codes.Error || attributes(span)["error.type"] != "InternalError" {
				t.Errorf("status %v, attributes %v", span.Status(), attributes(span))
			}
			failed := 0
			for set, n := range b.points(t, "messaging.client.sent.messages") {
				if n != 1 {
					t.Errorf("%s: %d messages", set, n)
				}
				failed++
			}
			if failed != 2 {
				t.Errorf("%d sets of attributes, want one for each outcome", failed)
			}
			b.partlyFailed(t, method, operation)
		})
	}
}

func TestPublishBatch_AnswerThatMakesNoSense_ConfirmsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(_ int, r received) answer {
		return snsAnswer(r.action, "<Successful><member><MessageId>x</MessageId></member><member><Id>z</Id><MessageId>y</MessageId></member></Successful>"+
			"<Failed><member><Id>b</Id></member><member><Id>c</Id><Code>not a &lt;code&gt;</Code></member></Failed>")
	})
	one, first := b.tracer.Start(context.Background(), "first")
	ctx := message.WithEntries(context.Background(), []context.Context{one, one, one})
	if _, err := sns.NewFromConfig(b.cfg).PublishBatch(ctx, &sns.PublishBatchInput{TopicArn: new(topicARN), PublishBatchRequestEntries: entries("a", "b", "c")}); err != nil {
		t.Fatalf("PublishBatch: %v", err)
	}
	var types []string
	for _, s := range b.children(first.SpanContext()) {
		types = append(types, attributes(s)["error.type"])
	}
	if diff := cmp.Diff([]string{"not_confirmed", "_OTHER", "_OTHER"}, types); diff != "" {
		t.Errorf("error types (-want +got):\n%s", diff)
	}
}

func TestPublishBatch_CallFails_EveryEntryFails(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(int, received) answer { return snsError(403, "AuthorizationError", "no") })
	one, first := b.tracer.Start(context.Background(), "first")
	ctx := message.WithEntries(context.Background(), []context.Context{one, one})
	_, err := sns.NewFromConfig(b.cfg).PublishBatch(ctx, &sns.PublishBatchInput{TopicArn: new(topicARN), PublishBatchRequestEntries: entries("a", "b")})
	if err == nil {
		t.Fatal("PublishBatch did not fail")
	}
	spans := b.children(first.SpanContext())
	if len(spans) != 2 {
		t.Fatalf("%d spans, want 2", len(spans))
	}
	for _, s := range spans {
		if s.Status().Code != codes.Error || attributes(s)["error.type"] != "AuthorizationError" {
			t.Errorf("status %v, attributes %v", s.Status(), attributes(s))
		}
	}
	if diff := cmp.Diff(map[string]int64{"error.type=AuthorizationError," + snsSend: 2}, b.points(t, "messaging.client.sent.messages")); diff != "" {
		t.Errorf("sent messages (-want +got):\n%s", diff)
	}
}

func TestPublishBatch_TooManyAttributes_EndsEverySpan(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(_ int, r received) answer { return snsOK(r) })
	in := entries("a", "b")
	in[1].MessageAttributes = map[string]snstypes.MessageAttributeValue{}
	for _, c := range "abcdefghijk" {
		in[1].MessageAttributes[string(c)] = text("x")
	}
	ctx, caller := b.tracer.Start(context.Background(), "caller")
	ctx = message.WithEntries(ctx, []context.Context{ctx, ctx})
	if _, err := sns.NewFromConfig(b.cfg).PublishBatch(ctx, &sns.PublishBatchInput{TopicArn: new(topicARN), PublishBatchRequestEntries: in}); err == nil {
		t.Fatal("PublishBatch did not fail")
	}
	b.received(t, 0)
	spans := b.children(caller.SpanContext())
	if len(spans) != 3 {
		t.Errorf("%d spans ended, want those of two entries and the call", len(spans))
	}
	for _, s := range spans {
		count := "" // of an entry
		if len(s.Links()) > 0 {
			count = "2" // of the call, which leads to both
		}
		if got := attributes(s); got["error.type"] != "too_many_attributes" || got["messaging.batch.message_count"] != count {
			t.Errorf("attributes = %v, want a count of %q", got, count)
		}
	}
}

func TestBatch_CallersTraceparents_AreLinked(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(_ int, r received) answer { return snsOK(r) })
	client := sns.NewFromConfig(b.cfg)
	own := entries("a", "b")
	for n := range own {
		own[n].MessageAttributes = map[string]snstypes.MessageAttributeValue{"traceparent": text(custom)}
	}
	if _, err := client.PublishBatch(context.Background(), &sns.PublishBatchInput{TopicArn: new(topicARN), PublishBatchRequestEntries: own}); err != nil {
		t.Fatalf("PublishBatch: %v", err)
	}
	span := b.span(t, "send events")
	if span.SpanKind() != trace.SpanKindClient || len(span.Links()) != 2 {
		t.Errorf("kind %v with %d links, want a client's with 2", span.SpanKind(), len(span.Links()))
	}
	if got := attributes(span); got["rpc.method"] != "SNS/PublishBatch" || got["server.address"] != "127.0.0.1" {
		t.Errorf("attributes = %v", got)
	}

	one, first := b.tracer.Start(context.Background(), "first")
	ctx := message.WithEntries(context.Background(), []context.Context{one, one})
	own[1].MessageAttributes = nil
	if _, err := client.PublishBatch(ctx, &sns.PublishBatchInput{TopicArn: new(topicARN), PublishBatchRequestEntries: own}); err != nil {
		t.Fatalf("PublishBatch: %v", err)
	}
	spans := b.children(first.SpanContext())
	if len(spans) != 2 {
		t.Fatalf("%d spans, want 2", len(spans))
	}
	if spans[0].SpanKind() != trace.SpanKindClient || len(spans[0].Links()) != 1 {
		t.Errorf("the entry with its own: kind %v with %d links", spans[0].SpanKind(), len(spans[0].Links()))
	}
	if spans[1].SpanKind() != trace.SpanKindProducer || len(spans[1].Links()) != 0 {
		t.Errorf("the other entry: kind %v with %d links", spans[1].SpanKind(), len(spans[1].Links()))
	}
}

func TestPublishBatch_RetriedWithContexts_EverySpanTellsOfIt(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(n int, r received) answer {
		if n == 1 {
			return snsError(503, "ServiceUnavailable", "busy")
		}
		return snsOK(r)
	})
	one, first := b.tracer.Start(context.Background(), "first")
	ctx := message.WithEntries(context.Background(), []context.Context{one, one})
	if _, err := sns.NewFromConfig(b.cfg).PublishBatch(ctx, &sns.PublishBatchInput{TopicArn: new(topicARN), PublishBatchRequestEntries: entries("a", "b")}); err != nil {
		t.Fatalf("PublishBatch: %v", err)
	}
	for _, s := range b.children(first.SpanContext()) {
		if len(s.Events()) != 1 || attributes(s)["tracehaul.aws.attempts"] != "2" || attributes(s)["messaging.message.id"] == "" {
			t.Errorf("%d events, attributes %v", len(s.Events()), attributes(s))
		}
	}
}
