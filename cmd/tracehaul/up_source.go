package main

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	otelconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/deadletter"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
	"github.com/tracehaul/tracehaul/internal/localcloud/otlp"
	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/story/source"
	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// upSource gives the page, and `tracehaul trace` in another process, what a
// local pipeline knows.
type upSource struct{ *localpipeline.Local }

// allTraces and allMessages are more than is kept.
const (
	allTraces   = 1 << 20
	allMessages = 10_000
)

// Send posts one example event.
func (s upSource) Send(ctx context.Context) (string, error) {
	a, err := s.Local.Send(ctx, localpipeline.ExampleEvent(time.Now()), nil)
	return a.TraceID, err
}

// Look finds what is kept in memory: nothing that it looks at is changed.
func (s upSource) Look(ctx context.Context, c story.Clues, body bool) (found story.Found, err error) {
	for _, id := range s.traceIDs(c) {
		t, linked := s.Trace(id)
		found.Spans = append(append(found.Spans, t.Spans()...), linked...)
		found.Logs = append(found.Logs, s.lines(id)...)
		for i := range linked {
			found.Logs = append(found.Logs, s.lines(linked[i].TraceID)...)
		}
		found.AccessLog = append(found.AccessLog, s.AccessLog(id)...)
	}
	for _, id := range c.Linked { // of which one span or another is of interest
		t, _ := s.Trace(id)
		found.Spans = append(found.Spans, t.Spans()...)
		found.AccessLog = append(found.AccessLog, s.AccessLog(id)...)
	}
	found.Messages, err = s.messages(ctx, c, body)
	return found, err
}

// traceIDs are those that are asked for or, if only a message is known, those
// that have a span or a line of it.
func (s upSource) traceIDs(c story.Clues) (ids []string) {
	if len(c.TraceIDs) > 0 {
		return c.TraceIDs
	}
	of := func(span trace.Span) bool {
		id, _ := span.Attributes[string(otelconv.MessagingMessageIDKey)].(string)
		sns, _ := span.Attributes[string(semconv.SNSMessageIDKey)].(string)
		return slices.Contains(c.SQS, id) || slices.Contains(c.SNS, id) || slices.Contains(c.SNS, sns)
	}
	if len(c.SQS)+len(c.SNS) == 0 {
		return nil
	}
	for _, t := range s.Latest(allTraces) {
		if slices.ContainsFunc(t.Spans(), of) {
			ids = append(ids, t.ID)
		}
	}
	for _, l := range s.Telemetry().Logs("") { // of what was not sampled
		if id, _ := l.Attributes["sqs_message_id"].(string); slices.Contains(c.SQS, id) && !slices.Contains(ids, l.TraceID) {
			ids = append(ids, l.TraceID)
		}
	}
	return ids
}

func (s upSource) lines(traceID string) (lines []story.Log) {
	for _, l := range s.Telemetry().Logs(traceID) {
		lines = append(lines, ofOTLP(l))
	}
	return lines
}

func ofOTLP(l otlp.Log) story.Log {
	text, _ := l.Body.(string)
	return story.Log{Time: l.Time, Severity: l.Severity, Service: l.Service, Text: text, TraceID: l.TraceID, SpanID: l.SpanID, Attributes: l.Attributes}
}

// messages looks into all queues without receiving.
func (s upSource) messages(ctx context.Context, c story.Clues, body bool) (found []story.Message, err error) {
	p := s.Pipeline()
	for i := range p.Consumers {
		of := &p.Consumers[i]
		if s.Function(of.Name) == nil {
			continue // not of those that run here
		}
		for _, queue := range []string{of.QueueName(), of.DLQName(), of.UndeliveredName()} {
			stored, err := s.Broker().Messages(queue, allMessages)
			if err != nil {
				return found, err
			}
			for i := range stored {
				m, ok := source.OfQueue(ctx, queue, ofBroker(&stored[i]), c, body)
				if !ok {
					continue
				}
				m.HiddenUntil = stored[i].VisibleAt
				if m.DeadLetter = queue != of.QueueName(); m.DeadLetter {
					m.Reason, m.Code = whyDead(&stored[i], queue == of.UndeliveredName())
				}
				found = append(found, m)
			}
		}
	}
	return found, nil
}

// ofBroker is a message as SQS would hand it over.
func ofBroker(m *messaging.StoredMessage) sqstypes.Message {
	out := sqstypes.Message{
		MessageId: &m.MessageID, Body: &m.Body, MessageAttributes: make(map[string]sqstypes.MessageAttributeValue, len(m.Attributes)),
		Attributes: map[string]string{
			string(sqstypes.MessageSystemAttributeNameSentTimestamp):           strconv.FormatInt(m.SentAt.UnixMilli(), 10),
			string(sqstypes.MessageSystemAttributeNameApproximateReceiveCount): strconv.Itoa(m.ReceiveCount),
		},
	}
	if m.TraceHeader != "" {
		out.Attributes[string(sqstypes.MessageSystemAttributeNameAWSTraceHeader)] = m.TraceHeader
	}
	for name, a := range m.Attributes {
		if a.Type == "Binary" {
			continue // nothing that is looked at
		}
		out.MessageAttributes[name] = sqstypes.MessageAttributeValue{DataType: aws.String(a.Type), StringValue: aws.String(a.Value)}
	}
	return out
}

// whyDead says why a message is a dead letter, as package deadletter does of
// one that it has received.
func whyDead(m *messaging.StoredMessage, undelivered bool) (reason, code string) {
	switch reason := m.Attributes[consumer.AttributeReason].Value; {
	case reason != "":
		return reason, m.Attributes[consumer.AttributeCode].Value
	case m.DeadLetterSourceARN != "":
		return deadletter.ReasonUnsettled, ""
	case undelivered:
		return deadletter.ReasonUndelivered, ""
	}
	return deadletter.ReasonUnknown, ""
}
