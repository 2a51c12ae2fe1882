package messaging

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// maxSubscriptions bounds the subscriptions of one topic. AWS allows as many
// to a topic of large messages (SNS guide, "Publishing large messages"), and
// one page of ListSubscriptionsByTopic holds them.
const maxSubscriptions = 100

// topic is a standard topic, guarded by the broker's lock. Its subscriptions
// never change in place: who has the slice can deliver without the lock.
type topic struct {
	name           string
	arn            string
	attributes     map[string]string // as they were set
	maxMessageSize int
	subscriptions  []*subscription
	deleted        int
}

// subscription delivers a topic's messages to a queue.
type subscription struct {
	arn, queue      string // queue is a name; it need not exist
	endpoint        string
	raw             bool
	filter          *filterPolicy // nil for every message
	filterJSON      string
	deadLetterQueue string // a name, or ""
	redriveJSON     string
	counters        *deliveryCounters // the same after a change
}

type deliveryCounters struct {
	delivered, filtered, tooManyAttributes, undeliverable, deadLettered, discarded atomic.Int64
}

// with copies a subscription and changes one attribute of the copy (SNS API,
// SetSubscriptionAttributes).
func (s *subscription) with(b *Broker, name, value string) (*subscription, *Error) {
	changed := *s
	switch name {
	case "RawMessageDelivery":
		lower := strings.ToLower(value)
		if lower != "true" && lower != "false" {
			return nil, errParameter("RawMessageDelivery: Invalid value [%s]. Must be true or false.", clip(value))
		}
		changed.raw = lower == "true"
	case "FilterPolicy":
		filter, err := parseFilterPolicy(value)
		if err != nil {
			return nil, err
		}
		changed.filter, changed.filterJSON = filter, value
	case "FilterPolicyScope":
		if value != "MessageAttributes" {
			return nil, errNotImplemented("SNS", "FilterPolicyScope "+clip(value))
		}
	case "RedrivePolicy":
		queue, err := b.subscriptionRedrive(value)
		if err != nil {
			return nil, err
		}
		changed.deadLetterQueue, changed.redriveJSON = queue, value
	default:
		return nil, errParameter("AttributeName")
	}
	return &changed, nil
}

// subscriptionRedrive takes {"deadLetterTargetArn":...}, a queue in the same
// account and region (SNS guide, "Dead-letter queues").
func (b *Broker) subscriptionRedrive(value string) (queue string, err *Error) {
	if value == "" {
		return "", nil
	}
	var policy struct {
		Target string `json:"deadLetterTargetArn"`
	}
	if json.Unmarshal([]byte(value), &policy) != nil {
		return "", errParameter("RedrivePolicy: failed to parse JSON.")
	}
	queue, ok := b.queueOfARN(policy.Target)
	if !ok {
		return "", errParameter("RedrivePolicy: deadLetterTargetArn is an invalid arn")
	}
	return queue, nil
}

// topicOfARN finds a topic. The lock must be held.
func (b *Broker) topicOfARN(arn string) (*topic, *Error) {
	if n := strings.Count(arn, ":") + 1; n < 6 {
		return nil, errParameter("TopicArn Reason: An ARN must have at least 6 elements, not %d", n)
	}
	name, ok := strings.CutPrefix(arn, b.TopicARN(""))
	if t := b.topics[name]; ok && t != nil {
		return t, nil
	}
	return nil, errNoTopic()
}

// subscriptionOfARN finds a subscription, whose ARN is its topic's and an id.
// The lock must be held.
func (b *Broker) subscriptionOfARN(arn string) (*topic, int, *Error) {
	if n := strings.Count(arn, ":") + 1; n < 6 {
		return nil, 0, errParameter("SubscriptionArn Reason: An ARN must have at least 6 elements, not %d", n)
	}
	cut := strings.LastIndexByte(arn, ':')
	t, err := b.topicOfARN(arn[:cut])
	if err != nil {
		return nil, 0, errNoSubscription()
	}
	i := slices.IndexFunc(t.subscriptions, func(s *subscription) bool { return s.arn == arn })
	if i < 0 {
		return nil, 0, errNoSubscription()
	}
	return t, i, nil
}

// validTopicName holds for the names of standard topics: 1 to 256 letters,
// digits, underscores and hyphens (SNS API, CreateTopic).
func validTopicName(name string) bool {
	return name != "" && len(name) <= 256 && strings.IndexFunc(name, func(r rune) bool { return !isBatchIDRune(r) }) < 0
}

// CreateTopic makes a standard topic, or finds the one of that name, and
// returns its ARN. Errors are of type *Error.
func (b *Broker) CreateTopic(name string) (arn string, err error) {
	if e := b.createTopic(name, nil); e != nil {
		return "", e
	}
	return b.TopicARN(name), nil
}

func (b *Broker) createTopic(name string, attributes []formAttribute) *Error {
	if !validTopicName(name) {
		return errParameter("Topic Name")
	}
	t := &topic{name: name, arn: b.TopicARN(name), attributes: make(map[string]string), maxMessageSize: maxSizeBytes}
	for _, a := range attributes {
		if err := t.set(a.Name, a.String); err != nil {
			return err
		}
	}
	now := b.lock()
	defer b.unlock(now)
	if b.closed {
		return errClosed()
	}
	if has := b.topics[name]; has != nil {
		for key, value := range t.attributes {
			if has.attributes[key] != value {
				return errParameter("Attributes Reason: Topic already exists with different attributes")
			}
		}
		return nil
	}
	if len(b.topics) >= b.cfg.MaxTopics {
		return errorf("TopicLimitExceeded", "there are %d local topics, the most this process makes", len(b.topics))
	}
	b.topics[name] = t
	return nil
}

// set takes the attributes of SNS API, CreateTopic. Those that would change
// what happens to a message are obeyed or refused; the others are kept and
// reported.
func (t *topic) set(name, value string) *Error {
	switch name {
	case "MaximumMessageSize":
		n, err := strconv.Atoi(value)
		if err != nil || n < minSizeLimit || n > maxSizeLimit {
			return errParameter("Attributes Reason: MaximumMessageSize: must be an integer from %d to %d", minSizeLimit, maxSizeLimit)
		}
		t.maxMessageSize = n
	case "TracingConfig":
		// Either way the tracing header is passed through; Active also sends
		// segments to X-Ray, of which there is none here.
		if value != "PassThrough" && value != "Active" {
			return errParameter("Attributes Reason: TracingConfig: must be PassThrough or Active")
		}
	case "FifoTopic", "ContentBasedDeduplication", "FifoThroughputScope", "ArchivePolicy":
		if value != "" && value != "false" {
			return errNotImplemented("SNS", "topic attribute "+name)
		}
		return nil
	case "DisplayName", "Policy", "DeliveryPolicy", "KmsMasterKeyId", "SignatureVersion", "DataProtectionPolicy":
	default:
		if !strings.Contains(name, "Feedback") {
			return errParameter("AttributeName")
		}
	}
	t.attributes[name] = value
	return nil
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

// Subscribe subscribes a queue to a topic and returns the subscription's ARN.
// Unlike the API's call it wants the queues to exist. Errors are of type *Error.
func (b *Broker) Subscribe(c SubscriptionConfig) (arn string, err error) {
	attributes := []formAttribute{{Name: "RawMessageDelivery", String: strconv.FormatBool(c.RawMessageDelivery)}}
	if c.FilterPolicy != "" {
		attributes = append(attributes, formAttribute{Name: "FilterPolicy", String: c.FilterPolicy})
	}
	names := []string{c.Queue}
	if c.DeadLetterQueue != "" {
		names = append(names, c.DeadLetterQueue)
		attributes = append(attributes, formAttribute{
			Name: "RedrivePolicy", String: `{"deadLetterTargetArn":"` + b.QueueARN(c.DeadLetterQueue) + `"}`,
		})
	}
	for _, name := range names {
		if _, e := b.QueueDepth(name); e != nil {
			return "", e
		}
	}
	s, e := b.subscribe(b.TopicARN(c.Topic), b.QueueARN(c.Queue), attributes)
	if e != nil {
		return "", e
	}
	return s.arn, nil
}

// subscribe holds the rules of SNS API, Subscribe for the protocol sqs. The
// subscription of a queue of one's own account needs no confirmation. Asking
// again for what is there gives the same subscription.
func (b *Broker) subscribe(topicARN, endpoint string, attributes []formAttribute) (*subscription, *Error) {
	queue, ok := b.queueOfARN(endpoint)
	if !ok {
		return nil, errParameter("SQS endpoint ARN")
	}
	s := &subscription{queue: queue, endpoint: endpoint, counters: new(deliveryCounters)}
	for _, a := range attributes {
		changed, err := s.with(b, a.Name, a.String)
		if err != nil {
			err.Message = strings.Replace(err.Message, "Invalid parameter: ", "Invalid parameter: Attributes Reason: ", 1)
			return nil, err
		}
		s = changed
	}
	now := b.lock()
	defer b.unlock(now)
	if b.closed {
		return nil, errClosed()
	}
	t, err := b.topicOfARN(topicARN)
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(t.subscriptions, func(s *subscription) bool { return s.endpoint == endpoint }); i >= 0 {
		has := t.subscriptions[i]
		if len(attributes) > 0 && (has.raw != s.raw || has.filterJSON != s.filterJSON || has.redriveJSON != s.redriveJSON) {
			return nil, errParameter("Attributes Reason: Subscription already exists with different attributes")
		}
		return has, nil
	}
	if len(t.subscriptions) >= maxSubscriptions {
		return nil, errorf("SubscriptionLimitExceeded", "a local topic has at most %d subscriptions", maxSubscriptions)
	}
	s.arn = t.arn + ":" + newID()
	t.subscriptions = append(slices.Clone(t.subscriptions), s)
	return s, nil
}
