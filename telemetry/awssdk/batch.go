package awssdk

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go/middleware"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/message"
)

// batch is what PublishBatch and SendMessageBatch do differently.
type batch[In, Out any] struct {
	address  func(*In) *string
	len      func(*In) int
	parent   func(in *In, entry int) trace.SpanContext // that the caller has set
	inject   func(context.Context, *message.Injector, *In) (*In, error)
	outcomes func([]outcome, *In, *Out)
}

// outcome is what became of an entry.
type outcome struct {
	messageID *string
	failure   string // error.type
}

// sendBatch sends a batch: with a span for each entry when the entries have
// contexts of their own, else with one for all.
func sendBatch[In, Out any](ctx context.Context, c *call, b *batch[In, Out], input *In, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	op := c.operation(ctx, stringOf(b.address(input)), send)
	start := time.Now()
	c.producer = true
	if parents := message.Entries(ctx); parents != nil {
		ctx = startEntries(ctx, c, b, input, op, parents, start)
	} else {
		ctx = startBatch(ctx, c, b, input, op)
	}
	injected, err := b.inject(ctx, c.injector, input)
	if err != nil {
		return c.refuse(ctx, op, start, err)
	}
	out, metadata, err := next.HandleInitialize(ctx, middleware.InitializeInput{Parameters: injected})

	outcomes := make([]outcome, b.len(input))
	if result, ok := out.Result.(*Out); ok && result != nil {
		b.outcomes(outcomes, input, result)
	}
	failure := errorType(err)
	for n := range outcomes {
		o := &outcomes[n]
		if failure != "" {
			o.failure = failure
		} else if o.messageID == nil && o.failure == "" {
			o.failure = errorNotConfirmed
		}
	}
	c.endBatch(ctx, op, start, metadata, failure, outcomes)
	return out, metadata, err
}

// startBatch starts the one span of a batch.
func startBatch[In, Out any](ctx context.Context, c *call, b *batch[In, Out], input *In, op *operation) context.Context {
	var links []trace.Link
	for n := range b.len(input) {
		if own := b.parent(input, n); own.IsValid() {
			links = append(links, trace.Link{SpanContext: own})
		}
	}
	options := op.start
	if len(links) > 0 && len(links) == b.len(input) {
		options = op.asClient // no message carries the span's context
	}
	ctx, c.span = c.tracer.Start(ctx, op.spanName, options...) //nolint:spancheck // endBatch ends it
	for _, link := range links {
		c.span.AddLink(link)
	}
	c.know(otelsemconv.MessagingBatchMessageCount(b.len(input)))
	return ctx
}

// startEntries starts a span for each entry, child of the entry's own
// context, and one for the call if it is itself part of a trace. The context
// that it returns holds the entries' spans for the injector.
func startEntries[In, Out any](ctx context.Context, c *call, b *batch[In, Out], input *In, op *operation, parents []context.Context, start time.Time) context.Context {
	at := trace.WithTimestamp(start)
	producer := append(append(c.options[:0], op.start...), at)
	c.entries = make([]context.Context, b.len(input))
	for n := range c.entries {
		own, parent, options := b.parent(input, n), ctx, producer
		if n < len(parents) && parents[n] != nil {
			parent = parents[n]
		}
		if own.IsValid() {
			options = append(slices.Clip(op.asClient), at, trace.WithLinks(trace.Link{SpanContext: own}))
		}
		c.entries[n], _ = c.tracer.Start(parent, op.spanName, options...) //nolint:fatcontext,spancheck // siblings, which endBatch ends
	}
	if trace.SpanContextFromContext(ctx).IsValid() {
		links := make([]trace.Link, len(c.entries))
		for n, entry := range c.entries {
			links[n].SpanContext = trace.SpanContextFromContext(entry)
		}
		ctx, c.span = c.tracer.Start(ctx, op.spanName, append(slices.Clip(op.asClient), at, trace.WithLinks(links...))...) //nolint:spancheck // endBatch ends it
	}
	return message.WithEntries(ctx, c.entries)
}

// endBatch ends the spans of a batch. An entry can fail although the call
// did not ("Amazon SNS message batching", "SendMessageBatch").
func (c *call) endBatch(ctx context.Context, op *operation, start time.Time, metadata middleware.Metadata, failure string, outcomes []outcome) {
	duration := time.Since(start)
	if len(c.entries) > 0 {
		end := append(c.ending[:0], trace.WithTimestamp(start.Add(duration)))
		for n, entry := range c.entries {
			if id := outcomes[n].messageID; id != nil {
				c.know(otelsemconv.MessagingMessageID(*id))
			}
			c.end(trace.SpanFromContext(entry), metadata, outcomes[n].failure, end...)
		}
		if c.span != nil {
			c.know(otelsemconv.MessagingBatchMessageCount(len(outcomes)))
			c.end(c.span, metadata, failure, end...)
		} else {
			ctx = c.entries[0] // so that metrics have an exemplar
		}
	} else if c.span != nil {
		// One span stands for all: it is failed when one of them is.
		for n := 0; n < len(outcomes) && failure == ""; n++ {
			failure = outcomes[n].failure
		}
		c.end(c.span, metadata, failure)
	}
	c.record(ctx, op, duration, failure)
	sent := 0
	for _, o := range outcomes {
		if o.failure == "" {
			sent++
		} else {
			c.recordSent(ctx, op, 1, o.failure)
		}
	}
	c.recordSent(ctx, op, sent, "")
}

var publishBatch = batch[sns.PublishBatchInput, sns.PublishBatchOutput]{
	address: func(in *sns.PublishBatchInput) *string { return in.TopicArn },
	len:     func(in *sns.PublishBatchInput) int { return len(in.PublishBatchRequestEntries) },
	parent: func(in *sns.PublishBatchInput, n int) trace.SpanContext {
		return snsParent(in.PublishBatchRequestEntries[n].MessageAttributes)
	},
	inject: func(ctx context.Context, i *message.Injector, in *sns.PublishBatchInput) (*sns.PublishBatchInput, error) {
		injected := *in
		var err error
		injected.PublishBatchRequestEntries, err = i.SNSBatch(ctx, in.PublishBatchRequestEntries)
		return &injected, err
	},
	outcomes: func(outcomes []outcome, in *sns.PublishBatchInput, out *sns.PublishBatchOutput) {
		find := func(id *string) *outcome {
			for n := range in.PublishBatchRequestEntries {
				if same(in.PublishBatchRequestEntries[n].Id, id) {
					return &outcomes[n]
				}
			}
			return &outcome{}
		}
		for _, s := range out.Successful {
			find(s.Id).messageID = s.MessageId
		}
		for _, f := range out.Failed {
			find(f.Id).failure = entryErrorType(f.Code)
		}
	},
}

var sendMessageBatch = batch[sqs.SendMessageBatchInput, sqs.SendMessageBatchOutput]{
	address: func(in *sqs.SendMessageBatchInput) *string { return in.QueueUrl },
	len:     func(in *sqs.SendMessageBatchInput) int { return len(in.Entries) },
	parent: func(in *sqs.SendMessageBatchInput, n int) trace.SpanContext {
		return sqsParent(in.Entries[n].MessageAttributes)
	},
	inject: func(ctx context.Context, i *message.Injector, in *sqs.SendMessageBatchInput) (*sqs.SendMessageBatchInput, error) {
		injected := *in
		var err error
		injected.Entries, err = i.SQSBatch(ctx, in.Entries)
		return &injected, err
	},
	outcomes: func(outcomes []outcome, in *sqs.SendMessageBatchInput, out *sqs.SendMessageBatchOutput) {
		find := func(id *string) *outcome {
			for n := range in.Entries {
				if same(in.Entries[n].Id, id) {
					return &outcomes[n]
				}
			}
			return &outcome{}
		}
		for _, s := range out.Successful {
			find(s.Id).messageID = s.MessageId
		}
		for _, f := range out.Failed {
			find(f.Id).failure = entryErrorType(f.Code)
		}
	},
}

func same(a, b *string) bool { return a != nil && b != nil && *a == *b }

func snsParent(attrs map[string]snstypes.MessageAttributeValue) trace.SpanContext {
	return parent(attrs[traceparentName].StringValue)
}

func sqsParent(attrs map[string]sqstypes.MessageAttributeValue) trace.SpanContext {
	return parent(attrs[traceparentName].StringValue)
}
