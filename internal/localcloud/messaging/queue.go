package messaging

import (
	"container/list"
	"strings"
	"time"
)

// messageOverheadBytes is what a message is counted for besides its content.
const messageOverheadBytes = 512

// queue is a standard queue. All of it is guarded by the broker's lock.
type queue struct {
	broker            *Broker
	name              string
	number            uint64 // random, in receipt handles
	attrs             queueAttributes
	created, modified time.Time
	purged            time.Time

	stored    map[uint64]*message // by seq, wherever they are
	visible   messageList
	hidden    hiddenHeap
	inFlight  int
	sizeBytes int64
	lastSeq   uint64
	// nextExpiry is when a message may first be too old; zero with none.
	nextExpiry time.Time

	waiters *list.List // of *waiter, the longest waiting first
	wake    *time.Timer
	dirty   bool
}

// room reports an error if n further messages of together so many bytes find no room.
func (q *queue) room(n, bytes int) *Error {
	c := &q.broker.cfg
	if len(q.stored)+n > c.MaxMessages || q.sizeBytes+int64(bytes+n*messageOverheadBytes) > c.MaxBytes {
		return errFull(q.name, len(q.stored), q.sizeBytes)
	}
	return nil
}

// add stores what a sender sent.
func (q *queue) add(c *content, delay time.Duration, now time.Time) *message {
	m := &message{content: c, id: newID(), sentAt: now}
	q.insert(m, delay, now)
	return m
}

func (q *queue) insert(m *message, delay time.Duration, now time.Time) {
	q.lastSeq++
	m.seq = q.lastSeq
	q.stored[m.seq] = m
	q.sizeBytes += int64(m.size + messageOverheadBytes)
	if expiry := m.sentAt.Add(q.attrs.retention); q.nextExpiry.IsZero() || expiry.Before(q.nextExpiry) {
		q.nextExpiry = expiry
	}
	if delay > 0 {
		q.hide(m, delayed, now.Add(delay))
	} else {
		q.show(m)
	}
	q.touch()
}

// show, hide and unplace move a message between the places of the queue.
func (q *queue) show(m *message) {
	m.place = visible
	q.visible.push(m)
}

func (q *queue) hide(m *message, p place, until time.Time) {
	m.place, m.visibleAt = p, until
	q.hidden.push(m)
	if p == inFlight {
		q.inFlight++
	}
}

func (q *queue) unplace(m *message) {
	if m.place == visible {
		q.visible.remove(m)
		return
	}
	q.hidden.remove(m)
	if m.place == inFlight {
		q.inFlight--
	}
}

// remove forgets a message.
func (q *queue) remove(m *message) {
	q.unplace(m)
	delete(q.stored, m.seq)
	q.sizeBytes -= int64(m.size + messageOverheadBytes)
	q.touch()
}

// advance brings the queue up to now: what was hidden until then is visible
// again, what is older than the retention period is gone, in flight or not
// (SQS API, DeleteMessage).
func (q *queue) advance(now time.Time) {
	for len(q.hidden) > 0 && !q.hidden[0].visibleAt.After(now) {
		m := q.hidden[0]
		q.unplace(m)
		q.show(m)
	}
	if q.nextExpiry.IsZero() || now.Before(q.nextExpiry) {
		return
	}
	q.nextExpiry = time.Time{}
	for _, m := range q.stored {
		if expiry := m.sentAt.Add(q.attrs.retention); !expiry.After(now) {
			q.remove(m)
		} else if q.nextExpiry.IsZero() || expiry.Before(q.nextExpiry) {
			q.nextExpiry = expiry
		}
	}
	// A sweep looks at every message: at most one a second. take looks again.
	if soonest := now.Add(time.Second); !q.nextExpiry.IsZero() && q.nextExpiry.Before(soonest) {
		q.nextExpiry = soonest
	}
}

// take receives up to limit messages. A message that was received as often as
// the redrive policy allows goes to the dead-letter queue in place of another
// receive: "when the ReceiveCount for a message exceeds the maxReceiveCount"
// (SQS API, CreateQueue).
func (q *queue) take(limit int, visibility time.Duration, now time.Time) []receipt {
	q.advance(now)
	var got []receipt
	// A duplicate that is left behind meanwhile is for the next receive.
	for n := q.visible.len; n > 0 && len(got) < limit && q.inFlight < q.broker.cfg.MaxInFlight; n-- {
		m := q.next()
		if !m.sentAt.Add(q.attrs.retention).After(now) {
			q.remove(m)
			continue
		}
		if q.attrs.deadLetterQueue != "" && m.receivesHere >= q.attrs.maxReceives {
			q.redrive(m, now)
			continue
		}
		if got == nil {
			got = make([]receipt, 0, min(limit, q.visible.len))
		}
		got = append(got, q.receive(m, visibility, now))
	}
	return got
}

// next chooses the message to receive.
func (q *queue) next() *message {
	const window = 64
	if q.broker.cfg.Shuffle {
		return q.visible.at(q.broker.random.IntN(min(window, q.visible.len)))
	}
	return q.visible.first
}

func (q *queue) receive(m *message, visibility time.Duration, now time.Time) receipt {
	q.visible.remove(m)
	m.receives++
	m.receivesHere++
	m.receivedAt = now
	if m.firstReceived.IsZero() {
		m.firstReceived = now
	}
	q.hide(m, inFlight, now.Add(visibility))
	q.duplicate(m)
	return receipt{
		content: m.content, id: m.id, source: m.source,
		handle: receiptHandle(q.number, m.seq, m.receives),
		sentAt: m.sentAt, firstReceived: m.firstReceived, receives: m.receives,
	}
}

// duplicate leaves a copy of a message behind at its first receive: "you might
// get that message copy again when you receive messages" (SQS guide,
// "At-least-once delivery"). It has the same message id and is deleted on its own.
func (q *queue) duplicate(m *message) {
	rate := q.broker.cfg.DuplicateRate
	if rate == 0 || m.copied || q.broker.random.Float64() >= rate || q.room(1, m.size) != nil {
		return
	}
	m.copied = true
	twin := &message{content: m.content, id: m.id, sentAt: m.sentAt, source: m.source, copied: true}
	q.insert(twin, 0, m.receivedAt)
}

// redrive moves a message to the dead-letter queue. Message id, attributes,
// receive count and enqueue time stay: "when a message is moved to a
// dead-letter queue, the enqueue timestamp is unchanged" (SQS guide,
// "Dead-letter queues"). Where the bounds of this process leave no room the
// message stays and is hidden for a while.
func (q *queue) redrive(m *message, now time.Time) {
	target := q.broker.queues[q.attrs.deadLetterQueue]
	if target == nil || target.room(1, m.size) != nil {
		q.visible.remove(m)
		q.hide(m, delayed, now.Add(max(q.attrs.visibility, time.Second)))
		return
	}
	q.remove(m)
	m.receivesHere, m.copied = 0, true
	m.source = q.broker.QueueARN(q.name)
	target.insert(m, 0, now)
}

// find looks a receipt handle up. The message is nil if it is deleted, current
// is false if it was received again since.
func (q *queue) find(handle string, now time.Time) (m *message, current bool, err *Error) {
	q.advance(now)
	seq, receives, ok := parseReceiptHandle(q.number, handle)
	if !ok {
		return nil, false, errorf("ReceiptHandleIsInvalid", "The input receipt handle %q is not a valid receipt handle.", clip(handle))
	}
	m = q.stored[seq]
	return m, m != nil && m.receives == receives, nil
}

// delete forgets the message of a handle, visible again or not. With an old
// handle "the request will succeed, but the message might not be deleted"
// (SQS API, DeleteMessage): here it is not. Deleting twice succeeds.
func (q *queue) delete(handle string, now time.Time) *Error {
	m, current, err := q.find(handle, now)
	if err == nil && current {
		q.remove(m)
	}
	return err
}

// maxVisibility is how long after a receive a message can stay hidden.
const maxVisibility = 12 * time.Hour

// changeVisibility counts from now, "from the time that you make the
// ChangeMessageVisibility call", and ends no later than 12 hours after the
// receive. Once the timeout has expired a call "might result in an error" (SQS
// API, ChangeMessageVisibility): here it does.
func (q *queue) changeVisibility(handle string, visibility time.Duration, now time.Time) *Error {
	m, current, err := q.find(handle, now)
	switch {
	case err != nil:
		return err
	case !current:
		return errValue("Value %s for parameter ReceiptHandle is invalid. "+
			"Reason: Message does not exist or is not available for visibility timeout change.", clip(handle))
	case m.place != inFlight:
		return errorf("MessageNotInflight", "The specified message isn't in flight: its visibility timeout has expired.")
	case now.Add(visibility).After(m.receivedAt.Add(maxVisibility)):
		return errValue("Value %d for parameter VisibilityTimeout is invalid. "+
			"Reason: Total VisibilityTimeout for the message is beyond the limit [43200 seconds].", int(visibility.Seconds()))
	}
	m.visibleAt = now.Add(visibility)
	q.hidden.fix(m)
	q.touch()
	return nil
}

// purge forgets every message, in flight or not. Only one purge a minute is
// allowed (SQS API, PurgeQueue).
func (q *queue) purge(now time.Time) *Error {
	if !q.purged.IsZero() && now.Before(q.purged.Add(time.Minute)) {
		return errorf("PurgeQueueInProgress", "Only one PurgeQueue operation on %s is allowed every 60 seconds.", q.name)
	}
	q.purged = now
	q.clear()
	return nil
}

func (q *queue) clear() {
	clear(q.stored)
	q.visible, q.hidden = messageList{}, nil
	q.inFlight, q.sizeBytes, q.nextExpiry = 0, 0, time.Time{}
}

func (q *queue) depth(now time.Time) QueueDepth {
	q.advance(now)
	return QueueDepth{
		Visible: q.visible.len, InFlight: q.inFlight, Delayed: len(q.hidden) - q.inFlight,
		SizeBytes: q.sizeBytes - int64(len(q.stored)*messageOverheadBytes),
	}
}

// clip keeps what came from outside from filling an error message. It does not
// end within a character.
func clip(s string) string {
	const most = 100
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strings.ToValidUTF8(s, "")
}
