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

	"github.com/tracehaul/tracehaul/telemetry/internal/histogram"
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
	messages, invocation := b.messages[from:to], b.span.SpanContext()
	for _, m := range messages {
		sender := trace.SpanContextFromContext(m.Received.Context)
		if sender.IsValid() {
			span.AddLink(b.span, sender)
		}
		b.describeProcess(m, invocation)
		if !b.NoWaitSpan && sender.HasTraceID() && !m.SentAt.IsZero() {
			b.addWait(m)
		}
	}
	b.waits.Flush()
	histogram.Record(b.dwell, len(messages), func(i int) (context.Context, float64, bool) {
		m := messages[i]
		return m.ctx, m.HandedOver.Sub(m.enqueued()).Seconds(), !m.SentAt.IsZero()
	}, b.queue.dwell...)
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

// enqueued is from when on a message lay in the queue.
//
// SentTimestamp is cut to milliseconds. The end of that millisecond is taken,
// lest the wait begin before the producer's span that sent the message. The
// queue's clock and ours are two: a message that seems to be sent after it was
// handed over waited no time.
func (m *Message) enqueued() time.Time {
	if sent := m.SentAt.Add(time.Millisecond); sent.Before(m.HandedOver) {
		return sent
	}
	return m.HandedOver
}

// addWait adds the wait span of a message. One without a trace that it belongs
// to has none: it would be one of its own.
func (b *batch) addWait(m *Message) {
	skew := m.SentAt.Sub(m.HandedOver)
	attributes := [...]attribute.KeyValue{
		otelsemconv.MessagingMessageID(m.MessageID), semconv.ReceiveCountKey.Int(m.ReceiveCount),
		semconv.ClockClampedKey.Bool(true), semconv.ClockSkewKey.Float64(float64(skew) / float64(time.Millisecond)),
	}
	n := 2
	if skew > 0 {
		n = len(attributes)
	}
	b.waits.Add(m.Received.Context, m.span, m.enqueued(), m.HandedOver, attributes[:n]...)
}

// close ends the spans of all messages and counts them. It returns those that
// failed. All are settled, and stay so: nobody writes to Message.settled any
// more.
func (b *batch) close() (failures []events.SQSBatchItemFailure, counts map[outcomeKey]int64) {
	b.openRest()
	var measured sync.WaitGroup
	measured.Go(b.measureProcess)
	inParts(len(b.messages), func(from, to int) {
		for _, m := range b.messages[from:to] {
			m.end()
		}
	})
	b.processes.Flush()
	measured.Wait()
	failures, counts = b.count()
	for key, n := range counts {
		b.outcomes.Add(b.ctx, n, metric.WithAttributeSet(b.queue.outcome(key)))
		b.consumed.AddSet(b.ctx, n, b.queue.operation(key.errorType()))
	}
	return failures, counts
}

// count counts outcomes. Nearly always all messages have the same one.
func (b *batch) count() (failures []events.SQSBatchItemFailure, counts map[outcomeKey]int64) {
	failures = []events.SQSBatchItemFailure{} // in JSON it is to be [], not null
	counts = make(map[outcomeKey]int64, 1)
	var last outcomeKey
	var n int64 // of the last outcome in a row
	for _, m := range b.messages {
		key := m.settled.key()
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
	delete(counts, outcomeKey{}) // of no message
	return failures, counts
}

// measureProcess measures how long messages took.
func (b *batch) measureProcess() {
	var failed []*Message
	histogram.Record(b.process.Inst(), len(b.messages), func(i int) (context.Context, float64, bool) {
		m := b.messages[i]
		if m.settled.key().errorType() != "" {
			failed = append(failed, m)
			return nil, 0, false
		}
		return m.ctx, m.took().Seconds(), true
	}, b.queue.processed...)
	for _, m := range failed {
		b.process.RecordSet(m.ctx, m.took().Seconds(), b.queue.operation(m.settled.key().errorType()))
	}
}

// took is how long a message was being processed. Clocks may be set back.
func (m *Message) took() time.Duration { return max(0, m.settled.at.Sub(m.HandedOver)) }

// end ends a message's process span.
func (m *Message) end() {
	s := &m.settled
	if s.outcome != semconv.OutcomeWritten && m.span.IsRecording() {
		m.span.SetAttributes(semconv.OutcomeKey.String(s.outcome))
		if s.reason != "" {
			m.span.SetAttributes(semconv.ReasonKey.String(s.reason), otelsemconv.ErrorTypeKey.String(s.reason))
			m.span.SetStatus(codes.Error, s.text())
		}
	}
	span.End(m.span, m.HandedOver.Add(m.took()))
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
