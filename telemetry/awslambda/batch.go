package awslambda

import (
	"context"
	"runtime"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// batch is the messages of one invocation.
//
// A message costs two spans, and a row of the consumer's takes about 20 µs in
// all, so what is the same for all messages is made once, and what the handler
// does not need is made beside it: see describe.
type batch struct {
	*invocation
	queue    *queue
	messages []*Message

	link      trace.Link // to the invocation
	described sync.WaitGroup

	attributes [8 + 2]attribute.KeyValue // scratch of describe
	startWait  [2]trace.SpanStartOption  // scratch of describe

	mu       sync.Mutex
	answered bool // nothing is handed over any more
}

// read makes messages of records. They work in base, which has no span:
// a message that carries no context starts a trace of its own.
func (b *batch) read(base context.Context, records []events.SQSMessage) []trace.Link {
	if trace.SpanContextFromContext(base).HasTraceID() {
		base = trace.ContextWithSpanContext(base, trace.SpanContext{})
	}
	all := make([]Message, len(records))
	b.messages = make([]*Message, len(records))
	inParts(len(records), func(from, to int) {
		for i := from; i < to; i++ {
			m := &all[i]
			m.Received, m.Record, m.batch = message.FromLambda(base, records[i]), records[i], b
			b.messages[i] = m
		}
	})
	links := make([]trace.Link, 0, len(records))
	for _, m := range b.messages {
		if sc := trace.SpanContextFromContext(m.Received.Context); sc.IsValid() {
			links = append(links, trace.Link{SpanContext: sc})
		}
	}
	return links
}

// open starts the process spans of messages that are handed over now. It makes
// no more of them than the handler needs: the context, and the span's id in it.
func (b *batch) open(messages []*Message) {
	now := b.Now()
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindConsumer), trace.WithTimestamp(now)}
	inParts(len(messages), func(from, to int) {
		for _, m := range messages[from:to] {
			m.HandedOver = now
			m.ctx, m.span = b.tracer.Start(m.Received.Context, b.queue.processName, options...) //nolint:fatcontext,spancheck // each its own; Message.end ends it
		}
	})
}

// openAll opens all messages and describes them beside what follows, unless
// the answer has been given.
func (b *batch) openAll() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.answered {
		return false
	}
	b.open(b.messages)
	b.described.Go(func() { b.describe(b.messages) })
	return true
}

// openOne opens and describes the i-th message, unless the answer has been
// given.
func (b *batch) openOne(i int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.answered {
		return false
	}
	b.open(b.messages[i : i+1])
	b.describe(b.messages[i : i+1])
	return true
}

// openRest opens the messages that never got their turn, so that their traces
// show it, and sees to it that nothing is opened any more.
func (b *batch) openRest() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answered = true
	b.described.Wait()
	for i, m := range b.messages {
		if m.span == nil {
			b.open(b.messages[i:])
			b.describe(b.messages[i:])
			return
		}
	}
}

// describe does for messages that were handed over together what can be done
// while the handler waits for its database: links, attributes, wait spans and
// dwell times. It is for one goroutine at a time.
func (b *batch) describe(messages []*Message) {
	if len(messages) == 0 {
		return
	}
	end := []trace.SpanEndOption{trace.WithTimestamp(messages[0].HandedOver)}
	for _, m := range messages {
		if m.span.IsRecording() {
			m.span.AddLink(b.link)
			m.span.SetAttributes(b.describeProcess(m)...)
		}
		if !m.SentAt.IsZero() {
			b.waited(m, end)
		}
	}
}

// describeProcess returns the attributes of a process span. Up to eight the
// SDK handles without a map on the heap; an envelope's message has two more.
// The outcome is the likely one, and is replaced by another one if need be.
func (b *batch) describeProcess(m *Message) []attribute.KeyValue {
	to := append(b.attributes[:0], b.queue.system, b.queue.destination,
		otelsemconv.MessagingOperationTypeProcess, otelsemconv.MessagingOperationName(operationProcess),
		otelsemconv.MessagingMessageID(m.MessageID), semconv.ReceiveCountKey.Int(m.ReceiveCount),
		semconv.ContextSourceKey.String(m.Source), semconv.OutcomeKey.String(semconv.OutcomeWritten))
	if m.Shape == semconv.MessageShapeEnvelope {
		to = append(to, semconv.MessageShapeKey.String(m.Shape), semconv.SNSMessageIDKey.String(m.SNSMessageID))
	}
	return to
}

// waited tells how long a message lay in the queue.
//
// SentTimestamp is cut to milliseconds. The end of that millisecond is taken,
// lest the wait begin before the producer's span that sent the message. The
// queue's clock and ours are two: a message that seems to be sent after it was
// handed over waited no time.
func (b *batch) waited(m *Message, end []trace.SpanEndOption) {
	sent, skew := m.SentAt.Add(time.Millisecond), m.SentAt.Sub(m.HandedOver)
	if sent.After(m.HandedOver) {
		sent = m.HandedOver
	}
	b.dwell.Record(m.ctx, m.HandedOver.Sub(sent).Seconds(), b.queue.dwell...)
	if b.NoWaitSpan || !trace.SpanContextFromContext(m.Received.Context).HasTraceID() {
		return // without a trace that it belongs to it would be one of its own
	}
	b.startWait[1] = trace.WithTimestamp(sent)
	_, span := b.tracer.Start(m.Received.Context, b.queue.waitName, b.startWait[:]...)
	if span.IsRecording() {
		to := append(b.attributes[:0], b.queue.system, b.queue.destination,
			otelsemconv.MessagingMessageID(m.MessageID), semconv.ReceiveCountKey.Int(m.ReceiveCount))
		if skew > 0 {
			to = append(to, semconv.ClockClampedKey.Bool(true),
				semconv.ClockSkewKey.Float64(float64(skew)/float64(time.Millisecond)))
		}
		span.SetAttributes(to...)
	}
	span.End(end...)
}

// close ends the spans of all messages, which are settled, and counts them. It
// returns those that failed.
func (b *batch) close() (failures []events.SQSBatchItemFailure, counts map[outcomeKey]int64) {
	b.openRest()
	inParts(len(b.messages), func(from, to int) {
		end := make([]trace.SpanEndOption, 1)
		for _, m := range b.messages[from:to] {
			m.end(m.settlement(), end)
		}
	})
	failures = []events.SQSBatchItemFailure{} // in JSON it is to be [], not null
	counts = make(map[outcomeKey]int64, 1)
	for _, m := range b.messages {
		s := m.settlement()
		counts[s.key()]++
		if s.outcome == semconv.OutcomeFailed {
			failures = append(failures, events.SQSBatchItemFailure{ItemIdentifier: m.Record.MessageId})
		}
	}
	for key, n := range counts {
		b.outcomes.Add(b.ctx, n, metric.WithAttributeSet(b.queue.outcome(key)))
		b.consumed.AddSet(b.ctx, n, b.queue.operation(key.errorType()))
	}
	return failures, counts
}

// end measures a message and ends its process span. options is scratch.
func (m *Message) end(s settlement, options []trace.SpanEndOption) {
	b, took := m.batch, max(0, s.at.Sub(m.HandedOver))
	if errorType := s.key().errorType(); errorType == "" {
		b.process.Inst().Record(m.ctx, took.Seconds(), b.queue.processed...)
	} else {
		b.process.RecordSet(m.ctx, took.Seconds(), b.queue.operation(errorType))
	}
	if s.outcome != semconv.OutcomeWritten && m.span.IsRecording() {
		m.span.SetAttributes(semconv.OutcomeKey.String(s.outcome))
		if s.reason != "" {
			m.span.SetAttributes(semconv.ReasonKey.String(s.reason), otelsemconv.ErrorTypeKey.String(s.reason))
			m.span.SetStatus(codes.Error, s.text())
		}
	}
	options[0] = trace.WithTimestamp(m.HandedOver.Add(took))
	m.span.End(options...)
}

// minPart is how many messages are worth a goroutine of their own.
const minPart = 128

// inParts runs f for all of 0 to n, on the processors that there are. What
// comes before and after a handler's work is nothing but processor time, in
// which the database has nothing to do.
func inParts(n int, f func(from, to int)) {
	parts := min(runtime.GOMAXPROCS(0), n/minPart)
	if parts <= 1 {
		f(0, n)
		return
	}
	var wg sync.WaitGroup
	for i := range parts {
		wg.Go(func() { f(i*n/parts, (i+1)*n/parts) })
	}
	wg.Wait()
}
