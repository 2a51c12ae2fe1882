package consumer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
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

// mailer has the letters of a batch that wait to be sent.
type mailer struct {
	sending group

	mu      sync.Mutex
	waiting []letter
	busy    bool // somebody sends what waits
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
	m.sending.run(func() {
		for letters := m.take(); len(letters) > 0; letters = m.take() {
			b.deadLetter(letters)
		}
	})
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
	size := 0
	for _, l := range letters {
		if b.cfg.DeadLetterQueueURL == "" {
			l.message.Failed(l.reason, l.err)
			b.logLetter(l, "message can never work, and there is no dead-letter queue", semconv.OutcomeFailed, nil)
			continue
		}
		s := l.seal()
		if len(p) == maxEntries || len(p) > 0 && size+s.size > messageBytes {
			b.send(p)
			p, size = nil, 0
		}
		p = append(p, s)
		size += s.size
	}
	if len(p) > 0 {
		b.send(p)
	}
}

// parcel is what one SendMessageBatch carries.
type parcel []sealed

// entries are named by their position.
func (p parcel) entries() []sqstypes.SendMessageBatchRequestEntry {
	entries := make([]sqstypes.SendMessageBatchRequestEntry, len(p))
	for i, s := range p {
		entries[i] = s.entry
		entries[i].Id = aws.String(strconv.Itoa(i))
	}
	return entries
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
		Entries:  p.entries(),
	})
	switch {
	case err == nil:
		b.settle(p, out)
	case b.ctx.Err() != nil:
		b.undelivered(p, semconv.ReasonDeadline, err)
	case len(p) > 1 && spoilt.Batch(err):
		for i := range p { // one entry may have spoilt the call for the others
			b.send(p[i : i+1])
		}
	default:
		b.undelivered(p, semconv.ReasonDeadLetterFailed, err)
	}
}

// context gives every message's own trace to its entry.
func (p parcel) context(ctx context.Context) context.Context {
	entries := make([]context.Context, len(p))
	for i, s := range p {
		entries[i] = s.message.Context() //nolint:fatcontext // each its own
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
	for i, s := range p {
		id := strconv.Itoa(i)
		if sent[id] {
			s.message.DeadLettered(s.reason, s.err)
			b.logLetter(s.letter, "message sent to the dead-letter queue", semconv.OutcomeDeadLettered, s.dropped)
			continue
		}
		err := failures[id]
		if err == nil {
			err = errUnconfirmed
		}
		b.undelivered(p[i:i+1], semconv.ReasonDeadLetterFailed, err)
	}
}

// undelivered fails messages that the dead-letter queue did not take.
func (b *batch) undelivered(p parcel, reason string, err error) {
	for _, s := range p {
		s.message.Failed(reason, err)
		b.cfg.Logger.LogAttrs(s.message.Context(), slog.LevelError, "message not sent to the dead-letter queue, it will come again",
			append(b.settled(s.message, semconv.OutcomeFailed, reason, err), s.record.names()...)...)
	}
}

func (b *batch) logLetter(l letter, text, outcome string, dropped []string) {
	attrs := append(b.settled(l.message, outcome, l.reason, l.err), l.record.names()...)
	if len(dropped) > 0 {
		attrs = append(attrs, slog.String("dropped_attributes", list(dropped)))
	}
	b.cfg.Logger.LogAttrs(l.message.Context(), slog.LevelWarn, text, attrs...)
}
