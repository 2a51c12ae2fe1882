package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/tracehaul/tracehaul/event"
)

// records are n messages from the first-th on as Lambda hands them over from
// a raw subscription, each in a trace of its own.
func records(first, n int) []events.SQSMessage {
	now := time.Now()
	accepted, sent := now.UTC().Format(time.RFC3339Nano), strconv.FormatInt(now.UnixMilli(), 10)
	text := func(s string) events.SQSMessageAttribute {
		return events.SQSMessageAttribute{DataType: "String", StringValue: &s}
	}
	all := make([]events.SQSMessage, n)
	for i := range all {
		k := uint32(first + i + 1)                                      //nolint:gosec // small
		id := fmt.Sprintf("%08x-0000-4000-8000-%012x", k*2654435761, k) // as good as random
		root := fmt.Sprintf("%08x%024x", k*2654435761, k)
		body := event.Event{
			ID: id, Source: "https://shop.example/orders", Type: "com.example.order.placed", Subject: "order/" + strconv.Itoa(int(k)),
			Time: now, DataContentType: "application/json",
			Data: json.RawMessage(`{"order":"` + strconv.Itoa(int(k)) + `","amount":12.5,"currency":"EUR","items":[{"sku":"A-1","n":2},{"sku":"B-7","n":1}],"customer":{"id":"c-1","name":"Ada"}}`),
		}.AppendJSON(nil)
		all[i] = events.SQSMessage{
			MessageId: id, Body: string(body), EventSource: "aws:sqs", EventSourceARN: "arn:aws:sqs:eu-west-1:000000000000:dev-shop-order-consumer",
			Attributes: map[string]string{"SentTimestamp": sent, "ApproximateReceiveCount": "1"},
			MessageAttributes: map[string]events.SQSMessageAttribute{
				"traceparent": text("00-" + root + "-" + root[16:] + "-01"), event.AttributeType: text("com.example.order.placed"),
				event.AttributeSource: text("https://shop.example/orders"), event.AttributeAcceptedAt: text(accepted),
				event.AttributeALBRoot: text("1-" + root[:8] + "-" + root[8:]),
			},
		}
	}
	return all
}

// copied are the columns that the consumer fills in for such records.
var copied = []string{
	"source", "id", "type", "subject", "time", "data_content_type", "data", "trace_id", "span_id", "alb_root",
	"sqs_message_id", "receive_count", "accepted_at", "sent_at", "received_at",
}

// rows are the rows that the consumer makes of records, decoded beforehand.
func rows(records []events.SQSMessage) ([][]any, error) {
	all, now := make([][]any, len(records)), time.Now()
	for i, m := range records {
		e, err := event.ParseString(m.Body)
		if err != nil {
			return nil, err
		}
		parent := *m.MessageAttributes["traceparent"].StringValue
		all[i] = []any{
			e.Source, e.ID, e.Type, e.Subject, e.Time, e.DataContentType, []byte(e.Data), parent[3:35], parent[36:52],
			*m.MessageAttributes[event.AttributeALBRoot].StringValue, m.MessageId, 1, now, now, now,
		}
	}
	return all, nil
}
