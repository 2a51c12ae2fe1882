package consumer

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Message attributes that a message in the dead-letter queue has beside the
// ones it came with.
const (
	// AttributeReason is why: semconv.ReasonMalformed or ReasonRefused.
	AttributeReason = "failure-reason"
	// AttributeCode is the error's own code, see [ErrorCode].
	AttributeCode = "failure-code"
	// AttributeDropped names, with commas between, the attributes for which
	// there was no room.
	AttributeDropped = "failure-dropped"
)

// Limits of a message. (SQS Developer Guide, "Amazon SQS message quotas":
// attributes count towards the size with name, type and value.)
const (
	maxAttributes = 10
	messageBytes  = 256 << 10 // what every queue takes, and what goes into one call
	largeBytes    = 1 << 20   // what a queue takes at most
	maxDropped    = 256       // of the value of AttributeDropped
)

// The attributes that carry a context, by W3C Trace Context and W3C Baggage.
var contextAttributes = []string{"traceparent", "tracestate", "baggage"}

// awsTraceHeader is a system attribute: it takes no room.
const awsTraceHeader = string(sqstypes.MessageSystemAttributeNameForSendsAWSTraceHeader)

// letter is a message that goes to the dead-letter queue.
type letter struct {
	message *awslambda.Message
	record  *Record // nil if there is no event in the message
	reason  string
	err     error
}

// sealed is a letter as it is sent.
type sealed struct {
	letter

	entry   sqstypes.SendMessageBatchRequestEntry // without its id
	size    int
	dropped []string // the attributes for which there was no room
}

// seal adds the reason to the message. The body stays what it was, an SNS
// envelope included, so that the message can be moved back as it is.
func (l letter) seal() sealed {
	body := l.message.Record.Body
	limit := messageBytes
	if len(body) > limit { // SNS's envelope: its queue has to take more, and so has the dead-letter queue
		limit = largeBytes
	}
	p := packing{bytes: limit - len(body), slots: maxAttributes}
	p.pack(l.wanted())
	e := sqstypes.SendMessageBatchRequestEntry{MessageBody: &body, MessageAttributes: p.packed}
	if header := l.message.Record.Attributes[awsTraceHeader]; header != "" {
		e.MessageSystemAttributes = map[string]sqstypes.MessageSystemAttributeValue{
			awsTraceHeader: {DataType: aws.String("String"), StringValue: &header},
		}
	}
	return sealed{letter: l, entry: e, size: limit - p.bytes, dropped: p.dropped}
}

// named is a message attribute with its name.
type named struct {
	name string
	sqstypes.MessageAttributeValue
}

func text(name, value string) named {
	return named{name, sqstypes.MessageAttributeValue{DataType: aws.String("String"), StringValue: &value}}
}

func (a named) size() int {
	return len(a.name) + len(aws.ToString(a.DataType)) + len(aws.ToString(a.StringValue)) + len(a.BinaryValue)
}

// wanted are the attributes that the message should have, the most important
// first.
func (l letter) wanted() []named {
	wanted := []named{text(AttributeReason, l.reason)}
	if code := ErrorCode(l.err); code != "" {
		wanted = append(wanted, text(AttributeCode, code))
	}
	came := l.attributes()
	for _, name := range contextAttributes {
		if a, ok := came[name]; ok {
			wanted = append(wanted, named{name, a})
			delete(came, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(came)) {
		wanted = append(wanted, named{name, came[name]})
	}
	return wanted
}

// attributes are those the message came with: its own, and those in an SNS
// envelope. They are read from the message itself, because the context is to
// leave as it came.
func (l letter) attributes() map[string]sqstypes.MessageAttributeValue {
	came := make(map[string]sqstypes.MessageAttributeValue)
	if l.message.Shape == semconv.MessageShapeEnvelope {
		envelopeAttributes(came, l.message.Record.Body)
	}
	for name, a := range l.message.Record.MessageAttributes {
		v := sqstypes.MessageAttributeValue{DataType: aws.String(a.DataType), StringValue: a.StringValue, BinaryValue: a.BinaryValue}
		if aws.ToString(a.StringValue) != "" || len(a.BinaryValue) > 0 {
			came[name] = v
		}
	}
	for _, ours := range []string{AttributeReason, AttributeCode, AttributeDropped} { // of an earlier failure
		delete(came, ours)
	}
	return came
}

// envelopeAttributes reads the attributes in an SNS envelope. (SNS Developer
// Guide, "Parsing Amazon SNS message formats".)
func envelopeAttributes(to map[string]sqstypes.MessageAttributeValue, body string) {
	var envelope struct {
		MessageAttributes map[string]struct{ Type, Value string }
	}
	if json.Unmarshal([]byte(body), &envelope) != nil {
		return
	}
	for name, a := range envelope.MessageAttributes {
		v := sqstypes.MessageAttributeValue{DataType: aws.String(a.Type)}
		if strings.HasPrefix(a.Type, "Binary") {
			v.BinaryValue, _ = base64.StdEncoding.DecodeString(a.Value)
		} else {
			v.StringValue = aws.String(a.Value)
		}
		if a.Type != "" && (aws.ToString(v.StringValue) != "" || len(v.BinaryValue) > 0) {
			to[name] = v
		}
	}
}

// packing is the room that is left in a message.
type packing struct {
	bytes, slots int
	packed       map[string]sqstypes.MessageAttributeValue
	dropped      []string
}

// pack takes as many attributes as fit, in their order. If some do not,
// AttributeDropped names them; it comes before all but reason, code and
// traceparent.
func (p *packing) pack(wanted []named) {
	size := 0
	for _, a := range wanted {
		size += a.size()
	}
	if size <= p.bytes && len(wanted) <= p.slots {
		for _, a := range wanted {
			p.take(a)
		}
		return
	}
	first := 0
	for first < len(wanted) && slices.Contains([]string{AttributeReason, AttributeCode, contextAttributes[0]}, wanted[first].name) {
		p.take(wanted[first])
		first++
	}
	note := text(AttributeDropped, strings.Repeat("x", maxDropped)).size()
	p.slots--
	p.bytes -= note
	for _, a := range wanted[first:] {
		p.take(a)
	}
	p.slots++
	p.bytes += note
	noted := list(p.dropped)
	p.take(text(AttributeDropped, noted))
}

func (p *packing) take(a named) {
	if p.slots < 1 || p.bytes < a.size() {
		p.dropped = append(p.dropped, a.name)
		return
	}
	if p.packed == nil {
		p.packed = make(map[string]sqstypes.MessageAttributeValue, maxAttributes)
	}
	p.packed[a.name] = a.MessageAttributeValue
	p.slots--
	p.bytes -= a.size()
}

// list joins names, and ends with how many more there are if they are too long.
func list(names []string) string {
	const room = len(",+999")
	var b strings.Builder
	for i, name := range names {
		if b.Len()+len(",")+len(name)+room > maxDropped {
			b.WriteString(",+" + strconv.Itoa(len(names)-i))
			break
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(name)
	}
	return strings.TrimPrefix(b.String(), ",")
}
