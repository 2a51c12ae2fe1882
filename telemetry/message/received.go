package message

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/remote"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// Received is a message as a consumer wants it, however it came.
type Received struct {
	// Context is the context that was given with the message's remote parent
	// and baggage added: what the message's own span is started from.
	Context context.Context //nolint:containedctx // it belongs to the message, as in http.Request
	// Source says where the parent was found: one of the
	// semconv.ContextSource values.
	Source string
	// Shape says how the message lay in the queue: one of the
	// semconv.MessageShape values.
	Shape string
	// Body is the payload: the message's body, or what the SNS envelope in it
	// holds.
	Body string
	// Attributes are the publisher's attributes of types String and Number,
	// raw or from the envelope, without those that carried the context. Nil
	// when there are none.
	Attributes map[string]string
	// MessageID is SQS's id. A redelivery keeps it; a publisher's retry and a
	// redrive do not.
	MessageID string
	// SNSMessageID and TopicARN are known from an envelope only.
	SNSMessageID, TopicARN string
	// SentAt is when SQS took the message (SentTimestamp), zero if unknown.
	SentAt time.Time
	// PublishedAt is when SNS took it, zero without an envelope.
	PublishedAt time.Time
	// ReceiveCount is SQS's ApproximateReceiveCount: 1 at the first delivery,
	// 0 if unknown.
	ReceiveCount int
}

// FromLambda reads a message that an SQS event source handed to a function.
//
// The parent is the traceparent among the message's attributes, else the one
// among the envelope's, else the X-Amzn-Trace-Id among them, which publishers
// write whose only propagator is X-Ray's, else the AWSTraceHeader. Sampled=0 in
// the last is not believed: Lambda's polling writes it when active tracing is
// off, whatever the publisher decided. The root sampler decides then, if the
// tracer provider's sampler is in [xray.Sampler], as telemetry.Setup's is. Others
// do not know a parent without a decision, and ParentBased drops the spans.
//
// Nothing in a message makes it fail: what cannot be understood, or exceeds
// the limits of the W3C specifications, is treated as absent.
func FromLambda(ctx context.Context, m events.SQSMessage) Received {
	r := Received{Body: m.Body, MessageID: m.MessageId}
	raw := lambdaAttributes(m.MessageAttributes)
	contexts := 0
	for name, a := range raw {
		switch {
		case isContext(name):
			contexts++
		case a.StringValue != nil:
			r.addAttribute(name, a.DataType, *a.StringValue, len(raw))
		}
	}
	r.read(ctx, raw, contexts, m.Attributes, false)
	return r
}

// FromSQS reads a message that ReceiveMessage returned, by the rules of
// [FromLambda], except that Sampled=0 in an AWSTraceHeader counts. One without
// Sampled leaves the decision to the root sampler, for which it takes
// [xray.Sampler], too.
//
// SQS returns only what is asked for: set MessageAttributeNames to All, and
// MessageSystemAttributeNames to All or to what is of interest of
// AWSTraceHeader, SentTimestamp and ApproximateReceiveCount.
func FromSQS(ctx context.Context, m sqstypes.Message) Received {
	var r Received
	if m.Body != nil {
		r.Body = *m.Body
	}
	if m.MessageId != nil {
		r.MessageID = *m.MessageId
	}
	raw := sqsMessageAttributes(m.MessageAttributes)
	contexts := 0
	for name, a := range raw {
		switch {
		case isContext(name):
			contexts++
		case a.StringValue != nil && a.DataType != nil:
			r.addAttribute(name, *a.DataType, *a.StringValue, len(raw))
		}
	}
	r.read(ctx, raw, contexts, m.Attributes, true)
	return r
}

// Names of SQS's system attributes.
const (
	awsTraceHeader = string(sqstypes.MessageSystemAttributeNameAWSTraceHeader)
	sentTimestamp  = string(sqstypes.MessageSystemAttributeNameSentTimestamp)
	receiveCount   = string(sqstypes.MessageSystemAttributeNameApproximateReceiveCount)
)

// readSystem reads what SQS itself says of the message.
func (r *Received) readSystem(system map[string]string) {
	if n, ok := positive(system[sentTimestamp]); ok && n < maxMillis {
		r.SentAt = time.UnixMilli(n).UTC()
	}
	if n, ok := positive(system[receiveCount]); ok && n < 1<<31 {
		r.ReceiveCount = int(n)
	}
}

func positive(s string) (int64, bool) {
	if s == "" {
		return 0, false // strconv would allocate an error
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n > 0
}

// maxMillis keeps times within what JSON and Postgres can say: the year 9999.
const maxMillis = 253402300800000

// read fills in what does not depend on the type of the attributes, of which
// so many carry a context. What is in an envelope comes second to them.
func (r *Received) read(ctx context.Context, raw propagation.TextMapCarrier, contexts int, system map[string]string, trusted bool) {
	r.readSystem(system)
	e, ok := parseEnvelope(r.Body)
	if !ok {
		r.Shape = semconv.MessageShapeRaw
		r.extract(ctx, raw, contexts, system, trusted)
		return
	}
	r.Shape = semconv.MessageShapeEnvelope
	r.Body, r.SNSMessageID, r.TopicARN, r.PublishedAt = e.message, e.messageID, e.topicARN, e.timestamp
	for name, a := range e.attributes {
		if _, nearer := r.Attributes[name]; !nearer && !isContext(name) {
			r.addAttribute(name, a.dataType, a.value, len(e.attributes))
		}
	}
	r.extract(ctx, layered{raw, e.attributes}, contexts+len(e.attributes), system, trusted)
}

// extract finds the parent, and the baggage. Of the attributes at most so many
// carry a context: nearly always that is one, and no other is looked for.
func (r *Received) extract(ctx context.Context, carrier propagation.TextMapCarrier, contexts int, system map[string]string, trusted bool) {
	sc, ok := remote.ParseTraceparent(carrier.Get(traceparent))
	if ok {
		contexts--
	}
	// What propagation.Baggage does, but a member that is no good is passed
	// over in silence: its text has no place in our logs.
	if contexts > 0 {
		if value := carrier.Get(baggageName); value != "" {
			contexts--
			if b, _ := baggage.Parse(value); b.Len() > 0 {
				ctx = baggage.ContextWithBaggage(ctx, b)
			}
		}
	}
	if ok {
		if contexts > 0 {
			addTracestate(&sc, carrier.Get(tracestate))
		}
		r.Context, r.Source = remote.Context(ctx, sc), semconv.ContextSourceTraceparent
		return
	}
	if contexts > 0 {
		if header := xrayHeader(carrier); header.Root.IsValid() {
			r.Context, r.Source = xray.ContextWithHeader(ctx, header), semconv.ContextSourceXRayAttribute
			return
		}
	}
	if header, _ := xray.Parse(system[awsTraceHeader]); header.Root.IsValid() {
		if !trusted {
			header = header.InLambda()
		}
		r.Context, r.Source = xray.ContextWithHeader(ctx, header), semconv.ContextSourceXRay
		return
	}
	r.Context, r.Source = ctx, semconv.ContextSourceNone
}

func addTracestate(sc *trace.SpanContext, value string) {
	if value == "" {
		return
	}
	if state, err := trace.ParseTraceState(value); err == nil {
		*sc = sc.WithTraceState(state)
	}
}

// xrayLower is how OpenTelemetry JavaScript spells the name of its attribute;
// others, and our own propagator, spell it as AWS does.
const xrayLower = "x-amzn-trace-id"

// xrayHeader reads the attribute that an X-Ray propagator has written. Its two
// spellings are one attribute: those around an envelope hide those in it.
func xrayHeader(carrier propagation.TextMapCarrier) xray.Header {
	l, ok := carrier.(layered)
	if !ok {
		header, _ := xrayOf(carrier)
		return header
	}
	header, there := xrayOf(l.outer)
	if !there {
		header, _ = xrayOf(l.inner)
	}
	return header
}

// xrayOf reads it in AWS's spelling, or in JavaScript's where that is not there
// or no good, and tells whether it was there at all.
func xrayOf(carrier propagation.TextMapCarrier) (header xray.Header, there bool) {
	for _, name := range [...]string{xray.HeaderName, xrayLower} {
		value := carrier.Get(name)
		if value == "" {
			continue
		}
		there = true
		if header, _ = xray.Parse(value); header.Root.IsValid() {
			break
		}
	}
	return header, there
}

// isContext tells whether an attribute has the name of one that carries a
// context.
func isContext(name string) bool {
	switch name {
	case traceparent, tracestate, baggageName, xray.HeaderName, xrayLower:
		return true
	}
	return false
}

// addAttribute keeps an attribute of the publisher's.
func (r *Received) addAttribute(name, dataType, value string, count int) {
	if !isText(dataType) {
		return
	}
	if r.Attributes == nil {
		r.Attributes = make(map[string]string, count)
	}
	r.Attributes[name] = value
}
