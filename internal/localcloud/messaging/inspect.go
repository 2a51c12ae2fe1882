package messaging

import (
	"slices"
	"time"
)

// QueueDepth counts the messages of a queue.
type QueueDepth struct {
	Visible, InFlight, Delayed int
	// SizeBytes is what bodies and attributes take.
	SizeBytes int64
}

// QueueDepth counts the messages of a queue. Its error is a *Error,
// QueueDoesNotExist.
func (b *Broker) QueueDepth(name string) (QueueDepth, error) {
	now := b.lock()
	defer b.unlock(now)
	q, err := b.queue(name)
	if err != nil {
		return QueueDepth{}, err
	}
	return q.depth(now), nil
}

// Attribute is a message attribute. Value holds the bytes of a Binary one.
type Attribute struct {
	Type, Value string
}

// StoredMessage is a look at a message that leaves it as it is.
type StoredMessage struct {
	MessageID  string
	Body       string
	Attributes map[string]Attribute
	// TraceHeader is the AWSTraceHeader system attribute, or "".
	TraceHeader string
	// DeadLetterSourceARN is the queue that a redriven message came from.
	DeadLetterSourceARN string
	SentAt              time.Time
	// FirstReceivedAt is zero until the first receive.
	FirstReceivedAt time.Time
	ReceiveCount    int
	// VisibleAt is when a hidden message can be received, zero for a visible one.
	VisibleAt time.Time
	// InFlight is true between a receive and the end of the visibility
	// timeout; a hidden message that is not in flight is delayed.
	InFlight bool
}

// Messages looks at the oldest messages of a queue, limit of them at most,
// visible or not, without receiving them. Its error is a *Error,
// QueueDoesNotExist.
func (b *Broker) Messages(queue string, limit int) ([]StoredMessage, error) {
	now := b.lock()
	defer b.unlock(now)
	q, err := b.queue(queue)
	if err != nil {
		return nil, err
	}
	q.advance(now)
	all := make([]*message, 0, len(q.stored))
	for _, m := range q.stored {
		all = append(all, m)
	}
	slices.SortFunc(all, func(a, b *message) int {
		if order := a.sentAt.Compare(b.sentAt); order != 0 {
			return order
		}
		return int(a.seq) - int(b.seq) //nolint:gosec // counts messages
	})
	all = all[:max(0, min(limit, len(all)))]
	looks := make([]StoredMessage, 0, len(all))
	for _, m := range all {
		looks = append(looks, m.look())
	}
	return looks, nil
}

func (m *message) look() StoredMessage {
	look := StoredMessage{
		MessageID: m.id, Body: m.body, TraceHeader: m.traceHeader, DeadLetterSourceARN: m.source,
		SentAt: m.sentAt, FirstReceivedAt: m.firstReceived, ReceiveCount: m.receives,
		InFlight: m.place == inFlight,
	}
	if m.place != visible {
		look.VisibleAt = m.visibleAt
	}
	if len(m.attributes) > 0 {
		look.Attributes = make(map[string]Attribute, len(m.attributes))
	}
	for _, a := range m.attributes {
		look.Attributes[a.name] = Attribute{Type: a.dataType, Value: a.value}
	}
	return look
}

// Deliveries counts what became of the messages published to one subscription.
type Deliveries struct {
	// Delivered messages are in the queue; Filtered ones did not match the
	// filter policy.
	Delivered, Filtered int64
	// TooManyAttributes counts raw deliveries of more than ten attributes,
	// each a client error that SNS does not retry.
	TooManyAttributes int64
	// Undeliverable counts the other client errors: the queue is gone, or the
	// message is too large for it.
	Undeliverable int64
	// DeadLettered of the failures are in the subscription's dead-letter
	// queue; Discarded ones are lost.
	DeadLettered, Discarded int64
}

// Deliveries says what became of the messages of one subscription. Its error
// is a *Error, NotFound.
func (b *Broker) Deliveries(subscriptionARN string) (Deliveries, error) {
	now := b.lock()
	defer b.unlock(now)
	t, i, err := b.subscriptionOfARN(subscriptionARN)
	if err != nil {
		return Deliveries{}, err
	}
	c := t.subscriptions[i].counters
	return Deliveries{
		Delivered: c.delivered.Load(), Filtered: c.filtered.Load(),
		TooManyAttributes: c.tooManyAttributes.Load(), Undeliverable: c.undeliverable.Load(),
		DeadLettered: c.deadLettered.Load(), Discarded: c.discarded.Load(),
	}, nil
}
