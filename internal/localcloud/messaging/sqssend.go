package messaging

import (
	"context"
	"time"
)

// outgoing is a message that passed all checks but those of its queue.
type outgoing struct {
	*content
	delay               *int // seconds; nil for the queue's
	systemAttributesMD5 string
}

func (b *Broker) sqsSendMessage(_ context.Context, req *sqsRequest, dst []byte) ([]byte, *Error) {
	out, err := req.outgoing(b, req.trace)
	if err != nil {
		return nil, err
	}
	var id string
	err = b.withQueue(req, func(q *queue, now time.Time) *Error {
		if out.size > q.attrs.maxMessageSize {
			return errValue("One or more parameters are invalid. Reason: Message must be shorter than %d bytes.", q.attrs.maxMessageSize)
		}
		if err := q.room(1, out.size); err != nil {
			return err
		}
		id = q.send(out, now)
		return nil
	})
	if err != nil {
		return nil, err
	}
	dst = append(dst, '{')
	dst = out.appendResult(dst, id)
	return append(dst, '}'), nil
}

// sqsSendMessageBatch accepts or refuses each entry on its own; what concerns
// the whole batch is checked first (SQS API, SendMessageBatch).
func (b *Broker) sqsSendMessageBatch(_ context.Context, req *sqsRequest, dst []byte) ([]byte, *Error) {
	if err := req.checkBatch(); err != nil {
		return nil, err
	}
	outs := make([]outgoing, len(req.Entries))
	errs := make([]*Error, len(req.Entries))
	ids := make([]string, len(req.Entries))
	total := 0
	for i := range req.Entries {
		outs[i], errs[i] = req.Entries[i].outgoing(b, req.trace)
		if errs[i] == nil {
			total += outs[i].size
		}
		if injected := req.fault.entryError(i); injected != nil {
			errs[i] = injected
		}
	}
	err := b.withQueue(req, func(q *queue, now time.Time) *Error {
		if limit := max(maxSizeBytes, q.attrs.maxMessageSize); total > limit {
			return errorf("BatchRequestTooLong", "Batch requests cannot be longer than %d bytes. You have sent %d bytes.", limit, total)
		}
		for i, out := range outs {
			if errs[i] == nil && out.size > q.attrs.maxMessageSize {
				errs[i] = errValue("One or more parameters cannot be validated. Reason: Message must be shorter than %d bytes.", q.attrs.maxMessageSize)
			}
			if errs[i] == nil {
				errs[i] = q.room(1, out.size)
			}
			if errs[i] == nil {
				ids[i] = q.send(out, now)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return req.appendBatch(dst, errs, func(dst []byte, i int) []byte { return outs[i].appendResult(dst, ids[i]) }), nil
}

// send stores a message for which there is room. "If you don't specify a
// value, the default value for the queue applies" (SQS API, SendMessage).
func (q *queue) send(out outgoing, now time.Time) (id string) {
	delay := q.attrs.delay
	if out.delay != nil {
		delay = time.Duration(*out.delay) * time.Second
	}
	return q.add(out.content, delay, now).id
}

func (out *outgoing) appendResult(dst []byte, id string) []byte {
	dst = appendJSONField(dst, "MessageId", id)
	dst = appendJSONField(dst, "MD5OfMessageBody", out.bodyMD5)
	if out.attributesMD5 != "" {
		dst = appendJSONField(dst, "MD5OfMessageAttributes", out.attributesMD5)
	}
	if out.systemAttributesMD5 != "" {
		dst = appendJSONField(dst, "MD5OfMessageSystemAttributes", out.systemAttributesMD5)
	}
	return dst
}

// outgoing checks an entry (SQS API, SendMessage). trace is the request's
// tracing header: it "corresponds to all messages included in a SendMessage or
// SendMessageBatch request"; the system attribute goes before it (X-Ray guide,
// "Amazon SQS and AWS X-Ray").
func (e *sqsEntry) outgoing(b *Broker, trace string) (outgoing, *Error) {
	switch {
	case e.MessageBody == nil || *e.MessageBody == "":
		return outgoing{}, errMissing("MessageBody")
	case !validText(*e.MessageBody):
		return outgoing{}, errorf("InvalidMessageContents", "The message contains characters outside the allowed set.")
	case e.MessageDeduplicationId != nil:
		return outgoing{}, errValue("Value %s for parameter MessageDeduplicationId is invalid. "+
			"Reason: The request includes a parameter that is not valid for this queue type.", clip(*e.MessageDeduplicationId))
	case e.MessageGroupId != nil && !validGroupID(*e.MessageGroupId):
		return outgoing{}, errValue("Value %s for parameter MessageGroupId is invalid. "+
			"Reason: MessageGroupId can only include alphanumeric and punctuation characters. 1 to 128 in length.", clip(*e.MessageGroupId))
	case e.DelaySeconds != nil && (*e.DelaySeconds < 0 || *e.DelaySeconds > 900):
		return outgoing{}, errValue("Value %d for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= 900.", *e.DelaySeconds)
	case len(e.MessageAttributes) > maxAttributes:
		return outgoing{}, errValue("Number of message attributes [%d] exceeds the allowed maximum [%d].", len(e.MessageAttributes), maxAttributes)
	}
	attributes, err := sqsAttributes(e.MessageAttributes, "user")
	if err != nil {
		return outgoing{}, err
	}
	system, err := e.systemAttributes()
	if err != nil {
		return outgoing{}, err
	}
	out := outgoing{content: newContent(*e.MessageBody, attributes), delay: e.DelaySeconds}
	out.senderID, out.traceHeader = b.cfg.AccountID, trace
	if len(system) > 0 {
		out.traceHeader, out.systemAttributesMD5 = system[0].value, attributesMD5(system)
	}
	if e.MessageGroupId != nil {
		out.groupID = *e.MessageGroupId
	}
	return out, nil
}

// systemAttributes checks the one there is: "the only supported message system
// attribute is AWSTraceHeader. Its type must be String and its value must be a
// correctly formatted X-Ray trace header string" (SQS API, SendMessage).
func (e *sqsEntry) systemAttributes() ([]attribute, *Error) {
	for name, a := range e.MessageSystemAttributes {
		if name != "AWSTraceHeader" {
			return nil, errValue("Message system attribute name '%s' is invalid: only AWSTraceHeader is supported.", clip(name))
		}
		if a.DataType != "String" || a.StringValue == nil || !validTraceHeader(*a.StringValue) {
			return nil, errValue("Message system attribute 'AWSTraceHeader' must be a String with a tracing header.")
		}
	}
	return sqsAttributes(e.MessageSystemAttributes, "system")
}

// sqsAttributes checks attributes as they stand in a request. kind is for
// messages.
func sqsAttributes(in map[string]sqsAttribute, kind string) ([]attribute, *Error) {
	if len(in) == 0 {
		return nil, nil
	}
	out := make([]attribute, 0, len(in))
	for name, v := range in {
		a := attribute{name: name, dataType: v.DataType}
		if len(v.StringListValues) > 0 || len(v.BinaryListValues) > 0 {
			return nil, errValue("Message attribute list values in SendMessage operation are not supported.")
		}
		if a.binary() {
			a.value = string(v.BinaryValue)
		} else if v.StringValue != nil {
			a.value = *v.StringValue
		}
		switch {
		case v.DataType == "":
			return nil, errValue("Message (%s) attribute '%s' must contain a type.", kind, clip(name))
		case a.value == "":
			return nil, errValue("Message (%s) attribute '%s' must contain a non-empty value of type '%s'.", kind, clip(name), clip(v.DataType))
		case v.StringValue != nil && v.BinaryValue != nil:
			return nil, errValue("Message (%s) attribute '%s' has multiple values.", kind, clip(name))
		}
		// The system's own name has no reserved prefix, so one check serves both.
		if reason := checkAttribute(a); reason != "" {
			return nil, errValue("%s", reason)
		}
		out = append(out, a)
	}
	return out, nil
}
