package deadletter

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Reasons that no attribute of the letter gives. The consumer's own are
// semconv.ReasonMalformed and semconv.ReasonRefused.
const (
	// ReasonUnsettled: SQS moved it, as it was received as often as the redrive
	// policy allows and never settled.
	ReasonUnsettled = "unsettled"
	// ReasonUndelivered: SNS could not put it into the queue.
	ReasonUndelivered = "undelivered"
	// ReasonFunction: a function that was called asynchronously failed, and
	// Lambda kept what it was called with. The code is Lambda's ErrorCode.
	ReasonFunction = "function"
	// ReasonUnknown: nothing says why. Somebody may have sent it by hand.
	ReasonUnknown = "unknown"
)

// AttributeRedrive is the message attribute that a redrive leaves: how often
// the message was redriven, and the id of the last redrive, with a space
// between.
const AttributeRedrive = "redrive"

// Letter is a message in a dead-letter queue.
type Letter struct {
	MessageID string

	// Reason is why it is there: the consumer's word, or one of the Reason
	// constants. Code is the error's own code, or empty.
	Reason, Code string

	// Dropped names the attributes for which the consumer found no room beside
	// the reason. They are lost.
	Dropped string

	// SentAt is what the queue's retention counts from. For a letter that SQS
	// moved it is its first arrival in the queue before; for all others the
	// arrival here. (SQS guide, "Dead-letter queues".)
	SentAt time.Time

	// ReceiveCount is how often it was received, this look and those before
	// it included.
	ReceiveCount int

	// Source is the ARN of the queue that SQS moved it from, or empty.
	Source string

	// Event is the event in it. Its ID is empty if there is none, and Problem
	// says why, without a value of the event.
	Event   event.Event
	Problem string

	// TraceID is the trace that it belongs to, or empty.
	TraceID string

	// Redrives is how often it was redriven, RedriveID the last of them.
	Redrives  int
	RedriveID string

	// Received is the message as a consumer reads it.
	Received message.Received

	raw sqstypes.Message
}

// Names of attributes that Lambda adds to the events that it gives up. (Lambda
// guide, "Adding a dead-letter queue".)
const (
	lambdaRequestID = "RequestID"
	lambdaErrorCode = "ErrorCode"
)

// newLetter reads a message. Nothing in one makes it fail.
func newLetter(m sqstypes.Message, undelivered bool) *Letter {
	l := &Letter{raw: m, MessageID: aws.ToString(m.MessageId), Received: message.FromSQS(context.Background(), m)}
	l.SentAt, l.ReceiveCount = l.Received.SentAt, l.Received.ReceiveCount
	l.Source = m.Attributes[string(sqstypes.MessageSystemAttributeNameDeadLetterQueueSourceArn)]
	l.TraceID = l.traceID()
	l.Dropped = l.text(consumer.AttributeDropped)
	count, id, _ := strings.Cut(l.text(AttributeRedrive), " ")
	if n, err := strconv.Atoi(count); err == nil && n > 0 {
		l.Redrives, l.RedriveID = n, id
	}
	e, err := event.ParseString(l.Received.Body)
	if err != nil {
		l.Problem = err.Error()
	} else {
		l.Event = e
	}
	l.Reason, l.Code = l.text(consumer.AttributeReason), l.text(consumer.AttributeCode)
	switch {
	case l.Reason != "":
	case l.Source != "":
		l.Reason = ReasonUnsettled
	case l.text(lambdaRequestID) != "" && l.text(lambdaErrorCode) != "":
		l.Reason, l.Code = ReasonFunction, l.text(lambdaErrorCode)
	case undelivered:
		l.Reason = ReasonUndelivered
	default:
		l.Reason = ReasonUnknown
	}
	return l
}

// text is the value of a message attribute, or empty.
func (l *Letter) text(name string) string {
	return aws.ToString(l.raw.MessageAttributes[name].StringValue)
}

// traceID is that of the message's context, which has no span where it is X-Ray's
// with Root alone.
func (l *Letter) traceID() string {
	if sc := trace.SpanContextFromContext(l.Received.Context); sc.HasTraceID() {
		return sc.TraceID().String()
	}
	return ""
}

// Why says in a sentence why letters with a reason are there, and where to
// look.
func Why(reason string) string {
	switch reason {
	case semconv.ReasonMalformed:
		return "The consumer found no event in it. The code says what is wrong with it, the log group of the consumer has a line for each."
	case semconv.ReasonRefused:
		return "The database refused it for what is in it. The code is PostgreSQL's; the log of the consumer has the error, by the trace id."
	case ReasonUnsettled:
		return "Received that often and never settled: the cause was around it (database, time, throttling) and may be gone. " +
			"Look for \"batch failed\" in the log of the consumer at that time; if nothing is there, it never ran."
	case ReasonUndelivered:
		return "SNS could not put it into the queue; no consumer has seen it. Look at the queue's policy, its key, and SNS's delivery status."
	case ReasonFunction:
		return "A function that was called asynchronously failed at it. The code is Lambda's ErrorCode; the log of the function has more."
	case ReasonUnknown:
		return "Nothing says why. Somebody may have sent it by hand, or its attributes were lost on the way."
	}
	return ""
}
