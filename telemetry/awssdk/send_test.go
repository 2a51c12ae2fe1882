package awssdk_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/tracehaul/tracehaul/telemetry/awssdk"
	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
	"github.com/tracehaul/tracehaul/telemetry/slogtrace"
)

const custom = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

func text(s string) snstypes.MessageAttributeValue {
	return snstypes.MessageAttributeValue{DataType: new("String"), StringValue: new(s)}
}

// traceparentOf is what a message must carry that was sent in a span.
func traceparentOf(sc trace.SpanContext) string {
	return "00-" + sc.TraceID().String() + "-" + sc.SpanID().String() + "-01"
}

func TestPublish_Topic_HasProducerSpanAndCarriesIt(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(_ int, r received) answer { return snsOK(r) })
	ctx, parent := b.tracer.Start(context.Background(), "parent")
	in := &sns.PublishInput{
		TopicArn: new(topicARN), Message: new("top secret"), Subject: new("also secret"),
		MessageAttributes: map[string]snstypes.MessageAttributeValue{"kind": text("hidden")},
	}
	if _, err := sns.NewFromConfig(b.cfg).Publish(ctx, in); err != nil {
		t.Fatalf("Publish: %v", err)
	}
	parent.End()

	span := b.span(t, "send events")
	want := map[string]string{
		"messaging.system": "aws.sns", "messaging.operation.name": "send", "messaging.operation.type": "send",
		"messaging.destination.name": "events", "aws.sns.topic.arn": topicARN, "cloud.region": "eu-west-1",
		"messaging.message.id": "sns-message-1", "aws.request_id": request,
	}
	if diff := cmp.Diff(want, attributes(span)); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if span.SpanKind() != trace.SpanKindProducer || span.Status().Code != codes.Unset {
		t.Errorf("kind %v, status %v", span.SpanKind(), span.Status())
	}
	if span.Parent().SpanID() != parent.SpanContext().SpanID() {
		t.Error("the span is not a child of the caller's")
	}
	r := b.received(t, 1)[0]
	if got := r.attribute(0, "traceparent"); got != traceparentOf(span.SpanContext()) {
		t.Errorf("traceparent = %q, want the span's", got)
	}
	if got := r.attribute(0, "kind"); got != "hidden" {
		t.Errorf("the caller's attribute arrived as %q", got)
	}
	if len(in.MessageAttributes) != 1 {
		t.Error("the caller's input was changed")
	}
	if diff := cmp.Diff(map[string]int64{snsSend: 1}, b.points(t, "messaging.client.sent.messages")); diff != "" {
		t.Errorf("sent messages (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int64{snsSend: 1}, b.points(t, "messaging.client.operation.duration")); diff != "" {
		t.Errorf("operation duration (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int64{"rpc.method=SNS/Publish,rpc.system.name=aws-api": 1}, b.points(t, "rpc.client.call.duration")); diff != "" {
		t.Errorf("call duration (-want +got):\n%s", diff)
	}
}

func TestSendMessage_Queue_HasProducerSpanAndCarriesIt(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(int, received) answer { return answer{body: `{"MessageId":"sqs-1"}`} })
	in := &sqs.SendMessageInput{QueueUrl: new(queueURL), MessageBody: new("secret")}
	if _, err := sqs.NewFromConfig(b.cfg).SendMessage(context.Background(), in); err != nil {
		t.Fatalf("SendMessage: %v", err)
	}
	span := b.span(t, "send orders")
	want := map[string]string{
		"messaging.system": "aws_sqs", "messaging.operation.name": "send", "messaging.operation.type": "send",
		"messaging.destination.name": "orders", "aws.sqs.queue.url": queueURL, "cloud.region": "eu-west-1",
		"messaging.message.id": "sqs-1", "aws.request_id": request,
	}
	if diff := cmp.Diff(want, attributes(span)); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	attrs := b.received(t, 1)[0].json["MessageAttributes"].(map[string]any)
	if got := attrs["traceparent"].(map[string]any)["StringValue"]; got != traceparentOf(span.SpanContext()) {
		t.Errorf("traceparent = %q, want the span's", got)
	}
	if in.MessageAttributes != nil {
		t.Error("the caller's input was changed")
	}
	if diff := cmp.Diff(map[string]int64{sqsSend: 1}, b.points(t, "messaging.client.sent.messages")); diff != "" {
		t.Errorf("sent messages (-want +got):\n%s", diff)
	}
}

func TestPublish_CallersTraceparent_IsLinkedNotReplaced(t *testing.T) {
	t.Parallel()
	for name, callers := range map[string]string{
		"as everybody's": custom, "flags that nobody knows": custom[:53] + "09", "a later version": "01" + custom[2:] + "-more",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testCallersTraceparent(t, callers)
		})
	}
}

func testCallersTraceparent(t *testing.T, callers string) {
	t.Helper()
	b := setup(t, awssdk.Config{}, func(_ int, r received) answer { return snsOK(r) })
	_, err := sns.NewFromConfig(b.cfg).Publish(context.Background(), &sns.PublishInput{
		TopicArn: new(topicARN), Message: new("x"),
		MessageAttributes: map[string]snstypes.MessageAttributeValue{"traceparent": text(callers)},
	})
	if err != nil {
		t.Fatalf("Publish: %v", err)
	}
	span := b.span(t, "send events")
	if span.SpanKind() != trace.SpanKindClient {
		t.Errorf("kind = %v, want client: no message carries the span", span.SpanKind())
	}
	if got := attributes(span); got["rpc.system.name"] != "aws-api" || got["rpc.method"] != "SNS/Publish" || got["server.address"] != "127.0.0.1" {
		t.Errorf("attributes = %v, want a call's", got)
	}
	if links := span.Links(); len(links) != 1 || links[0].SpanContext.TraceID().String() != custom[3:35] {
		t.Errorf("links = %+v, want one to the caller's context", links)
	}
	if got := b.received(t, 1)[0].attribute(0, "traceparent"); got != callers {
		t.Errorf("traceparent = %q, want the caller's", got)
	}
}

// A retry sends what was sent before: the context is put in once, before the
// retry loop, and the span tells of both attempts.
func TestPublish_Retried_CarriesTheSameContextAndTellsOfIt(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(n int, r received) answer {
		if n < 3 {
			return snsError(503, "ServiceUnavailable", "busy")
		}
		return snsOK(r)
	})
	if _, err := sns.NewFromConfig(b.cfg).Publish(context.Background(), &sns.PublishInput{TopicArn: new(topicARN), Message: new("x")}); err != nil {
		t.Fatalf("Publish: %v", err)
	}
	requests := b.received(t, 3)
	for i, r := range requests {
		if r.body != requests[0].body || r.attribute(0, "traceparent") == "" {
			t.Errorf("attempt %d sent %s", i+1, r.body)
		}
	}
	span := b.span(t, "send events")
	if got := attributes(span)["tracehaul.aws.attempts"]; got != "3" {
		t.Errorf("attempts = %q, want 3", got)
	}
	var events []string
	for _, e := range span.Events() {
		set := attribute.NewSet(e.Attributes...)
		events = append(events, e.Name+" "+encode(set))
	}
	want := []string{
		"retry error.type=ServiceUnavailable,http.request.resend_count=1",
		"retry error.type=ServiceUnavailable,http.request.resend_count=2",
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if span.Status().Code != codes.Unset || attributes(span)["error.type"] != "" {
		t.Error("a call that succeeded at last is marked as failed")
	}
}

func TestPublish_Refused_HasTheCodeButNotTheText(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(int, received) answer {
		return snsError(400, "InvalidParameter", "Invalid parameter: Message: top secret")
	})
	_, err := sns.NewFromConfig(b.cfg).Publish(context.Background(), &sns.PublishInput{TopicArn: new(topicARN), Message: new("top secret")})
	if _, ok := errors.AsType[*snstypes.InvalidParameterException](err); !ok {
		t.Fatalf("Publish = %v, want the service's own error", err)
	}
	span := b.span(t, "send events")
	if got := attributes(span); got["error.type"] != "InvalidParameter" || got["aws.request_id"] != request {
		t.Errorf("attributes = %v", got)
	}
	if status := span.Status(); status.Code != codes.Error || status.Description != "" {
		t.Errorf("status = %+v, want an error without a text", status)
	}
	failed := "error.type=InvalidParameter," + snsSend
	if diff := cmp.Diff(map[string]int64{failed: 1}, b.points(t, "messaging.client.sent.messages")); diff != "" {
		t.Errorf("sent messages (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int64{"error.type=InvalidParameter,rpc.method=SNS/Publish,rpc.system.name=aws-api": 1}, b.points(t, "rpc.client.call.duration")); diff != "" {
		t.Errorf("call duration (-want +got):\n%s", diff)
	}
}

func TestPublish_ElevenAttributes_AreRefusedBeforeTheCall(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(_ int, r received) answer { return snsOK(r) })
	attrs := map[string]snstypes.MessageAttributeValue{}
	for _, c := range "abcdefghijk" {
		attrs[string(c)] = text("x")
	}
	_, err := sns.NewFromConfig(b.cfg).Publish(context.Background(), &sns.PublishInput{TopicArn: new(topicARN), Message: new("x"), MessageAttributes: attrs})
	var refused *message.TooManyAttributesError
	if !errors.As(err, &refused) || refused.Attributes != 11 {
		t.Fatalf("Publish = %v, want a TooManyAttributesError", err)
	}
	b.received(t, 0)
	if got := attributes(b.span(t, "send events"))["error.type"]; got != "too_many_attributes" {
		t.Errorf("error.type = %q", got)
	}
	if got := b.points(t, "messaging.client.sent.messages"); len(got) != 0 {
		t.Errorf("messages that were never sent are counted: %v", got)
	}

	_, err = sqs.NewFromConfig(b.cfg).SendMessage(context.Background(), &sqs.SendMessageInput{
		QueueUrl: new(queueURL), MessageBody: new("x"), MessageAttributes: sqsAttributes(11),
	})
	if !errors.As(err, &refused) {
		t.Errorf("SendMessage = %v, want a TooManyAttributesError", err)
	}
}

func sqsAttributes(n int) map[string]sqstypes.MessageAttributeValue {
	out := map[string]sqstypes.MessageAttributeValue{}
	for i := range n {
		out[string(rune('a'+i))] = sqstypes.MessageAttributeValue{DataType: new("String"), StringValue: new("x")}
	}
	return out
}

// Tracing never makes a publish fail that would have worked.
func TestPublish_NoRoomLeft_IsSentWithoutContext(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(_ int, r received) answer { return snsOK(r) })
	_, err := sns.NewFromConfig(b.cfg).Publish(context.Background(), &sns.PublishInput{
		TopicArn: new(topicARN), Message: new(strings.Repeat("x", 262_144)),
	})
	if err != nil {
		t.Fatalf("Publish: %v", err)
	}
	if got := b.received(t, 1)[0].attribute(0, "traceparent"); got != "" {
		t.Errorf("traceparent = %q, want none", got)
	}
	dropped := "messaging.system=aws.sns,tracehaul.context.part=context,tracehaul.reason=size_limit"
	if diff := cmp.Diff(map[string]int64{dropped: 1}, b.points(t, "tracehaul.context.dropped")); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
}

func TestPublish_StructuredMessage_CarriesNoAttributes(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := awssdk.Config{Logger: slog.New(slogtrace.NewHandler(slog.NewJSONHandler(&log, nil)))}
	b := setup(t, c, func(_ int, r received) answer { return snsOK(r) })
	_, err := sns.NewFromConfig(b.cfg).Publish(context.Background(), &sns.PublishInput{
		TopicArn: new(topicARN), Message: new(`{"default":"x"}`), MessageStructure: new("json"),
	})
	if err != nil {
		t.Fatalf("Publish: %v", err)
	}
	if got := b.received(t, 1)[0].attribute(0, "traceparent"); got != "" {
		t.Errorf("traceparent = %q, want none", got)
	}
	if got := b.span(t, "send events").SpanKind(); got != trace.SpanKindClient {
		t.Errorf("kind = %v, want client", got)
	}
	id := b.span(t, "send events").SpanContext().SpanID().String()
	if line := log.String(); !strings.Contains(line, semconv.LogContextDropped) || !strings.Contains(line, id) {
		t.Errorf("the log is %q, want what was dropped, in the span of the message", line)
	}
	dropped := "messaging.system=aws.sns,tracehaul.context.part=context,tracehaul.reason=message_structure"
	if diff := cmp.Diff(map[string]int64{dropped: 1}, b.points(t, "tracehaul.context.dropped")); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
}

func TestPublish_StructuredMessageWithoutContext_DropsNone(t *testing.T) {
	t.Parallel()
	inTrace := trace.ContextWithRemoteSpanContext(context.Background(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: [16]byte{1}, SpanID: [8]byte{2}}))
	for name, test := range map[string]struct {
		ctx   context.Context
		attrs map[string]snstypes.MessageAttributeValue
		want  map[string]int64
	}{
		"no trace":        {ctx: context.Background(), want: map[string]int64{}},
		"a trace":         {ctx: inTrace, want: map[string]int64{"messaging.system=aws.sns,tracehaul.context.part=context,tracehaul.reason=message_structure": 1}},
		"another context": {ctx: inTrace, attrs: map[string]snstypes.MessageAttributeValue{"traceparent": text(custom)}, want: map[string]int64{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := awssdk.Config{Logger: slog.New(slog.DiscardHandler)}
			b := newBundle(t, &c, func(_ int, r received) answer { return snsOK(r) })
			c.TracerProvider = noop.NewTracerProvider()
			awssdk.Instrument(&b.cfg, c)
			_, err := sns.NewFromConfig(b.cfg).Publish(test.ctx, &sns.PublishInput{
				TopicArn: new(topicARN), Message: new(`{"default":"x"}`), MessageStructure: new("json"), MessageAttributes: test.attrs,
			})
			if err != nil {
				t.Fatalf("Publish: %v", err)
			}
			if diff := cmp.Diff(test.want, b.points(t, "tracehaul.context.dropped")); diff != "" {
				t.Errorf("dropped (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPublish_NotToATopic_IsAnOrdinaryCallThatTellsNoNumber(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]*sns.PublishInput{
		"text message":      {PhoneNumber: new("+4915112345678"), Message: new("x")},
		"push notification": {TargetArn: new("arn:aws:sns:eu-west-1:123456789012:endpoint/GCM/app/uuid"), Message: new("x")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, awssdk.Config{}, func(_ int, r received) answer { return snsOK(r) })
			if _, err := sns.NewFromConfig(b.cfg).Publish(context.Background(), in); err != nil {
				t.Fatalf("Publish: %v", err)
			}
			span := b.span(t, "SNS.Publish")
			for key, value := range attributes(span) {
				if strings.Contains(value, "4915112345678") || strings.Contains(value, "endpoint/") {
					t.Errorf("%s = %q", key, value)
				}
			}
			if got := b.received(t, 1)[0].attribute(0, "traceparent"); got != "" {
				t.Errorf("traceparent = %q, want none", got)
			}
		})
	}
}

func TestPublish_TopicAsTarget_IsATopic(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(_ int, r received) answer { return snsOK(r) })
	if _, err := sns.NewFromConfig(b.cfg).Publish(context.Background(), &sns.PublishInput{TargetArn: new(topicARN), Message: new("x")}); err != nil {
		t.Fatalf("Publish: %v", err)
	}
	if got := b.received(t, 1)[0].attribute(0, "traceparent"); got != traceparentOf(b.span(t, "send events").SpanContext()) {
		t.Errorf("traceparent = %q", got)
	}
}
