package awssdk

import (
	"context"
	"strconv"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/span"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Ids of middleware.
const (
	callID    = "Tracehaul"
	attemptID = "TracehaulAttempt"
	retryID   = "Retry" // the SDK's own
)

// call is one operation of a client, attempts and all. It holds whatever the
// operation needs, so that there is one allocation for it.
type call struct {
	*instrumentation
	stack *middleware.Stack

	op       *operation // nil before it began
	start    time.Time
	span     trace.Span        // of the call, nil when it has none
	entries  []context.Context // with the spans of a batch's entries, when they have their own
	messages int               // that it is to send
	producer bool              // the spans stand for messages rather than the call
	attempts int
	failure  string // error.type of the latest attempt

	attrs  []attribute.KeyValue  // what is known at the end only
	buffer [6]attribute.KeyValue // backs attrs
}

// ID implements middleware.InitializeMiddleware.
func (*call) ID() string { return callID }

// HandleInitialize implements middleware.InitializeMiddleware.
func (c *call) HandleInitialize(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	if _, ok := c.stack.Finalize.Get(retryID); !ok { //nolint:misspell // smithy's
		return next.HandleInitialize(ctx, in) // presigning: nothing is sent
	}
	returned := false
	defer func() {
		if returned {
			return
		}
		v := recover()
		c.abandon(ctx, panicType(v))
		if v != nil {
			panic(v)
		}
	}()
	out, metadata, err := c.handle(ctx, in, next)
	returned = true
	return out, metadata, err
}

// handle does what the kind of operation asks for.
func (c *call) handle(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	input := recordOf(in.Parameters)
	switch input.name() {
	case "sns.PublishInput":
		if topic := topicOf(input); topic != "" {
			return c.publish(ctx, input, topic, next)
		}
	case "sns.PublishBatchInput":
		return sendBatch(ctx, c, &publishBatch, input, next)
	case "sqs.SendMessageInput":
		return c.sendMessage(ctx, input, next)
	case "sqs.SendMessageBatchInput":
		return sendBatch(ctx, c, &sendMessageBatch, input, next)
	case "sqs.ReceiveMessageInput":
		return c.receive(ctx, input, next)
	case "sqs.DeleteMessageInput", "sqs.DeleteMessageBatchInput":
		return c.settle(ctx, input, in, next)
	}
	return c.ordinary(ctx, input, in, next)
}

// begin notes what the call is of, and when it began.
func (c *call) begin(ctx context.Context, address string, k kind) *operation {
	c.op, c.start = c.operation(ctx, address, k), time.Now()
	return c.op
}

// ordinary is any call that sends or receives no messages.
func (c *call) ordinary(ctx context.Context, input record, in middleware.InitializeInput, next middleware.InitializeHandler) (
	middleware.InitializeOutput, middleware.Metadata, error,
) {
	op := c.begin(ctx, "", ordinary)
	ctx, c.span = span.Start(ctx, c.tracer, op.spanName, op.start)
	if c.span.IsRecording() {
		c.knowResource(op, input)
	}
	out, metadata, err := next.HandleInitialize(ctx, in)
	failure := errorType(ctx, err)
	c.end(c.span, metadata, failure)
	c.record(ctx, failure, failure)
	return out, metadata, err
}

// record records the duration of the call: with error.type of the call alone as
// an RPC, and with that of what it was to do as a messaging operation.
func (c *call) record(ctx context.Context, rpc, operation string) {
	seconds := time.Since(c.start).Seconds()
	c.calls.Record(ctx, seconds, c.op.callOptions(rpc)...)
	if c.op.kind != ordinary {
		c.operations.Record(ctx, seconds, c.op.recordOptions(operation)...)
	}
}

// recordSent counts messages that the call was to send.
func (c *call) recordSent(ctx context.Context, n int, failure string) {
	if n > 0 {
		c.sent.Add(ctx, int64(n), c.op.addOptions(failure)...)
	}
}

// fail ends a call that has no answer: it was never made, or not to its end.
func (c *call) fail(ctx context.Context, failure string) {
	var none middleware.Metadata
	for _, entry := range c.entries {
		c.end(trace.SpanFromContext(entry), none, failure)
	}
	switch {
	case c.span == nil:
	case c.entries == nil:
		c.end(c.span, none, failure)
	default:
		c.endCall(none, failure, len(c.entries), time.Now())
	}
	c.record(ctx, failure, failure)
	c.recordSent(ctx, c.messages, failure)
}

// abandon is fail for a call in which something panicked, the HTTP client or
// another middleware.
func (c *call) abandon(ctx context.Context, failure string) {
	if c.op == nil {
		return
	}
	if c.span != nil {
		ctx = trace.ContextWithSpan(ctx, c.span)
	}
	c.fail(ctx, failure)
}

// know keeps an attribute for the end of the span.
func (c *call) know(attr attribute.KeyValue) {
	if c.attrs == nil {
		c.attrs = c.buffer[:0]
	}
	c.attrs = append(c.attrs, attr)
}

// end ends a span with what is known by now.
func (c *call) end(s trace.Span, metadata middleware.Metadata, failure string) {
	c.learnFor(s, metadata)
	c.endAt(s, failure, time.Now())
	c.attrs = nil
}

// learnFor is learn, unless the span has no use for it.
func (c *call) learnFor(s trace.Span, metadata middleware.Metadata) {
	if s.IsRecording() {
		c.learn(metadata)
	}
}

// endAt ends a span at a given time with what was learnt. It forgets nothing
// of that.
func (c *call) endAt(s trace.Span, failure string, at time.Time) {
	if s.IsRecording() {
		learnt := len(c.attrs)
		if failure != "" {
			c.know(otelsemconv.ErrorTypeKey.String(failure))
			s.SetStatus(codes.Error, "") // the text of an error may repeat the input
		}
		span.SetAttributes(s, c.attrs...)
		c.attrs = c.attrs[:learnt]
	}
	span.End(s, at)
}

// learn takes from the answer what is the same for every operation.
func (c *call) learn(metadata middleware.Metadata) {
	if id, ok := awsmiddleware.GetRequestIDMetadata(metadata); ok && id != "" {
		c.know(otelsemconv.AWSRequestID(id))
	}
	if c.attempts > 1 {
		c.know(semconv.AttemptsKey.Int(c.attempts))
	}
	response, ok := awsmiddleware.GetRawResponse(metadata).(*smithyhttp.Response)
	if !ok || response == nil || response.Response == nil {
		return
	}
	if id := response.Header["X-Amz-Id-2"]; len(id) > 0 {
		c.know(otelsemconv.AWSExtendedRequestID(id[0]))
	}
	if c.producer || response.Request == nil || response.Request.URL == nil {
		return
	}
	// Only the host: paths hold names, and queries can hold signatures.
	c.know(otelsemconv.ServerAddress(response.Request.URL.Hostname()))
	if port, err := strconv.Atoi(response.Request.URL.Port()); err == nil {
		c.know(otelsemconv.ServerPort(port))
	}
}

// attempt is the same call, seen from within the retry loop.
type attempt call

// ID implements middleware.FinalizeMiddleware.
func (*attempt) ID() string { return attemptID }

// HandleFinalize implements middleware.FinalizeMiddleware.
func (a *attempt) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	middleware.FinalizeOutput, middleware.Metadata, error,
) {
	a.attempts++
	if a.attempts > 1 {
		a.event()
	}
	if request, ok := in.Request.(*smithyhttp.Request); ok && a.headers != nil && a.span != nil {
		a.headers.Inject(ctx, carrier(request.Header))
	}
	out, metadata, err := next.HandleFinalize(ctx, in)
	a.failure = errorType(ctx, err)
	return out, metadata, err
}

// event says that and why the request is sent again.
func (a *attempt) event() {
	options := trace.WithAttributes(
		otelsemconv.HTTPRequestResendCount(a.attempts-1),
		otelsemconv.ErrorTypeKey.String(a.failure))
	if a.span != nil {
		a.span.AddEvent(retryEvent, options)
	}
	for _, entry := range a.entries {
		trace.SpanFromContext(entry).AddEvent(retryEvent, options)
	}
}

// retryEvent is the name of the event at which an attempt other than the
// first begins.
const retryEvent = "retry"
