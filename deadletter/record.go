package deadletter

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Record is a letter as JSON: a line of an archive, and what is shown of one.
// With the body it is the whole message, fit to be sent again.
type Record struct {
	Queue        string               `json:"queue"`
	MessageID    string               `json:"message_id"`
	Reason       string               `json:"reason"`
	Code         string               `json:"code,omitempty"`
	SentAt       time.Time            `json:"sent_at"`
	ReceiveCount int                  `json:"receive_count"`
	Redrives     int                  `json:"redrives,omitempty"`
	TraceID      string               `json:"trace_id,omitempty"`
	Shape        string               `json:"shape"` // raw, or an SNS envelope
	TopicARN     string               `json:"topic_arn,omitempty"`
	SNSMessageID string               `json:"sns_message_id,omitempty"`
	Event        *RecordEvent         `json:"event,omitempty"`
	Problem      string               `json:"problem,omitempty"` // why there is no event
	Attributes   map[string]Attribute `json:"attributes,omitempty"`
	System       map[string]string    `json:"system,omitempty"`

	// EnvelopeAttributes are the publisher's, where they lie in the body.
	EnvelopeAttributes map[string]string `json:"envelope_attributes,omitempty"`

	Body      *string `json:"body,omitempty"`
	BodyBytes int     `json:"body_bytes"`
}

// RecordEvent is the envelope of an event: all but its data and extensions.
type RecordEvent struct {
	Source          string    `json:"source"`
	ID              string    `json:"id"`
	Type            string    `json:"type"`
	Subject         string    `json:"subject,omitempty"`
	Time            time.Time `json:"time,omitzero"`
	DataContentType string    `json:"datacontenttype,omitempty"`
	DataSchema      string    `json:"dataschema,omitempty"`
}

// Attribute is a message attribute: Value holds texts and numbers, Binary
// bytes, in base64.
type Attribute struct {
	Type   string `json:"type"`
	Value  string `json:"value,omitempty"`
	Binary []byte `json:"binary,omitempty"`
}

// Record returns the letter as JSON has it, with or without the body, which may
// hold personal data.
func (l *Letter) Record(queue string, body bool) Record {
	r := Record{
		Queue: queue, MessageID: l.MessageID, Reason: l.Reason, Code: l.Code, SentAt: l.SentAt, ReceiveCount: l.ReceiveCount,
		Redrives: l.Redrives, TraceID: l.TraceID, Shape: l.Received.Shape, TopicARN: l.Received.TopicARN, SNSMessageID: l.Received.SNSMessageID,
		Problem: l.Problem, System: l.raw.Attributes, BodyBytes: len(aws.ToString(l.raw.Body)),
		Attributes: make(map[string]Attribute, len(l.raw.MessageAttributes)),
	}
	for name, a := range l.raw.MessageAttributes {
		r.Attributes[name] = Attribute{aws.ToString(a.DataType), aws.ToString(a.StringValue), a.BinaryValue}
	}
	if r.Shape == semconv.MessageShapeEnvelope {
		r.EnvelopeAttributes = l.Received.Attributes
	}
	if e := l.Event; e.ID != "" {
		r.Event = &RecordEvent{e.Source, e.ID, e.Type, e.Subject, e.Time, e.DataContentType, e.DataSchema}
	}
	if body {
		r.Body = l.raw.Body
	}
	return r
}
