package deadletter

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

const (
	maxEntries = 10 // of a batch, and messages of a receive
	// waitSeconds makes a receive ask all servers. (SQS guide, "Short and long
	// polling".)
	waitSeconds = 1
	// emptyReceives is how many receives may bring nothing before a queue that
	// should hold more is taken for read, staleReceives how many may bring
	// nothing new.
	emptyReceives, staleReceives = 3, 100
	// givers is how many calls at a time give letters back.
	givers = 8
)

// errFull is when more letters would have to be held than may be.
var errFull = errors.New("too many letters that were not chosen are held")

// reader receives the letters of a queue, each once, and holds them: they stay
// hidden until they are forgotten or given back.
type reader struct {
	q     *Queue
	held  map[string]*hold // by message id
	seen  int
	empty int // receives in a row with nothing
	stale int // receives in a row with nothing new
}

// hold is a letter that is hidden for us.
type hold struct {
	handle string
	until  time.Time
	window time.Duration // for how long it was hidden last
}

func (q *Queue) reader() *reader { return &reader{q: q, held: make(map[string]*hold)} }

// next receives at most n letters that were not seen before and still are
// held. It returns none at the end of the queue.
func (r *reader) next(ctx context.Context, n int) ([]*Letter, error) {
	enough := 1 // long polling has asked every server
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if len(r.held) >= r.q.cfg.MaxHeld {
			return nil, errFull
		}
		r.extend(ctx)
		fresh, err := r.receive(ctx, min(n, maxEntries, r.q.cfg.MaxHeld-len(r.held)))
		if err != nil || len(fresh) > 0 {
			r.empty, r.stale = 0, 0
			return fresh, err
		}
		if r.seen < r.q.info.Waiting {
			enough = emptyReceives
		}
		if r.empty >= enough || r.stale >= staleReceives {
			return nil, nil
		}
	}
}

// receive is not cut off when ctx ends, which it sees a second later: letters
// of an answer that nobody reads would be hidden, and so would those that are
// given back while SQS believes that somebody still waits.
func (r *reader) receive(ctx context.Context, n int) (fresh []*Letter, err error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", r.q.info.Name, err)
	}
	call, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	visibility := r.q.cfg.Visibility
	begin := time.Now()
	out, err := r.q.cfg.SQS.ReceiveMessage(call, &sqs.ReceiveMessageInput{
		QueueUrl: &r.q.cfg.QueueURL, MaxNumberOfMessages: int32(n), //nolint:gosec // ten at most
		VisibilityTimeout: wholeSeconds(visibility), WaitTimeSeconds: waitSeconds,
		MessageAttributeNames:       []string{"All"},
		MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{sqstypes.MessageSystemAttributeNameAll},
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", r.q.info.Name, errors.Join(ctx.Err(), err))
	}
	r.stale++
	if len(out.Messages) == 0 {
		r.empty++
	} else {
		r.empty = 0
	}
	for _, m := range out.Messages {
		id := aws.ToString(m.MessageId)
		h := r.held[id]
		if h == nil {
			h = new(hold)
			r.held[id] = h
			r.seen++
			fresh = append(fresh, newLetter(m, r.q.cfg.Undelivered))
		}
		// If it was not fresh, it was delivered twice: the new handle counts.
		h.handle, h.until, h.window = aws.ToString(m.ReceiptHandle), begin.Add(visibility), visibility
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("read %s: %w", r.q.info.Name, err)
	}
	return fresh, nil
}

func wholeSeconds(d time.Duration) int32 { return int32(d / time.Second) } //nolint:gosec // ten minutes at most

// forget lets go of a letter that is no longer in the queue.
func (r *reader) forget(l *Letter) { delete(r.held, l.MessageID) }

// handle is what the letter is deleted by: that of the latest receive.
func (r *reader) handle(l *Letter) string { return r.held[l.MessageID].handle }

// extend hides letters again that would be visible soon, each time for twice
// as long: a short run that is killed hides nothing for long, and a long one
// has little to do. What fails is seen again, and known.
func (r *reader) extend(ctx context.Context) {
	now := time.Now()
	var due []*hold
	for _, h := range r.held {
		if h.until.Sub(now) < h.window/2 {
			due = append(due, h)
		}
	}
	for _, h := range due {
		h.window = min(2*h.window, maxVisibility)
		h.until = now.Add(h.window)
	}
	_ = r.change(ctx, due, func(h *hold) int32 { return wholeSeconds(h.window) })
}

// giveBack makes everything that is held visible to others, also when ctx has
// ended. What cannot be given back comes back by itself.
func (r *reader) giveBack(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	all := make([]*hold, 0, len(r.held))
	for _, h := range r.held {
		all = append(all, h)
	}
	clear(r.held)
	if err := r.change(ctx, all, func(*hold) int32 { return 0 }); err != nil {
		return fmt.Errorf("letters of %s were not given back, they are hidden for up to %v: %w", r.q.info.Name, maxVisibility, err)
	}
	return nil
}

// change sets visibility timeouts, in batches and several at a time. One that
// is too late is no error: the letter is visible already.
func (r *reader) change(ctx context.Context, holds []*hold, seconds func(*hold) int32) error {
	batches := make(chan []*hold)
	var mu sync.Mutex
	var first error
	var wg sync.WaitGroup
	for range min(givers, (len(holds)+maxEntries-1)/maxEntries) {
		wg.Go(func() {
			for batch := range batches {
				entries := make([]sqstypes.ChangeMessageVisibilityBatchRequestEntry, len(batch))
				for i, h := range batch {
					entries[i] = sqstypes.ChangeMessageVisibilityBatchRequestEntry{
						Id: aws.String(strconv.Itoa(i)), ReceiptHandle: &h.handle, VisibilityTimeout: seconds(h),
					}
				}
				_, err := r.q.cfg.SQS.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{
					QueueUrl: &r.q.cfg.QueueURL, Entries: entries,
				})
				mu.Lock()
				if first == nil {
					first = err
				}
				mu.Unlock()
			}
		})
	}
	for len(holds) > 0 {
		n := min(maxEntries, len(holds))
		batches <- holds[:n]
		holds = holds[n:]
	}
	close(batches)
	wg.Wait()
	return first
}

// delete takes letters out of the queue, and tries those again that SQS did
// not confirm. It returns why letters are left, by their ids.
func (r *reader) delete(ctx context.Context, letters []*Letter) (left map[string]error) {
	const tries = 3
	for try := 0; len(letters) > 0; try++ {
		left = r.deleteOnce(ctx, letters)
		var again []*Letter
		for _, l := range letters {
			if left[l.MessageID] != nil {
				again = append(again, l)
				continue
			}
			r.forget(l)
		}
		if letters = again; try == tries-1 {
			break
		}
	}
	return left
}

var errUnconfirmed = errors.New("the queue did not confirm it")

func (r *reader) deleteOnce(ctx context.Context, letters []*Letter) map[string]error {
	left := make(map[string]error, len(letters))
	entries := make([]sqstypes.DeleteMessageBatchRequestEntry, len(letters))
	for i, l := range letters {
		left[l.MessageID] = errUnconfirmed
		entries[i] = sqstypes.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: aws.String(r.handle(l))}
	}
	call, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := r.q.cfg.SQS.DeleteMessageBatch(call, &sqs.DeleteMessageBatchInput{QueueUrl: &r.q.cfg.QueueURL, Entries: entries})
	if err != nil {
		for id := range left {
			left[id] = err
		}
		return left
	}
	for _, f := range out.Failed {
		if i, err := strconv.Atoi(aws.ToString(f.Id)); err == nil && i >= 0 && i < len(letters) {
			left[letters[i].MessageID] = &smithy.GenericAPIError{Code: aws.ToString(f.Code), Message: aws.ToString(f.Message)}
		}
	}
	for _, s := range out.Successful {
		if i, err := strconv.Atoi(aws.ToString(s.Id)); err == nil && i >= 0 && i < len(letters) {
			delete(left, letters[i].MessageID)
		}
	}
	return left
}
