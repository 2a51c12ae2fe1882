package awssdk_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/awssdk"
	"github.com/tracehaul/tracehaul/telemetry/message"
)

const enveloped = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

func TestReceiveMessage_Messages_AreLinkedAndCounted(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(int, received) answer {
		return answer{body: `{"Messages":[
			{"MessageId":"1","Body":"secret","MessageAttributes":{"traceparent":{"DataType":"String","StringValue":"` + custom + `"}}},
			{"MessageId":"2","Body":"secret"},
			{"MessageId":"3","Body":"{\"Type\":\"Notification\",\"MessageId\":\"63a3f6b6-d533-4a47-aef9-fcf5cf758c76\",\"TopicArn\":\"arn:aws:sns:eu-west-1:123456789012:t.fifo\",\"Message\":\"secret\",\"Timestamp\":\"2012-03-29T05:12:16.901Z\",\"MessageAttributes\":{\"traceparent\":{\"Type\":\"String\",\"Value\":\"` + enveloped + `\"}}}"}]}`}
	})
	in := &sqs.ReceiveMessageInput{QueueUrl: new(queueURL), MessageAttributeNames: []string{"kind", "baggage"}}
	out, err := sqs.NewFromConfig(b.cfg).ReceiveMessage(context.Background(), in)
	if err != nil || len(out.Messages) != 3 {
		t.Fatalf("ReceiveMessage = %+v, %v", out, err)
	}
	span := b.span(t, "receive orders")
	attrs := attributes(span)
	delete(attrs, "server.port")
	want := map[string]string{
		"messaging.system": "aws_sqs", "messaging.operation.name": "receive", "messaging.operation.type": "receive",
		"messaging.destination.name": "orders", "aws.sqs.queue.url": queueURL, "cloud.region": "eu-west-1",
		"messaging.batch.message_count": "3", "aws.request_id": request, "server.address": "127.0.0.1",
		"rpc.system.name": "aws-api", "rpc.method": "SQS/ReceiveMessage",
	}
	if diff := cmp.Diff(want, attrs); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if span.SpanKind() != trace.SpanKindClient {
		t.Errorf("kind = %v", span.SpanKind())
	}
	if links := span.Links(); len(links) != 2 || links[0].SpanContext.TraceID().String() != custom[3:35] ||
		links[1].SpanContext.TraceID().String() != enveloped[3:35] {
		t.Errorf("links = %+v, want those of the messages that have a context", links)
	}
	asked := b.received(t, 1)[0].json["MessageAttributeNames"]
	if diff := cmp.Diff([]any{"kind", "baggage", "traceparent", "tracestate", "X-Amzn-Trace-Id", "x-amzn-trace-id"}, asked); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
	if len(in.MessageAttributeNames) != 2 {
		t.Error("the caller's input was changed")
	}
	consumed := "messaging.destination.name=orders,messaging.operation.name=receive,messaging.operation.type=receive,messaging.system=aws_sqs"
	if diff := cmp.Diff(map[string]int64{consumed: 3}, b.points(t, "messaging.client.consumed.messages")); diff != "" {
		t.Errorf("consumed messages (-want +got):\n%s", diff)
	}
	// What was asked for on the way is what the consumer needs.
	r := message.FromSQS(context.Background(), out.Messages[0])
	if got := trace.SpanContextFromContext(r.Context).TraceID().String(); got != custom[3:35] {
		t.Errorf("FromSQS continues trace %s", got)
	}
}

func TestReceiveMessage_AllAttributesAskedFor_NothingIsAdded(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(int, received) answer { return answer{body: `{}`} })
	client := sqs.NewFromConfig(b.cfg)
	for _, names := range [][]string{{"All"}, {".*"}, nil} {
		if _, err := client.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: new(queueURL), MessageAttributeNames: names}); err != nil {
			t.Fatalf("ReceiveMessage: %v", err)
		}
	}
	requests := b.received(t, 3)
	for n, want := range [][]any{{"All"}, {".*"}, {"traceparent", "tracestate", "baggage", "X-Amzn-Trace-Id", "x-amzn-trace-id"}} {
		if diff := cmp.Diff(want, requests[n].json["MessageAttributeNames"]); diff != "" {
			t.Errorf("request %d asked for (-want +got):\n%s", n, diff)
		}
	}
	if got := attributes(b.spans.Ended()[0])["messaging.batch.message_count"]; got != "0" {
		t.Errorf("message count of an empty answer = %q", got)
	}
	if got := b.points(t, "messaging.client.consumed.messages"); len(got) != 0 {
		t.Errorf("consumed messages = %v", got)
	}
}

func TestDeleteMessage_Queue_Settles(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(int, received) answer { return answer{} })
	if _, err := sqs.NewFromConfig(b.cfg).DeleteMessage(context.Background(), &sqs.DeleteMessageInput{QueueUrl: new(queueURL), ReceiptHandle: new("handle")}); err != nil {
		t.Fatalf("DeleteMessage: %v", err)
	}
	span := b.span(t, "settle orders")
	got := attributes(span)
	if span.SpanKind() != trace.SpanKindClient || got["messaging.operation.type"] != "settle" ||
		got["messaging.batch.message_count"] != "" || got["rpc.method"] != "SQS/DeleteMessage" {
		t.Errorf("kind %v, attributes %v", span.SpanKind(), got)
	}
	for key, value := range got {
		if value == "handle" {
			t.Errorf("%s holds the receipt handle", key)
		}
	}
	settled := "messaging.destination.name=orders,messaging.operation.name=settle,messaging.operation.type=settle,messaging.system=aws_sqs"
	if diff := cmp.Diff(map[string]int64{settled: 1}, b.points(t, "messaging.client.operation.duration")); diff != "" {
		t.Errorf("operation duration (-want +got):\n%s", diff)
	}
}

func TestDeleteMessageBatch_SomeFail_SpanIsFailed(t *testing.T) {
	t.Parallel()
	b := setup(t, awssdk.Config{}, func(int, received) answer {
		return answer{body: `{"Successful":[{"Id":"a"}],"Failed":[{"Id":"b","Code":"ReceiptHandleIsInvalid","SenderFault":true}]}`}
	})
	_, err := sqs.NewFromConfig(b.cfg).DeleteMessageBatch(context.Background(), &sqs.DeleteMessageBatchInput{
		QueueUrl: new(queueURL),
		Entries:  []sqstypes.DeleteMessageBatchRequestEntry{{Id: new("a"), ReceiptHandle: new("x")}, {Id: new("b"), ReceiptHandle: new("y")}},
	})
	if err != nil {
		t.Fatalf("DeleteMessageBatch: %v", err)
	}
	span := b.span(t, "settle orders")
	if got := attributes(span); span.Status().Code != codes.Error || got["error.type"] != "ReceiptHandleIsInvalid" ||
		got["messaging.batch.message_count"] != "2" || got["rpc.method"] != "SQS/DeleteMessageBatch" {
		t.Errorf("status %v, attributes %v", span.Status(), got)
	}
	settled := "error.type=ReceiptHandleIsInvalid,messaging.destination.name=orders,messaging.operation.name=settle,messaging.operation.type=settle,messaging.system=aws_sqs"
	if diff := cmp.Diff(map[string]int64{settled: 1}, b.points(t, "messaging.client.operation.duration")); diff != "" {
		t.Errorf("operation duration (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]int64{"rpc.method=SQS/DeleteMessageBatch,rpc.system.name=aws-api": 1}, b.points(t, "rpc.client.call.duration")); diff != "" {
		t.Errorf("call duration (-want +got):\n%s", diff)
	}
}
