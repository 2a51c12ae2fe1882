package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/tracehaul/tracehaul/internal/spoilt"
	"github.com/tracehaul/tracehaul/telemetry/message"
)

// entryIDs are the ids of the entries of a call, by position.
var entryIDs = func() (ids [maxEntries]*string) {
	for i := range ids {
		ids[i] = aws.String(string(rune('0' + i)))
	}
	return ids
}()

// deliver sends a batch until each of its entries has an outcome.
func (p *publisher) deliver(batch []*entry) {
	ctx, cancel := context.WithTimeout(p.ctx, p.timeout)
	defer cancel()
	p.metrics.sent(ctx, batch)
	for attempt := 1; ; attempt++ {
		again := p.send(ctx, batch)
		if len(again) == 0 {
			return
		}
		if attempt == p.attempts || !sleep(ctx, backoff(attempt)) {
			p.fail(again)
			return
		}
		batch = p.wanted(again)
	}
}

// send makes one call, gives an outcome to the entries for which the answer
// settles it, and returns the others: those that SNS refused one by one, for a
// reason that may pass. The SDK has already repeated calls that failed as a
// whole.
func (p *publisher) send(ctx context.Context, batch []*entry) (again []*entry) {
	if len(batch) == 0 {
		return nil
	}
	failures, err := p.call(ctx, batch)
	if err != nil {
		return p.failed(ctx, batch, err)
	}
	if len(failures) == 0 {
		p.settleAll(batch, nil)
		return nil
	}
	var confirmed []*entry
	for i, e := range batch {
		e.failure = failures[i]
		switch {
		case e.failure == nil:
			confirmed = append(confirmed, e)
		case e.failure.passing():
			again = append(again, e)
		default:
			p.settleAll([]*entry{e}, e.failure)
		}
	}
	p.settleAll(confirmed, nil)
	return again
}

// failed handles a call that failed as a whole. When SNS found fault with the
// request, one entry may have spoilt it for the others: then each goes alone.
func (p *publisher) failed(ctx context.Context, batch []*entry, err error) (again []*entry) {
	failure := callFailure(err)
	if len(batch) == 1 || !spoilt.Batch(err) {
		p.settleAll(batch, failure)
		return nil
	}
	for i := range batch {
		again = append(again, p.send(ctx, batch[i:i+1])...)
	}
	return again
}

// fail gives entries that were tried often enough their last failure.
func (p *publisher) fail(entries []*entry) {
	for _, e := range entries {
		p.settleAll([]*entry{e}, e.failure)
	}
}

// wanted drops entries that nobody waits for any more.
func (p *publisher) wanted(entries []*entry) []*entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	kept := entries[:0]
	for _, e := range entries {
		if e.submission.gone {
			p.settle(e, e.failure)
		} else {
			kept = append(kept, e)
		}
	}
	return kept
}

// call makes one PublishBatch. It returns the failures of entries by their
// position, or an error if the call failed as a whole.
func (p *publisher) call(ctx context.Context, batch []*entry) (failures map[int]*publishError, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic in PublishBatch: %v", r)
			p.logger.LogAttrs(ctx, slog.LevelError, "panic while publishing",
				slog.Any("panic", r), slog.String("stack", string(debug.Stack())))
		}
	}()
	parents := make([]context.Context, len(batch))
	entries := make([]snstypes.PublishBatchRequestEntry, len(batch))
	for i, e := range batch {
		parents[i] = e.submission.ctx //nolint:fatcontext // one context each, none in another
		entries[i] = snstypes.PublishBatchRequestEntry{
			Id: entryIDs[i], Message: &e.body, MessageAttributes: e.attributes.forCall(),
		}
	}
	out, err := p.sns.PublishBatch(p.withParents(ctx, parents), &sns.PublishBatchInput{
		TopicArn: &p.topicARN, PublishBatchRequestEntries: entries,
	})
	if err != nil {
		return nil, err
	}
	if len(out.Successful) == len(batch) {
		return nil, nil
	}
	return entryFailures(len(batch), out), nil
}

// withParents gives the entries of a call their parents. The SDK's own client
// may write the trace context into the entries, since it sends them once, with
// its own attempts. Whatever else publishes may send them again, or to two
// places at once: their trace contexts go into copies.
func (p *publisher) withParents(ctx context.Context, parents []context.Context) context.Context {
	if _, once := p.sns.(*sns.Client); once {
		return message.WithOwnEntries(ctx, parents)
	}
	return message.WithEntries(ctx, parents)
}

// entryFailures reads an answer that does not confirm every entry. What it
// does not mention is not confirmed.
func entryFailures(n int, out *sns.PublishBatchOutput) map[int]*publishError {
	failures := make(map[int]*publishError)
	for i := range n {
		failures[i] = unmentioned
	}
	for _, e := range out.Successful {
		if i, ok := position(e.Id, n); ok {
			delete(failures, i)
		}
	}
	for _, e := range out.Failed {
		if i, ok := position(e.Id, n); ok {
			failures[i] = entryFailure(e)
		}
	}
	return failures
}

func position(id *string, n int) (int, bool) {
	if id == nil || len(*id) != 1 {
		return 0, false
	}
	i := int((*id)[0]) - '0'
	return i, i >= 0 && i < n
}

// sleep waits and reports whether ctx still goes on.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// backoff is the wait after an attempt: half to all of 50 ms, doubled each
// time.
func backoff(attempt int) time.Duration {
	d := 50 * time.Millisecond << min(attempt-1, 5)
	return d/2 + rand.N(d/2) //nolint:gosec // spreads load, hides nothing
}

// errNotConfirmed is the cause of failures that SNS gave no reason for.
var errNotConfirmed = errors.New("SNS did not confirm the message")
