package lambda

import (
	"bytes"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// record is a message as a function sees it ("Using Lambda with Amazon SQS",
// the example event). aws-lambda-go's own type would write null where Lambda
// writes an empty list.
type record struct {
	MessageID              string                     `json:"messageId"`
	ReceiptHandle          string                     `json:"receiptHandle"`
	Body                   string                     `json:"body"`
	Attributes             map[string]string          `json:"attributes"`
	MessageAttributes      map[string]recordAttribute `json:"messageAttributes"`
	MD5OfMessageAttributes string                     `json:"md5OfMessageAttributes,omitempty"`
	MD5OfBody              string                     `json:"md5OfBody"`
	EventSource            string                     `json:"eventSource"`
	EventSourceARN         string                     `json:"eventSourceARN"`
	AWSRegion              string                     `json:"awsRegion"`
}

type recordAttribute struct {
	StringValue      *string  `json:"stringValue,omitempty"`
	BinaryValue      []byte   `json:"binaryValue,omitempty"`
	StringListValues []string `json:"stringListValues"`
	BinaryListValues [][]byte `json:"binaryListValues"`
	DataType         string   `json:"dataType"`
}

// message is a received message and the JSON of its record.
type message struct {
	id, receipt string
	json        json.RawMessage
}

// Around the records of an event.
const (
	eventHead = `{"Records":[`
	eventTail = `]}`
)

// newMessage writes the record of a message once, so that a batch can be
// measured while it grows.
func newMessage(m types.Message, queueARN, region string) (message, error) {
	r := record{
		MessageID: aws.ToString(m.MessageId), ReceiptHandle: aws.ToString(m.ReceiptHandle), Body: aws.ToString(m.Body),
		Attributes: m.Attributes, MessageAttributes: make(map[string]recordAttribute, len(m.MessageAttributes)),
		MD5OfMessageAttributes: aws.ToString(m.MD5OfMessageAttributes), MD5OfBody: aws.ToString(m.MD5OfBody),
		EventSource: "aws:sqs", EventSourceARN: queueARN, AWSRegion: region,
	}
	if r.Attributes == nil {
		r.Attributes = map[string]string{}
	}
	for name, a := range m.MessageAttributes {
		r.MessageAttributes[name] = recordAttribute{
			StringValue: a.StringValue, BinaryValue: a.BinaryValue,
			StringListValues: []string{}, BinaryListValues: [][]byte{}, DataType: aws.ToString(a.DataType),
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		return message{}, err
	}
	return message{id: r.MessageID, receipt: r.ReceiptHandle, json: bytes.TrimSpace(b.Bytes())}, nil
}

// event is the payload of a batch.
func event(batch []message) []byte {
	b := []byte(eventHead)
	for i, m := range batch {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, m.json...)
	}
	return append(b, eventTail...)
}

// eventSize is the length of an event, without writing it.
func eventSize(batch []message) int {
	n := len(eventHead) + len(eventTail) + max(0, len(batch)-1)
	for _, m := range batch {
		n += len(m.json)
	}
	return n
}
