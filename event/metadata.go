package event

import (
	"iter"
	"time"
)

// Names of the message attributes that a service sets beside the trace
// context when it publishes an event. SNS filter policies select by them, and
// consumers read them without opening the event.
const (
	AttributeType       = "event-type"   // the event's type
	AttributeSource     = "event-source" // the event's source
	AttributeAcceptedAt = "accepted-at"  // when the service accepted it: RFC 3339 with nanoseconds, UTC
	AttributeALBRoot    = "alb-root"     // Root of X-Amzn-Trace-Id, if a load balancer set one
)

// Metadata is what a message says about its event in message attributes, all
// of DataType String.
type Metadata struct {
	Type       string
	Source     string
	AcceptedAt time.Time // when the service accepted the event; zero if unknown
	ALBRoot    string    // the load balancer's trace id, such as "1-67891233-abcdef012345678912345678"
}

// All yields the name and value of each attribute that is set: SNS refuses
// empty ones.
func (m Metadata) All() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		acceptedAt := ""
		if !m.AcceptedAt.IsZero() {
			acceptedAt = m.AcceptedAt.UTC().Format(time.RFC3339Nano)
		}
		for _, a := range [...]struct{ name, value string }{
			{AttributeType, m.Type},
			{AttributeSource, m.Source},
			{AttributeAcceptedAt, acceptedAt},
			{AttributeALBRoot, m.ALBRoot},
		} {
			if a.value != "" && !yield(a.name, a.value) {
				return
			}
		}
	}
}

// MetadataFrom reads what [Metadata.All] wrote. What is absent or not
// readable is left out: metadata describe a message, they never make it fail.
func MetadataFrom(attributes map[string]string) Metadata {
	m := Metadata{
		Type:    attributes[AttributeType],
		Source:  attributes[AttributeSource],
		ALBRoot: attributes[AttributeALBRoot],
	}
	if t, ok := parseTime([]byte(attributes[AttributeAcceptedAt])); ok {
		m.AcceptedAt = t
	}
	return m
}
