package message

import (
	"context"
	"log/slog"

	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

const scope = "github.com/tracehaul/tracehaul/telemetry/message"

// Budget is what a message may take up, its context included.
type Budget struct {
	// Attributes is the number of attributes of one message. SQS refuses
	// more than 10. SNS takes more, but where a subscription has raw message
	// delivery it discards messages with more than 10 without telling the
	// publisher ("Amazon SNS message attributes"): raise it only for topics
	// that have no such subscription. Defaults to 10.
	Attributes int
	// Bytes is the size of a message, and of all messages of a batch
	// together: bodies and the names, types and values of attributes. SNS
	// and SQS take 256 KiB unless topic and queue are set to more, up to
	// 1 MiB ("Large message payloads"). What is larger than the budget by
	// itself is sent as it is, without context. Defaults to 262,144.
	Bytes int
}

func (b Budget) withDefaults() Budget {
	if b.Attributes <= 0 {
		b.Attributes = 10
	}
	if b.Bytes <= 0 {
		b.Bytes = 256 << 10
	}
	return b
}

// Config configures an [Injector]. The zero value is ready for use.
type Config struct {
	// Propagator writes the context. Defaults to W3C Trace Context and
	// Baggage, which is what [FromLambda] and [FromSQS] read.
	Propagator propagation.TextMapPropagator
	// MeterProvider counts what was dropped, in
	// semconv.MetricContextDropped. Defaults to the global one.
	MeterProvider metric.MeterProvider
	// Budget limits attributes and bytes. Defaults to the limits of SNS and
	// SQS, see [Budget].
	Budget Budget
	// Logger gets a warning for what was dropped, semconv.LogContextDropped: the
	// first of a kind at once, and further ones together, once a second. Defaults
	// to [slog.Default].
	Logger *slog.Logger
}

// Injector puts contexts into message attributes. It is safe for concurrent
// use.
//
// Tracing never makes a message fail that would have been accepted without
// it. What finds no room in the [Budget] is left out, counted and logged:
// baggage first, then tracestate, then the trace context itself. An attribute that
// the caller set is never overwritten, and a message in which the caller put
// a trace context keeps it, with nothing added, as the messaging conventions
// ask ("Producer spans"). A traceparent or an X-Amzn-Trace-Id of the caller's
// that is malformed stays, too; the context that it keeps out is counted and
// logged.
//
// What the caller passes in is not modified; maps and slices are copied.
type Injector struct {
	propagator propagation.TextMapPropagator // nil for W3C's
	budget     Budget
	dropped    metric.Int64Counter
	log        *dropLog
}

// NewInjector returns an injector.
func NewInjector(c Config) *Injector {
	if c.MeterProvider == nil {
		c.MeterProvider = otel.GetMeterProvider()
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	dropped, err := c.MeterProvider.Meter(scope).Int64Counter(semconv.MetricContextDropped,
		metric.WithUnit(semconv.UnitContexts),
		metric.WithDescription("Contexts, or parts of them, that could not travel with a message."))
	if err != nil {
		otel.Handle(err) // the counter works none the less, as the API promises
	}
	return &Injector{propagator: c.Propagator, budget: c.Budget.withDefaults(), dropped: dropped, log: &dropLog{logger: c.Logger}}
}

// SNS returns the attributes of an SNS message with the context of ctx added.
// otherBytes is the size of what else is in the message: body and subject.
// attrs may be returned itself when there is nothing to add.
//
// It returns a *[TooManyAttributesError] when attrs alone is over budget.
//
// Leave messages with MessageStructure json alone: SNS sends no attributes
// with them; see [Injector.CountDropped].
func (i *Injector) SNS(ctx context.Context, attrs map[string]snstypes.MessageAttributeValue, otherBytes int) (map[string]snstypes.MessageAttributeValue, error) {
	return injectOne(ctx, i, &snsAttributes, attrs, otherBytes)
}

// SQS is [Injector.SNS] for a message that is sent to a queue.
func (i *Injector) SQS(ctx context.Context, attrs map[string]sqstypes.MessageAttributeValue, otherBytes int) (map[string]sqstypes.MessageAttributeValue, error) {
	return injectOne(ctx, i, &sqsAttributes, attrs, otherBytes)
}

// SNSBatch returns a copy of the entries of a PublishBatch with contexts
// added: entry i's own when ctx comes from [WithEntries], else that of ctx.
// The entries share the budget's bytes: no entry's baggage takes the room of
// another one's trace context. Entries with MessageStructure json are left
// alone and counted.
//
// It returns a *[TooManyAttributesError] when entries are over budget on
// their own. Nothing was sent then: take those entries out and send the
// others.
func (i *Injector) SNSBatch(ctx context.Context, entries []snstypes.PublishBatchRequestEntry) ([]snstypes.PublishBatchRequestEntry, error) {
	return injectBatch(ctx, i, &snsAttributes, entries, func(e *snstypes.PublishBatchRequestEntry) entry[snstypes.MessageAttributeValue] {
		return entry[snstypes.MessageAttributeValue]{
			id:         e.Id,
			attributes: &e.MessageAttributes,
			otherBytes: stringLen(e.Message) + stringLen(e.Subject),
			structured: e.MessageStructure != nil && *e.MessageStructure != "",
		}
	})
}

// SQSBatch is [Injector.SNSBatch] for a SendMessageBatch.
func (i *Injector) SQSBatch(ctx context.Context, entries []sqstypes.SendMessageBatchRequestEntry) ([]sqstypes.SendMessageBatchRequestEntry, error) {
	return injectBatch(ctx, i, &sqsAttributes, entries, func(e *sqstypes.SendMessageBatchRequestEntry) entry[sqstypes.MessageAttributeValue] {
		return entry[sqstypes.MessageAttributeValue]{
			id:         e.Id,
			attributes: &e.MessageAttributes,
			otherBytes: stringLen(e.MessageBody),
		}
	})
}

// CountDropped counts and logs a trace context that cannot travel for a reason
// that the injector does not see. system is the value of messaging.system, reason
// one of the semconv.Reason words.
func (i *Injector) CountDropped(ctx context.Context, system, reason string) {
	i.drop(ctx, otelsemconv.MessagingSystemKey.String(system), partContext, reason)
}

func (i *Injector) drop(ctx context.Context, system attribute.KeyValue, p part, reason string) {
	i.dropped.Add(ctx, 1, metric.WithAttributes(
		system, semconv.ContextPartKey.String(partNames[p]), semconv.ReasonKey.String(reason)))
	i.log.add(ctx, dropped{system: system.Value.AsString(), part: partNames[p], reason: reason})
}

// service is what SNS and SQS do differently: the type of an attribute.
type service[V any] struct {
	system attribute.KeyValue
	size   func(V) int
	read   func(name string, v V) string // as a consumer would
	text   func(dataType, value *string) V
}

var snsAttributes = service[snstypes.MessageAttributeValue]{
	system: otelsemconv.MessagingSystemAWSSNS,
	size: func(v snstypes.MessageAttributeValue) int {
		return stringLen(v.DataType) + stringLen(v.StringValue) + len(v.BinaryValue)
	},
	read: func(name string, v snstypes.MessageAttributeValue) string {
		return readAttribute(name, v.DataType, v.StringValue)
	},
	text: func(dataType, value *string) snstypes.MessageAttributeValue {
		return snstypes.MessageAttributeValue{DataType: dataType, StringValue: value}
	},
}

var sqsAttributes = service[sqstypes.MessageAttributeValue]{
	system: otelsemconv.MessagingSystemAWSSQS,
	size: func(v sqstypes.MessageAttributeValue) int {
		return stringLen(v.DataType) + stringLen(v.StringValue) + len(v.BinaryValue)
	},
	read: func(name string, v sqstypes.MessageAttributeValue) string {
		return readAttribute(name, v.DataType, v.StringValue)
	},
	text: func(dataType, value *string) sqstypes.MessageAttributeValue {
		return sqstypes.MessageAttributeValue{DataType: dataType, StringValue: value}
	},
}

func stringLen(s *string) int {
	if s == nil {
		return 0
	}
	return len(*s)
}
