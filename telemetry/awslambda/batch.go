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

	"github.com/tracehaul/tracehaul/telemetry/internal/idle"
	"github.com/tracehaul/tracehaul/telemetry/internal/span"
	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// batch is the messages of one invocation.
//
// A message costs two spans, and a row of the consumer's takes about 20 µs in
// all, so what is the same for all messages is made once, and what the handler
// does not need is made while it waits for its database: see describe.
type batch struct {
	*invocation
	queue    *queue
	messages []*Message

	processes *span.Group
	waits     *span.Siblings

	mu        sync.Mutex
	described *idle.Work // nil unless all were handed over at once
	answered  bool       // nothing is handed over any more
}

// read makes messages of records. They work in base, which has no span:
// a message that carries no context starts a trace of its own.
func (b *batch) read(base context.Context, records []events.SQSMessage) {
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
}

// start is called when there is an invocation.
func (b *batch) start() {
	n := len(b.messages)
	b.processes = span.NewGroup(b.tracer, b.queue.processName, span.Options{Kind: trace.SpanKindConsumer, Shared: b.queue.process}, n)
	b.waits = span.NewSiblings(b.tracer, b.queue.waitName, span.Options{Shared: b.queue.wait}, n)
}

// open starts the process spans of messages that are handed over now. It makes
// no more of them than the handler needs: the context, and the span's id in it.
func (b *batch) open(from, to int) {
	now := b.Now()
	inParts(to-from, func(first, last int) {
		for i := from + first; i < from+last; i++ {
			m := b.messages[i]
			m.HandedOver = now
			m.ctx, m.span = b.processes.Start(m.Received.Context, i, now) //nolint:fatcontext // each its own
		}
	})
}

// openAll opens all messages, unless the answer has been given. They are
// described when whoever works with the returned context waits for something,
// or in the end.
func (b *batch) openAll(ctx context.Context) (context.Context, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.answered {
		return ctx, false
	}
	b.open(0, len(b.messages))
	b.described = idle.Later(func() { b.describe(0, len(b.messages)) })
	return idle.Context(ctx, b.described), true
}

// openOne opens and describes the i-th message, unless the answer has been
// given.
func (b *batch) openOne(i int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.answered {
		return false
	}
	b.open(i, i+1)
	b.describe(i, i+1)
	return true
}

// openRest opens the messages that never got their turn, so that their traces
// show it, and sees to it that nothing is opened any more.
func (b *batch) openRest() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answered = true
	if b.described != nil {
		b.described.Do()
		return
	}
	for i, m := range b.messages {
		if m.span == nil {
			b.open(i, len(b.messages))
			b.describe(i, len(b.messages))
			return
		}
	}
}

// describe does for messages that were handed over together what can be done
// while the handler waits for its database: links in both directions between
// the invocation and the messages, attributes, wait spans and
// dwell times.
func (b *batch) describe(from, to int) {
	invocation := b.span.SpanContext()
	for _, m := range b.messages[from:to] {
		sender := trace.SpanContextFromContext(m.Received.Context)
		if sender.IsValid() {
			span.AddLink(b.span, sender)
		}
		b.describeProcess(m, invocation)
		if !m.SentAt.IsZero() {
			b.waited(m, sender.HasTraceID())
		}
	}
	b.waits.Flush()
}

// describeProcess adds what is a process span's own.
func (b *batch) describeProcess(m *Message, invocation trace.SpanContext) {
	if !m.span.IsRecording() {
		return
	}
	attributes := [...]attribute.KeyValue{
		otelsemconv.MessagingMessageID(m.MessageID), semconv.ReceiveCountKey.Int(m.ReceiveCount),
		semconv.ContextSourceKey.String(m.Source),
		semconv.MessageShapeKey.String(m.Shape), semconv.SNSMessageIDKey.String(m.SNSMessageID),
	}
	n := 3
	if m.Shape == semconv.MessageShapeEnvelope {
		n = len(attributes)
	}
	b.processes.Complete(m.span, invocation, attributes[:n]...)
}

// waited tells how long a message lay in the queue.
//
// SentTimestamp is cut to milliseconds. The end of that millisecond is taken,
// lest the wait begin before the producer's span that sent the message. The
// queue's clock and ours are two: a message that seems to be sent after it was
// handed over waited no time.
//
// Without a trace that it belongs to, a wait span would be one of its own.
func (b *batch) waited(m *Message, traced bool) {
	sent, skew := m.SentAt.Add(time.Millisecond), m.SentAt.Sub(m.HandedOver)
	if sent.After(m.HandedOver) {
		sent = m.HandedOver
	}
	b.dwell.Record(m.ctx, m.HandedOver.Sub(sent).Seconds(), b.queue.dwell...)
	if b.NoWaitSpan || !traced {
		return
	}
	attributes := [...]attribute.KeyValue{
		otelsemconv.MessagingMessageID(m.MessageID), semconv.ReceiveCountKey.Int(m.ReceiveCount),
		semconv.ClockClampedKey.Bool(true), semconv.ClockSkewKey.Float64(float64(skew) / float64(time.Millisecond)),
	}
	n := 2
	if skew > 0 {
		n = len(attributes)
	}
	b.waits.Add(m.Received.Context, m.span, sent, m.HandedOver, attributes[:n]...)
}

// close ends the spans of all messages, which are settled, and counts them. It
// returns those that failed.
func (b *batch) close() (failures []events.SQSBatchItemFailure, counts map[outcomeKey]int64) {
	b.openRest()
	inParts(len(b.messages), func(from, to int) {
		for _, m := range b.messages[from:to] {
			m.end(m.settlement())
		}
	})
	b.processes.Flush()
	failures = []events.SQSBatchItemFailure{} // in JSON it is to be [], not null
	counts = make(map[outcomeKey]int64, 1)
	var last outcomeKey
	var n int64 // of the same outcome in a row, which nearly all have
	for _, m := range b.messages {
		key := m.settlement().key()
		if key != last {
			counts[last] += n
			last, n = key, 0
		}
		n++
		if key.outcome == semconv.OutcomeFailed {
			failures = append(failures, events.SQSBatchItemFailure{ItemIdentifier: m.Record.MessageId})
		}
	}
	counts[last] += n
	delete(counts, outcomeKey{})
	for key, n := range counts {
		b.outcomes.Add(b.ctx, n, metric.WithAttributeSet(b.queue.outcome(key)))
		b.consumed.AddSet(b.ctx, n, b.queue.operation(key.errorType()))
	}
	return failures, counts
}

// end measures a message and ends its process span.
func (m *Message) end(s settlement) {
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
	span.End(m.span, m.HandedOver.Add(took))
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
