package messaging

import (
	"container/list"
	"crypto/rand"
	"encoding/binary"
	"maps"
	mathrand "math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Broker is one account's topics and queues in one region. Its methods can be
// called concurrently.
//
// One lock guards all of it: what is done under it takes microseconds, and a
// message that moves between queues, or goes to many, does so in one step.
// Requests are parsed and answers are written outside.
type Broker struct {
	cfg  Config
	done chan struct{} // closed by Close

	mu     sync.Mutex
	queues map[string]*queue // by name
	topics map[string]*topic // by name
	random *mathrand.Rand
	dirty  []*queue // with waiters to serve before mu is given up
	closed bool
}

// New makes a Broker without topics or queues. It panics if c is not valid:
// configurations are written in code, see [Config.Validate].
func New(c Config) *Broker {
	if err := c.Validate(); err != nil {
		panic("messaging: " + err.Error())
	}
	return &Broker{
		cfg:    c.withDefaults(),
		done:   make(chan struct{}),
		queues: make(map[string]*queue),
		topics: make(map[string]*topic),
		random: mathrand.New(mathrand.NewPCG(c.Seed, 0)), //nolint:gosec // repeatable on purpose
	}
}

// SNS returns the handler of the SNS API.
func (b *Broker) SNS() http.Handler { return snsHandler{b} }

// SQS returns the handler of the SQS API.
func (b *Broker) SQS() http.Handler { return sqsHandler{b} }

// Close ends all waiting receives and forgets all messages. Requests that come
// later are answered with ServiceUnavailable.
func (b *Broker) Close() {
	now := b.lock()
	defer b.unlock(now)
	if b.closed {
		return
	}
	b.closed = true
	close(b.done)
	for _, q := range b.queues {
		q.clear()
		if q.wake != nil {
			q.wake.Stop()
			q.wake = nil
		}
	}
}

// lock takes the lock and says what time it is for everything done under it.
func (b *Broker) lock() time.Time {
	b.mu.Lock()
	return time.Now()
}

// unlock serves the receives that wait on what changed, and gives up the lock.
func (b *Broker) unlock(now time.Time) {
	for len(b.dirty) > 0 {
		q := b.dirty[len(b.dirty)-1]
		b.dirty = b.dirty[:len(b.dirty)-1]
		q.serve(now)
		q.dirty = false
	}
	b.mu.Unlock()
}

// queue finds a queue by name. The lock must be held.
func (b *Broker) queue(name string) (*queue, *Error) {
	if q := b.queues[name]; q != nil {
		return q, nil
	}
	return nil, errNoQueue()
}

// QueueConfig describes a queue to make.
type QueueConfig struct {
	// Name is the queue's name, up to 80 letters, digits, hyphens and
	// underscores. Required.
	Name string
	// VisibilityTimeout is how long a received message stays hidden, up to
	// 12 hours, in whole seconds. Defaults to 30 seconds.
	VisibilityTimeout time.Duration
	// MessageRetention is how long a message is kept, 1 minute to 14 days.
	// Defaults to 4 days.
	MessageRetention time.Duration
	// Delay hides new messages, up to 15 minutes. Defaults to 0.
	Delay time.Duration
	// ReceiveWait is the long-poll wait of receives that ask for none, up to
	// 20 seconds. Defaults to 0: short polling.
	ReceiveWait time.Duration
	// MaximumMessageSizeBytes is the largest message, attributes included,
	// 1,024 to 1,048,576. Defaults to 262,144, a quarter of AWS's default.
	MaximumMessageSizeBytes int
	// DeadLetterQueue is the name of a queue that exists. Defaults to none.
	DeadLetterQueue string
	// MaxReceiveCount is the number of receives after which a message moves
	// to DeadLetterQueue, 1 to 1,000. Defaults to 10.
	MaxReceiveCount int
}

// attributes puts c in the API's words, so that there is one set of checks.
func (c QueueConfig) attributes(b *Broker) map[string]string {
	attrs := make(map[string]string)
	for name, d := range map[string]time.Duration{
		"VisibilityTimeout": c.VisibilityTimeout, "MessageRetentionPeriod": c.MessageRetention,
		"DelaySeconds": c.Delay, "ReceiveMessageWaitTimeSeconds": c.ReceiveWait,
	} {
		if d != 0 {
			attrs[name] = strconv.FormatFloat(d.Seconds(), 'f', -1, 64)
		}
	}
	if c.MaximumMessageSizeBytes != 0 {
		attrs["MaximumMessageSize"] = strconv.Itoa(c.MaximumMessageSizeBytes)
	}
	if c.DeadLetterQueue != "" {
		receives := c.MaxReceiveCount
		if receives == 0 {
			receives = 10
		}
		attrs["RedrivePolicy"] = `{"deadLetterTargetArn":"` + b.QueueARN(c.DeadLetterQueue) +
			`","maxReceiveCount":` + strconv.Itoa(receives) + `}`
	}
	return attrs
}

// CreateQueue makes a standard queue and returns its URL. Making the same
// queue again returns its URL, too; making it with other attributes fails.
// Errors are of type *Error.
func (b *Broker) CreateQueue(c QueueConfig) (url string, err error) {
	if e := b.createQueue(c.Name, c.attributes(b)); e != nil {
		return "", e
	}
	return b.QueueURL(c.Name), nil
}

// createQueue holds the rules of SQS API, CreateQueue.
func (b *Broker) createQueue(name string, attrs map[string]string) *Error {
	if !validBatchID(name) { // the same letters and length
		return errValue("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	now := b.lock()
	defer b.unlock(now)
	if b.closed {
		return errClosed()
	}
	if q := b.queues[name]; q != nil {
		return q.same(attrs, now)
	}
	if len(b.queues) >= b.cfg.MaxQueues {
		return errorf("OverLimit", "there are %d local queues, the most this process makes", len(b.queues))
	}
	set := defaultQueueAttributes()
	if err := set.set(b, name, attrs); err != nil {
		return err
	}
	var number [8]byte
	_, _ = rand.Read(number[:]) // never fails
	b.queues[name] = &queue{
		broker: b, name: name, number: binary.BigEndian.Uint64(number[:]), attrs: set,
		created: now, modified: now, stored: make(map[uint64]*message), waiters: list.New(),
	}
	return nil
}

// same reports whether attrs are what the queue has.
func (q *queue) same(attrs map[string]string, now time.Time) *Error {
	has := q.render(now)
	for _, name := range slices.Sorted(maps.Keys(attrs)) {
		if attrs[name] != has[name] {
			return errorf("QueueNameExists",
				"A queue already exists with the same name and a different value for attribute %s", clip(name))
		}
	}
	return nil
}

// QueueURL returns the URL of the queue of that name, whether it exists or not.
func (b *Broker) QueueURL(name string) string {
	endpoint := b.cfg.SQSEndpoint
	if endpoint == "" {
		endpoint = "http://localhost"
	}
	return b.queueURL(endpoint, name)
}

func (b *Broker) queueURL(endpoint, name string) string {
	return endpoint + "/" + b.cfg.AccountID + "/" + name
}

// QueueARN returns the ARN of the queue of that name, whether it exists or not.
func (b *Broker) QueueARN(name string) string { return b.arn("sqs", name) }

// TopicARN returns the ARN of the topic of that name, whether it exists or not.
func (b *Broker) TopicARN(name string) string { return b.arn("sns", name) }

func (b *Broker) arn(service, resource string) string {
	return "arn:aws:" + service + ":" + b.cfg.Region + ":" + b.cfg.AccountID + ":" + resource
}

// queueOfARN gives the name of a queue of this account and region.
func (b *Broker) queueOfARN(arn string) (name string, ok bool) {
	name, ok = strings.CutPrefix(arn, b.QueueARN(""))
	return name, ok && validBatchID(name)
}
