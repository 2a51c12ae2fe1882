package messaging

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
)

// queueAttributes are the attributes of a queue that can be set.
type queueAttributes struct {
	visibility, retention, delay, wait time.Duration
	maxMessageSize                     int

	redrivePolicy   string // as it was set
	deadLetterQueue string // name, "" without a redrive policy
	maxReceives     int

	// other attributes are kept and reported, and do nothing: policies and
	// encryption are not checked here.
	other map[string]string
}

// defaultQueueAttributes are AWS's (SQS API, CreateQueue), but for the size of
// messages: see maxSizeBytes.
func defaultQueueAttributes() queueAttributes {
	return queueAttributes{
		visibility: 30 * time.Second, retention: 4 * 24 * time.Hour, maxMessageSize: maxSizeBytes,
	}
}

// inertAttributes are the names in queueAttributes.other.
var inertAttributes = map[string]struct{}{
	"Policy":                       {},
	"RedriveAllowPolicy":           {},
	"KmsMasterKeyId":               {},
	"KmsDataKeyReusePeriodSeconds": {},
	"SqsManagedSseEnabled":         {},
}

// set changes the attributes that are named, each within its limits (SQS API,
// CreateQueue and SetQueueAttributes).
func (a *queueAttributes) set(b *Broker, queue string, changes map[string]string) *Error {
	next := *a
	next.other = maps.Clone(a.other)
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		if err := next.setOne(b, queue, name, changes[name]); err != nil {
			return err
		}
	}
	*a = next
	return nil
}

func (a *queueAttributes) setOne(b *Broker, queue, name, value string) *Error {
	switch name {
	case "VisibilityTimeout":
		return setSeconds(&a.visibility, name, value, 0, 43_200)
	case "MessageRetentionPeriod":
		return setSeconds(&a.retention, name, value, 60, 1_209_600)
	case "DelaySeconds":
		return setSeconds(&a.delay, name, value, 0, 900)
	case "ReceiveMessageWaitTimeSeconds":
		return setSeconds(&a.wait, name, value, 0, 20)
	case "MaximumMessageSize":
		return setInt(&a.maxMessageSize, name, value, minSizeLimit, maxSizeLimit)
	case "RedrivePolicy":
		return a.setRedrivePolicy(b, queue, value)
	}
	if _, ok := inertAttributes[name]; !ok {
		return errorf("InvalidAttributeName", "Unknown Attribute %s.", clip(name))
	}
	if a.other == nil {
		a.other = make(map[string]string)
	}
	a.other[name] = value
	return nil
}

func setInt(field *int, name, value string, least, most int) *Error {
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		return errorf("InvalidAttributeValue", "Invalid value for the parameter %s: must be an integer from %d to %d.", name, least, most)
	}
	*field = n
	return nil
}

func setSeconds(field *time.Duration, name, value string, least, most int) *Error {
	var n int
	err := setInt(&n, name, value, least, most)
	if err == nil {
		*field = time.Duration(n) * time.Second
	}
	return err
}

// setRedrivePolicy takes {"deadLetterTargetArn":...,"maxReceiveCount":...}; the
// count is a number or a string, 1 to 1,000, 10 by default. An empty policy
// takes the dead-letter queue away.
func (a *queueAttributes) setRedrivePolicy(b *Broker, queue, value string) *Error {
	if value == "" {
		a.redrivePolicy, a.deadLetterQueue, a.maxReceives = "", "", 0
		return nil
	}
	invalid := func(reason string) *Error {
		return errValue("Value %s for parameter RedrivePolicy is invalid. Reason: %s", clip(value), reason)
	}
	policy := struct {
		Target   string          `json:"deadLetterTargetArn"`
		Receives json.RawMessage `json:"maxReceiveCount"`
	}{Receives: json.RawMessage("10")}
	if err := json.Unmarshal([]byte(value), &policy); err != nil {
		return invalid("Redrive policy is not a valid JSON map.")
	}
	var count string
	if json.Unmarshal(policy.Receives, &count) != nil {
		count = string(policy.Receives)
	}
	receives, err := strconv.Atoi(count)
	if err != nil || receives < 1 || receives > 1_000 {
		return invalid("Invalid value for maxReceiveCount, valid values are from 1 to 1000 both inclusive.")
	}
	name, ok := b.queueOfARN(policy.Target)
	if !ok || b.queues[name] == nil {
		return invalid("Dead letter target does not exist.")
	}
	if name == queue {
		return invalid("A queue cannot be its own dead-letter queue.")
	}
	a.redrivePolicy, a.deadLetterQueue, a.maxReceives = value, name, receives
	return nil
}

// render gives all attributes that can be read (SQS API, GetQueueAttributes).
func (q *queue) render(now time.Time) map[string]string {
	depth := q.depth(now)
	seconds := func(d time.Duration) string { return strconv.Itoa(int(d / time.Second)) }
	all := map[string]string{
		"ApproximateNumberOfMessages":           strconv.Itoa(depth.Visible),
		"ApproximateNumberOfMessagesDelayed":    strconv.Itoa(depth.Delayed),
		"ApproximateNumberOfMessagesNotVisible": strconv.Itoa(depth.InFlight),
		"CreatedTimestamp":                      strconv.FormatInt(q.created.Unix(), 10),
		"DelaySeconds":                          seconds(q.attrs.delay),
		"LastModifiedTimestamp":                 strconv.FormatInt(q.modified.Unix(), 10),
		"MaximumMessageSize":                    strconv.Itoa(q.attrs.maxMessageSize),
		"MessageRetentionPeriod":                seconds(q.attrs.retention),
		"QueueArn":                              q.broker.QueueARN(q.name),
		"ReceiveMessageWaitTimeSeconds":         seconds(q.attrs.wait),
		"SqsManagedSseEnabled":                  "true",
		"VisibilityTimeout":                     seconds(q.attrs.visibility),
	}
	if q.attrs.redrivePolicy != "" {
		all["RedrivePolicy"] = q.attrs.redrivePolicy
	}
	maps.Copy(all, q.attrs.other)
	return all
}

// readableAttributes are the names that GetQueueAttributes knows. A name that
// the queue has no value for is left out of the answer.
var readableAttributes = map[string]struct{}{
	"ApproximateNumberOfMessages":           {},
	"ApproximateNumberOfMessagesDelayed":    {},
	"ApproximateNumberOfMessagesNotVisible": {},
	"CreatedTimestamp":                      {},
	"DelaySeconds":                          {},
	"LastModifiedTimestamp":                 {},
	"MaximumMessageSize":                    {},
	"MessageRetentionPeriod":                {},
	"QueueArn":                              {},
	"ReceiveMessageWaitTimeSeconds":         {},
	"RedrivePolicy":                         {},
	"VisibilityTimeout":                     {},
}

// attributes gives the attributes that are asked for by name, or "All".
func (q *queue) attributes(names []string, now time.Time) (map[string]string, *Error) {
	all := q.render(now)
	if slices.Contains(names, "All") {
		return all, nil
	}
	some := make(map[string]string, len(names))
	for _, name := range names {
		_, readable := readableAttributes[name]
		if _, inert := inertAttributes[name]; !readable && !inert {
			return nil, errorf("InvalidAttributeName", "Unknown Attribute %s.", clip(name))
		}
		if value, ok := all[name]; ok {
			some[name] = value
		}
	}
	return some, nil
}
