package message

import (
	"context"

	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
)

// Budget is what a message may take up, context included.
type Budget struct {
	// Attributes is the number of attributes of one message. SQS takes 10;
	// SNS takes more, but with raw message delivery it discards a message
	// with more than 10 without a word. Defaults to 10.
	Attributes int
	// Bytes is the size of a message, and of all messages of a batch
	// together: bodies and the names, types and values of attributes.
	// Defaults to 262,144.
	Bytes int
}

// Config configures an [Injector].
type Config struct {
	// Propagator writes the context. Defaults to W3C Trace Context and
	// Baggage.
	Propagator propagation.TextMapPropagator
	// MeterProvider counts dropped contexts. Defaults to the global one.
	MeterProvider metric.MeterProvider
	// Budget limits attributes and bytes. Defaults to those of SNS and SQS.
	Budget Budget
}

// Injector puts contexts into message attributes. It is safe for concurrent
// use.
type Injector struct{}

// NewInjector returns an injector.
func NewInjector(c Config) *Injector { return &Injector{} }

// SNS returns the attributes of an SNS message with the context added. attrs
// itself is left alone. otherBytes is the size of what else is in the
// message: body and subject.
func (i *Injector) SNS(ctx context.Context, attrs map[string]snstypes.MessageAttributeValue, otherBytes int) (map[string]snstypes.MessageAttributeValue, error) {
	return attrs, nil
}

// SQS is SNS for a message that goes to a queue directly.
func (i *Injector) SQS(ctx context.Context, attrs map[string]sqstypes.MessageAttributeValue, otherBytes int) (map[string]sqstypes.MessageAttributeValue, error) {
	return attrs, nil
}

// SNSBatch returns a copy of the entries of a PublishBatch with contexts
// added: entry i's own when ctx comes from [WithEntries], else ctx's.
func (i *Injector) SNSBatch(ctx context.Context, entries []snstypes.PublishBatchRequestEntry) ([]snstypes.PublishBatchRequestEntry, error) {
	return entries, nil
}

// SQSBatch is SNSBatch for a SendMessageBatch.
func (i *Injector) SQSBatch(ctx context.Context, entries []sqstypes.SendMessageBatchRequestEntry) ([]sqstypes.SendMessageBatchRequestEntry, error) {
	return entries, nil
}

// WithEntries gives every entry of a batch its own context: entries[i] is the
// parent of the batch's entry i. Entries beyond the slice use ctx.
func WithEntries(ctx context.Context, entries []context.Context) context.Context { return ctx }

// TooManyAttributesError refuses messages whose own attributes already exceed
// the budget. Nothing was sent. Retrying does not help.
type TooManyAttributesError struct {
	// EntryIDs are the ids of the offending entries; nil for a single message.
	EntryIDs []string
	// Attributes is the number of attributes of the (first) offending message.
	Attributes int
	// Limit is the budget.
	Limit int
}

// Error says which entries have how many attributes.
func (e *TooManyAttributesError) Error() string { return "" }
