package consumer

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"slices"
	"time"

	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// batch is one call of [Consumer.Handle] in progress.
type batch struct {
	*Consumer
	ctx     context.Context //nolint:containedctx // a batch lives as long as the call
	letters mailer

	// Once something fails that will pass, nothing more is tried: reason and
	// err tell why, failed counts the messages.
	reason string
	err    error
	failed int

	// What new events there were.
	stored, late int
	slowest      time.Duration // from acceptance until stored
}

// outcome is what became of a record, for those with the same key that wait.
type outcome uint8

const (
	outcomeWritten outcome = iota + 1
	outcomeDuplicate
	outcomeFailed
	outcomeRefused
)

// decode turns messages into records sorted by their keys. What holds no event
// goes to the dead-letter queue.
func (b *batch) decode(messages []*awslambda.Message) []*Record {
	space := make([]Record, len(messages))
	errs := make([]error, len(messages))
	inParts(len(messages), func(from, to int) {
		for i := from; i < to; i++ {
			var e event.Event
			about := event.MetadataFrom(messages[i].Attributes)
			markSkew(messages[i], about.AcceptedAt)
			if e, errs[i] = b.cfg.Limits.ParseString(messages[i].Body); errs[i] == nil {
				space[i] = newRecord(messages[i], about, e)
			}
		}
	})
	records := make([]*Record, 0, len(messages))
	var malformed []letter
	for i, m := range messages {
		if errs[i] != nil {
			malformed = append(malformed, letter{message: m, reason: semconv.ReasonMalformed, err: errs[i]})
			continue
		}
		space[i].position = i
		records = append(records, &space[i])
	}
	b.putAside(malformed...)
	sortByKey(records)
	return records
}

// partSize is from how many messages on more than one processor is worth its
// while: reading one takes about 2 µs.
const partSize = 64

// inParts has the range from 0 to n done by as many goroutines as can run.
func inParts(n int, do func(from, to int)) {
	parts := min(runtime.GOMAXPROCS(0), n/partSize)
	if parts < 2 {
		do(0, n)
		return
	}
	var g group
	for part := range parts {
		g.run(func() { do(n*part/parts, n*(part+1)/parts) })
	}
	g.wait()
}

func newRecord(m *awslambda.Message, about event.Metadata, e event.Event) Record {
	if _, ok := xray.TraceIDFromRoot(about.ALBRoot); !ok {
		about.ALBRoot = "" // nobody could look it up in an access log
	}
	return Record{
		Context:      m.Context(),
		Event:        e,
		ALBRoot:      about.ALBRoot,
		SNSMessageID: m.SNSMessageID,
		SQSMessageID: m.MessageID,
		ReceiveCount: m.ReceiveCount,
		AcceptedAt:   about.AcceptedAt,
		SentAt:       m.SentAt,
		ReceivedAt:   m.HandedOver,
		message:      m,
	}
}

// again is a record whose key another one has, too.
type again struct{ record, first *Record }

// split takes what has the key of the record before it out of sorted records.
func split(records []*Record) (first []*Record, more []again) {
	first = records[:0]
	for _, r := range records {
		if n := len(first); n > 0 && compareKeys(first[n-1], r) == 0 {
			more = append(more, again{r, first[n-1]})
			continue
		}
		first = append(first, r)
	}
	return first, more
}

// follow settles records by what became of the ones with the same keys. It
// returns those that have to be tried on their own, because the other one was
// refused: they may hold something else.
func (b *batch) follow(more []again) (left []*Record) {
	for _, m := range more {
		switch m.first.outcome {
		case outcomeWritten, outcomeDuplicate:
			m.record.message.Duplicate()
		case outcomeRefused:
			left = append(left, m.record)
		default:
			b.fail(m.record)
		}
	}
	return left
}

// errIncomplete is a sink that breaks its promise.
var errIncomplete = errors.New("the sink did not say for every record what it did")

// complete says whether a sink said of n records what it did with them.
func complete(stored []Stored, n int) bool {
	return len(stored) == n && !slices.ContainsFunc(stored, func(s Stored) bool { return s != Written && s != Duplicate })
}

// write stores records with one call of the sink. If some of them are poison
// it halves them until these stand alone: with p of n, after at most
// 1 + 2p·log2(n) calls, rounded up. Whatever else goes wrong ends the batch.
func (b *batch) write(records []*Record) {
	if b.ctx.Err() != nil {
		b.stop(b.ctx.Err())
	}
	if b.reason != "" {
		for _, r := range records {
			b.fail(r)
		}
		return
	}
	stored, err := b.cfg.Sink.Write(b.ctx, records)
	if err == nil && !complete(stored, len(records)) {
		err = errIncomplete
	}
	switch {
	case err == nil:
		for i, r := range records {
			r.settle(stored[i])
		}
	case !Poison(err):
		b.stop(err)
		b.write(records)
	case len(records) == 1:
		records[0].outcome = outcomeRefused
		b.putAside(letter{message: records[0].message, record: records[0], reason: semconv.ReasonRefused, err: err})
	default:
		half := len(records) / 2
		b.write(records[:half])
		b.write(records[half:])
	}
}

func (r *Record) settle(s Stored) {
	if s == Written {
		r.outcome = outcomeWritten
		r.message.Written()
		return
	}
	r.outcome = outcomeDuplicate
	r.message.Duplicate()
}

// stop ends the batch: everything that is not settled yet will fail with err.
func (b *batch) stop(err error) {
	if b.reason != "" {
		return
	}
	b.err = err
	switch {
	case b.ctx.Err() != nil:
		b.reason = semconv.ReasonDeadline
	case Retryable(err):
		b.reason = semconv.ReasonSinkUnavailable
	default:
		b.reason = semconv.ReasonSinkError
	}
}

func (b *batch) fail(r *Record) {
	r.outcome = outcomeFailed
	r.message.Failed(b.reason, b.err)
	b.failed++
	b.logFailed(r)
}

// maxFailedLines bounds the lines about single messages of a batch that fails.
const maxFailedLines = 100

// logFailed writes a line under the message's own trace: where that is not
// sampled no span leads to the invocation, and its line about the whole batch.
func (b *batch) logFailed(r *Record) {
	if b.failed > maxFailedLines {
		return
	}
	attrs := append(b.settled(r.message, semconv.OutcomeFailed, b.reason, b.err), r.names()...)
	b.cfg.Logger.LogAttrs(r.message.Context(), slog.LevelWarn, "message failed, it will come again", attrs...)
}

// names are the attributes that name the event in lines about one message.
func (r *Record) names() []slog.Attr {
	if r == nil {
		return nil
	}
	return []slog.Attr{slog.String("event_source", r.Event.Source), slog.String("event_id", r.Event.ID)}
}

// settled tells what became of a message, for who has a line of it alone.
func (b *batch) settled(m *awslambda.Message, outcome, reason string, err error) []slog.Attr {
	return []slog.Attr{
		slog.String("outcome", outcome),
		slog.String("reason", reason),
		slog.String("code", ErrorCode(err)),
		slog.String("queue", queueName(m.Record.EventSourceARN)),
		slog.String("sqs_message_id", m.MessageID),
		slog.Int("receive_count", m.ReceiveCount),
		slog.Any("error", err),
	}
}

// logStored writes one line for all the new events, which tells those who
// count from lines how fresh they were.
func (b *batch) logStored() {
	if b.stored == 0 {
		return
	}
	b.cfg.Logger.LogAttrs(b.ctx, slog.LevelInfo, semconv.LogEventsStored,
		slog.Int(semconv.LogKeyStored, b.stored),
		slog.Int(semconv.LogKeyLate, b.late),
		slog.Int64(semconv.LogKeySlowestMillis, b.slowest.Milliseconds()))
}

// logFailure writes one line for all the messages that fail together.
func (b *batch) logFailure(messages int) {
	if b.failed == 0 {
		return
	}
	b.cfg.Logger.LogAttrs(b.ctx, slog.LevelError, semconv.LogBatchFailed,
		slog.String("reason", b.reason),
		slog.String("code", ErrorCode(b.err)),
		slog.Int("failed", b.failed),
		slog.Int("messages", messages),
		slog.Any("error", b.err))
}
