package consumer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"github.com/tracehaul/tracehaul/internal/spoilt"
	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// maxEntries is how many messages a SendMessageBatch takes.
const maxEntries = 10

// parcel is what one SendMessageBatch carries.
type parcel struct {
	letters []letter
	entries []sqstypes.SendMessageBatchRequestEntry
	dropped [][]string
	size    int
}

// mailer has the letters of a batch that wait to be sent.
type mailer struct {
	mu      sync.Mutex
	waiting []letter
	busy    bool
	failure any // what the goroutine that sends panicked with
	sending sync.WaitGroup
}

// putAside sends what can never work to the dead-letter queue, beside the sink's
// work: neither waits for the other, and of a batch whose time is over before
// all its poison is found, less comes again. What is put aside during a call
// goes into the next one.
func (b *batch) putAside(letters ...letter) {
	m := &b.letters
	m.mu.Lock()
	defer m.mu.Unlock()
	m.waiting = append(m.waiting, letters...)
	if m.busy || len(m.waiting) == 0 {
		return
	}
	m.busy = true
	m.sending.Go(func() {
		defer func() {
			if p := recover(); p != nil {
				m.mu.Lock()
				defer m.mu.Unlock()
				m.failure = p
			}
		}()
		for letters := m.take(); len(letters) > 0; letters = m.take() {
			b.deadLetter(letters)
		}
	})
}

// wait waits until all is sent. A panic of the goroutine that sends becomes the
// caller's, who is protected from those.
func (m *mailer) wait() {
	m.sending.Wait()
	m.mu.Lock()
	p := m.failure
	m.failure = nil
	m.mu.Unlock()
	if p != nil {
		panic(p)
	}
}

// take returns all that waits. With nothing, the mailer is no longer busy.
func (m *mailer) take() (letters []letter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	letters, m.waiting = m.waiting, nil
	m.busy = len(letters) > 0
	return letters
}

// deadLetter sends letters, in as few calls as they fit into.
func (b *batch) deadLetter(letters []letter) {
	var p parcel
	for _, l := range letters {
		if b.cfg.DeadLetterQueueURL == "" {
			l.message.Failed(l.reason, l.err)
			b.logLetter(l, "message can never work, and there is no dead-letter queue", semconv.OutcomeFailed, nil)
			continue
		}
		entry, size, dropped := l.entry(len(p.entries))
		if len(p.entries) == maxEntries || len(p.entries) > 0 && p.size+size > messageBytes {
			b.send(p)
			p = parcel{}
			entry.Id = aws.String("0")
		}
		p.letters = append(p.letters, l)
		p.entries = append(p.entries, entry)
		p.dropped = append(p.dropped, dropped)
		p.size += size
	}
	if len(p.entries) > 0 {
		b.send(p)
	}
}

// send sends a parcel and settles its messages: acknowledged is what the queue
// has confirmed, nothing else.
func (b *batch) send(p parcel) {
	if err := b.ctx.Err(); err != nil {
		b.undelivered(p, semconv.ReasonDeadline, err)
		return
	}
	out, err := b.cfg.SQS.SendMessageBatch(p.context(b.ctx), &sqs.SendMessageBatchInput{
		QueueUrl: &b.cfg.DeadLetterQueueURL,
		Entries:  p.entries,
	})
	if err != nil && len(p.entries) > 1 && b.ctx.Err() == nil && spoilt.Batch(err) {
		// One entry may have spoilt the request for the others.
		for i := range p.entries {
			b.send(parcel{letters: p.letters[i : i+1], entries: p.entries[i : i+1], dropped: p.dropped[i : i+1]})
		}
		return
	}
	if err != nil {
		reason := semconv.ReasonDeadLetterFailed
		if b.ctx.Err() != nil {
			reason = semconv.ReasonDeadline
		}
		b.undelivered(p, reason, err)
		return
	}
	b.settle(p, out)
}

// context gives every message's own trace to its entry.
func (p *parcel) context(ctx context.Context) context.Context {
	entries := make([]context.Context, len(p.letters))
	for i, l := range p.letters {
		entries[i] = l.message.Context() //nolint:fatcontext // each its own
	}
	return message.WithEntries(ctx, entries)
}

var errUnconfirmed = errors.New("the dead-letter queue did not confirm the message")

func (b *batch) settle(p parcel, out *sqs.SendMessageBatchOutput) {
	failures := make(map[string]error, len(out.Failed))
	for _, f := range out.Failed {
		failures[aws.ToString(f.Id)] = fmt.Errorf("dead-letter queue: %w", &smithy.GenericAPIError{
			Code: aws.ToString(f.Code), Message: aws.ToString(f.Message),
		})
	}
	sent := make(map[string]bool, len(out.Successful))
	for _, s := range out.Successful {
		sent[aws.ToString(s.Id)] = true
	}
	for i, l := range p.letters {
		id := aws.ToString(p.entries[i].Id)
		if sent[id] {
			l.message.DeadLettered(l.reason, l.err)
			b.logLetter(l, "message sent to the dead-letter queue", semconv.OutcomeDeadLettered, p.dropped[i])
			continue
		}
		err := failures[id]
		if err == nil {
			err = errUnconfirmed
		}
		b.undelivered(parcel{letters: p.letters[i : i+1]}, semconv.ReasonDeadLetterFailed, err)
	}
}

// undelivered fails messages that the dead-letter queue did not take.
func (b *batch) undelivered(p parcel, reason string, err error) {
	for _, l := range p.letters {
		l.message.Failed(reason, err)
		b.cfg.Logger.LogAttrs(l.message.Context(), slog.LevelError, "message not sent to the dead-letter queue, it will come again",
			append(b.settled(l.message, semconv.OutcomeFailed, reason, err), l.record.names()...)...)
	}
}

func (b *batch) logLetter(l letter, text, outcome string, dropped []string) {
	attrs := append(b.settled(l.message, outcome, l.reason, l.err), l.record.names()...)
	if len(dropped) > 0 {
		attrs = append(attrs, slog.String("dropped_attributes", list(dropped)))
	}
	b.cfg.Logger.LogAttrs(l.message.Context(), slog.LevelWarn, text, attrs...)
}
