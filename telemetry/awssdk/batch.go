package awssdk

import (
	"context"
	"time"

	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go/middleware"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/span"
	"github.com/tracehaul/tracehaul/telemetry/message"
)

// batch is what PublishBatch and SendMessageBatch do differently.
type batch[E any] struct {
	address, entries string                     // names of fields
	parent           func(*E) trace.SpanContext // that the caller has set
	inject           func(*message.Injector, context.Context, []E) ([]E, error)
	outcomes         func([]outcome, []E, record)
}

// outcome is what became of an entry.
type outcome struct {
	messageID *string
	failure   string // error.type
}

// sendBatch sends a batch: with a span for each entry when the entries have
// contexts of their own, else with one for all.
func sendBatch[E any](ctx context.Context, c *call, b *batch[E], input record, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	op := c.begin(ctx, stringOf(text(input, b.address)), send)
	entries := valueOf[[]E](input, b.entries)
	if parents := message.Entries(ctx); parents != nil {
		ctx = startEntries(ctx, c, b, entries, op, parents)
	} else {
		ctx = startBatch(ctx, c, b, entries, op)
	}
	injected, err := b.inject(c.injector, ctx, entries)
	if err != nil {
		return c.refuse(ctx, err)
	}
	input = with(input, b.entries, injected)
	c.messages = len(entries)
	out, metadata, err := next.HandleInitialize(ctx, middleware.InitializeInput{Parameters: input.any()})

	outcomes := make([]outcome, len(entries))
	b.outcomes(outcomes, entries, recordOf(out.Result))
	failure := errorType(ctx, err)
	for n := range outcomes {
		o := &outcomes[n]
		if failure != "" {
			o.failure = failure
		} else if o.messageID == nil && o.failure == "" {
			o.failure = errorNotConfirmed
		}
	}
	c.endBatch(ctx, metadata, failure, outcomes)
	return out, metadata, err
}

// startBatch starts the one span of a batch.
func startBatch[E any](ctx context.Context, c *call, b *batch[E], entries []E, op *operation) context.Context {
	var links []trace.SpanContext
	for n := range entries {
		if own := b.parent(&entries[n]); own.IsValid() {
			links = append(links, own)
		}
	}
	options := op.start
	if len(links) > 0 && len(links) == len(entries) {
		options = op.asClient // no message carries the span's context
	}
	c.producer = options.Kind == trace.SpanKindProducer
	ctx, c.span = span.Start(ctx, c.tracer, op.spanName, options)
	for _, link := range links {
		span.AddLink(c.span, link)
	}
	c.know(otelsemconv.MessagingBatchMessageCount(len(entries)))
	return ctx
}

// startEntries starts a span for each entry, child of the entry's own
// context, and one for the call if it is itself part of a trace. The context
// that it returns holds the entries' spans for the injector.
func startEntries[E any](ctx context.Context, c *call, b *batch[E], entries []E, op *operation, parents []context.Context) context.Context {
	producer, client := op.start, op.asClient
	producer.Time, client.Time = c.start, c.start
	c.producer = true
	c.entries = make([]context.Context, len(entries))
	for n := range c.entries {
		own, parent, options := b.parent(&entries[n]), ctx, producer
		if n < len(parents) && parents[n] != nil {
			parent = parents[n]
		}
		if own.IsValid() {
			options = client
			options.Links = []trace.Link{{SpanContext: own}}
		}
		c.entries[n], _ = span.Start(parent, c.tracer, op.spanName, options) //nolint:fatcontext // siblings, which endBatch ends
	}
	if trace.SpanContextFromContext(ctx).IsValid() {
		links := make([]trace.Link, len(c.entries))
		for n, entry := range c.entries {
			links[n].SpanContext = trace.SpanContextFromContext(entry)
		}
		client.Links = links
		ctx, c.span = span.Start(ctx, c.tracer, op.spanName, client)
	}
	if message.Own(ctx) {
		return message.WithOwnEntries(ctx, c.entries)
	}
	return message.WithEntries(ctx, c.entries)
}

// endBatch ends the spans of a batch. An entry can fail although the call
// did not ("Amazon SNS message batching", "SendMessageBatch").
func (c *call) endBatch(ctx context.Context, metadata middleware.Metadata, failure string, outcomes []outcome) {
	worst := failure
	for n := 0; n < len(outcomes) && worst == ""; n++ {
		worst = outcomes[n].failure
	}
	if c.entries == nil {
		c.end(c.span, metadata, worst) // it stands for all
	} else {
		at := c.start.Add(time.Since(c.start))
		c.endEntries(metadata, outcomes, at)
		if c.span != nil {
			c.endCall(metadata, failure, len(outcomes), at)
		} else if len(c.entries) > 0 {
			ctx = c.entries[0] // so that metrics have an exemplar
		}
	}
	c.record(ctx, failure, worst)
	sent := 0
	for _, o := range outcomes {
		if o.failure == "" {
			sent++
		} else {
			c.recordSent(ctx, 1, o.failure)
		}
	}
	c.recordSent(ctx, sent, "")
}

// endCall ends the span of a call whose entries have spans of their own.
func (c *call) endCall(metadata middleware.Metadata, failure string, messages int, at time.Time) {
	c.producer = false
	c.know(otelsemconv.MessagingBatchMessageCount(messages))
	c.learnFor(c.span, metadata)
	c.endAt(c.span, failure, at)
}

// endEntries ends the spans of a batch's entries. What they have in common is
// learnt once.
func (c *call) endEntries(metadata middleware.Metadata, outcomes []outcome, at time.Time) {
	learnt := false
	for n, entry := range c.entries {
		s := trace.SpanFromContext(entry)
		if !learnt && s.IsRecording() {
			learnt = true
			c.learn(metadata)
		}
		common := c.attrs
		if id := outcomes[n].messageID; id != nil {
			c.know(otelsemconv.MessagingMessageID(*id))
		}
		c.endAt(s, outcomes[n].failure, at)
		c.attrs = common
	}
	c.attrs = nil
}

var publishBatch = batch[snstypes.PublishBatchRequestEntry]{
	address: "TopicArn",
	entries: "PublishBatchRequestEntries",
	parent:  func(e *snstypes.PublishBatchRequestEntry) trace.SpanContext { return snsParent(e.MessageAttributes) },
	inject:  (*message.Injector).SNSBatch,
	outcomes: func(outcomes []outcome, entries []snstypes.PublishBatchRequestEntry, out record) {
		id := func(e *snstypes.PublishBatchRequestEntry) *string { return e.Id }
		for _, s := range valueOf[[]snstypes.PublishBatchResultEntry](out, "Successful") {
			if n := position(entries, id, s.Id); n >= 0 {
				outcomes[n].messageID = s.MessageId
			}
		}
		for _, f := range valueOf[[]snstypes.BatchResultErrorEntry](out, "Failed") {
			if n := position(entries, id, f.Id); n >= 0 {
				outcomes[n].failure = entryErrorType(f.Code)
			}
		}
	},
}

var sendMessageBatch = batch[sqstypes.SendMessageBatchRequestEntry]{
	address: "QueueUrl",
	entries: "Entries",
	parent: func(e *sqstypes.SendMessageBatchRequestEntry) trace.SpanContext {
		return sqsParent(e.MessageAttributes)
	},
	inject: (*message.Injector).SQSBatch,
	outcomes: func(outcomes []outcome, entries []sqstypes.SendMessageBatchRequestEntry, out record) {
		id := func(e *sqstypes.SendMessageBatchRequestEntry) *string { return e.Id }
		for _, s := range valueOf[[]sqstypes.SendMessageBatchResultEntry](out, "Successful") {
			if n := position(entries, id, s.Id); n >= 0 {
				outcomes[n].messageID = s.MessageId
			}
		}
		for _, f := range valueOf[[]sqstypes.BatchResultErrorEntry](out, "Failed") {
			if n := position(entries, id, f.Id); n >= 0 {
				outcomes[n].failure = entryErrorType(f.Code)
			}
		}
	},
}

// position is where the entry with an id is, or -1.
func position[E any](entries []E, id func(*E) *string, wanted *string) int {
	for n := range entries {
		if same(id(&entries[n]), wanted) {
			return n
		}
	}
	return -1
}

func same(a, b *string) bool { return a != nil && b != nil && *a == *b }

func snsParent(attrs map[string]snstypes.MessageAttributeValue) trace.SpanContext {
	return parent(attrs[traceparentName].StringValue)
}

func sqsParent(attrs map[string]sqstypes.MessageAttributeValue) trace.SpanContext {
	return parent(attrs[traceparentName].StringValue)
}
