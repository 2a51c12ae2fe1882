package messaging

import (
	"net/http"
	"time"
)

// Broker is one account's topics and queues in one region. Its methods can be
// called concurrently.
type Broker struct {
	cfg Config
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
	// 1,024 to 1,048,576. Defaults to 262,144.
	MaximumMessageSizeBytes int
	// DeadLetterQueue is the name of a queue that exists. Defaults to none.
	DeadLetterQueue string
	// MaxReceiveCount is the number of receives after which a message moves
	// to DeadLetterQueue, 1 to 1,000. Defaults to 10.
	MaxReceiveCount int
}

// SubscriptionConfig describes a subscription of a queue to a topic.
type SubscriptionConfig struct {
	// Topic and Queue are names. Required.
	Topic, Queue string
	// RawMessageDelivery delivers message and attributes as they were
	// published, not wrapped in SNS's envelope. Defaults to false.
	RawMessageDelivery bool
	// FilterPolicy is a filter policy on message attributes, in JSON.
	// Defaults to none: every message.
	FilterPolicy string
	// DeadLetterQueue is the name of a queue for messages that SNS cannot
	// deliver. Defaults to none: they are discarded.
	DeadLetterQueue string
}

// QueueDepth counts the messages of a queue.
type QueueDepth struct {
	Visible, InFlight, Delayed int
	// SizeBytes is what bodies and attributes take.
	SizeBytes int64
}

// Deliveries counts what became of the messages published to one
// subscription.
type Deliveries struct {
	// Delivered messages are in the queue; Filtered ones did not match the
	// filter policy.
	Delivered, Filtered int64
	// TooManyAttributes counts raw deliveries of more than ten attributes,
	// each a client error that SNS does not retry.
	TooManyAttributes int64
	// Undeliverable counts the other failures: queue gone, full, message too
	// large for the queue.
	Undeliverable int64
	// DeadLettered of the failures are in the subscription's dead-letter
	// queue; Discarded ones are lost.
	DeadLettered, Discarded int64
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
	// VisibleAt is when the message can next be received; not after now for
	// a visible one.
	VisibleAt time.Time
	InFlight  bool
}

// New makes a Broker without topics or queues. It panics if c is not valid:
// configurations are written in code, see [Config.Validate].
func New(c Config) *Broker {
	if err := c.Validate(); err != nil {
		panic("messaging: " + err.Error())
	}
	return &Broker{cfg: c.withDefaults()}
}

// SNS returns the handler of the SNS API.
func (b *Broker) SNS() http.Handler { return http.NotFoundHandler() }

// SQS returns the handler of the SQS API.
func (b *Broker) SQS() http.Handler { return http.NotFoundHandler() }

// CreateTopic makes a standard topic, or finds the one of that name, and
// returns its ARN.
func (b *Broker) CreateTopic(name string) (arn string, err error) { return "", nil }

// CreateQueue makes a standard queue and returns its URL. Making the same
// queue again returns its URL, too; making it with other attributes fails.
func (b *Broker) CreateQueue(c QueueConfig) (url string, err error) { return "", nil }

// Subscribe subscribes a queue to a topic and returns the subscription's ARN.
func (b *Broker) Subscribe(c SubscriptionConfig) (arn string, err error) { return "", nil }

// QueueURL returns the URL of the queue of that name, whether it exists or not.
func (b *Broker) QueueURL(name string) string { return "" }

// QueueARN returns the ARN of the queue of that name, whether it exists or not.
func (b *Broker) QueueARN(name string) string { return "" }

// TopicARN returns the ARN of the topic of that name, whether it exists or not.
func (b *Broker) TopicARN(name string) string { return "" }

// QueueDepth counts the messages of a queue.
func (b *Broker) QueueDepth(name string) (QueueDepth, error) { return QueueDepth{}, nil }

// Messages looks at the oldest messages of a queue, limit of them at most,
// visible or not, without receiving them.
func (b *Broker) Messages(queue string, limit int) ([]StoredMessage, error) { return nil, nil }

// Deliveries says what became of the messages of one subscription.
func (b *Broker) Deliveries(subscriptionARN string) (Deliveries, error) { return Deliveries{}, nil }

// Close ends all waiting receives and forgets all messages. Requests that come
// later are answered with ServiceUnavailable.
func (b *Broker) Close() {}
