package messaging

import (
	"context"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sqsReceiveMessage holds the rules of SQS API, ReceiveMessage.
func (b *Broker) sqsReceiveMessage(ctx context.Context, req *sqsRequest, dst []byte) ([]byte, *Error) {
	if req.queue == "" {
		return nil, errMissing("QueueUrl")
	}
	for _, err := range []*Error{
		checkRange(req.MaxNumberOfMessages, "MaxNumberOfMessages", 1, 10),
		checkRange(req.VisibilityTimeout, "VisibilityTimeout", 0, 43_200),
		checkWait(req.WaitTimeSeconds),
	} {
		if err != nil {
			return nil, err
		}
	}
	limit := 1
	if req.MaxNumberOfMessages != nil {
		limit = *req.MaxNumberOfMessages
	}
	got, err := b.receive(ctx, req.queue, limit, seconds(req.VisibilityTimeout), seconds(req.WaitTimeSeconds))
	if err != nil {
		return nil, err
	}
	if len(got) == 0 {
		return append(dst, `{}`...), nil
	}
	want := newSelection(req)
	dst = append(dst, `{"Messages":[`...)
	for i := range got {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = want.appendMessage(dst, &got[i])
	}
	return append(dst, `]}`...), nil
}

func checkWait(value *int) *Error {
	if value != nil && (*value < 0 || *value > 20) {
		return errValue("Value %d for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.", *value)
	}
	return nil
}

func seconds(value *int) *time.Duration {
	if value == nil {
		return nil
	}
	d := time.Duration(*value) * time.Second
	return &d
}

// selection is what a receive asks for besides the body: "you can send a list
// of attribute names to receive, or you can return all of the attributes by
// specifying All or .* [...] You can also use all message attributes starting
// with a prefix, for example bar.*" (SQS API, ReceiveMessage).
type selection struct {
	system, names, prefixes []string
	allSystem, all          bool
}

func newSelection(req *sqsRequest) *selection {
	s := &selection{system: append(req.MessageSystemAttributeNames, req.AttributeNames...)}
	s.allSystem = slices.Contains(s.system, "All")
	for _, name := range req.MessageAttributeNames {
		switch prefix, ok := strings.CutSuffix(name, ".*"); {
		case name == "All" || name == ".*":
			s.all = true
		case ok:
			s.prefixes = append(s.prefixes, prefix)
		default:
			s.names = append(s.names, name)
		}
	}
	return s
}

func (s *selection) wants(attribute string) bool {
	return s.all || slices.Contains(s.names, attribute) ||
		slices.ContainsFunc(s.prefixes, func(p string) bool { return strings.HasPrefix(attribute, p) })
}

func (s *selection) wantsSystem(name string) bool {
	return s.allSystem || slices.Contains(s.system, name)
}

// choose gives the attributes that are wanted, and their digest: it covers
// those that are returned.
func (s *selection) choose(m *receipt) ([]attribute, string) {
	if s.all {
		return m.attributes, m.attributesMD5
	}
	var chosen []attribute
	for _, a := range m.attributes {
		if s.wants(a.name) {
			chosen = append(chosen, a)
		}
	}
	return chosen, attributesMD5(chosen)
}

func (s *selection) appendMessage(dst []byte, m *receipt) []byte {
	dst = append(dst, '{')
	dst = appendJSONField(dst, "MessageId", m.id)
	dst = appendJSONField(dst, "ReceiptHandle", m.handle)
	dst = appendJSONField(dst, "MD5OfBody", m.bodyMD5)
	dst = appendJSONField(dst, "Body", m.body)
	dst = s.appendSystem(dst, m)
	if chosen, digest := s.choose(m); len(chosen) > 0 {
		dst = appendJSONField(dst, "MD5OfMessageAttributes", digest)
		dst = append(dst, `,"MessageAttributes":{`...)
		for _, a := range chosen {
			dst = appendAttribute(dst, a)
		}
		dst = append(dst, '}')
	}
	return append(dst, '}')
}

func appendAttribute(dst []byte, a attribute) []byte {
	if dst[len(dst)-1] != '{' {
		dst = append(dst, ',')
	}
	dst = appendJSONString(dst, a.name)
	dst = append(dst, ':', '{')
	dst = appendJSONField(dst, "DataType", a.dataType)
	if !a.binary() {
		return append(appendJSONField(dst, "StringValue", a.value), '}')
	}
	dst = append(dst, `,"BinaryValue":"`...)
	dst = base64.StdEncoding.AppendEncode(dst, []byte(a.value))
	return append(dst, '"', '}')
}

// appendSystem writes the system attributes that are wanted and that the
// message has. Times are in milliseconds since 1970.
func (s *selection) appendSystem(dst []byte, m *receipt) []byte {
	if len(s.system) == 0 {
		return dst
	}
	const key = `,"Attributes":{`
	start := len(dst)
	dst = append(dst, key...)
	for _, a := range [...]struct{ name, value string }{
		{"SenderId", m.senderID},
		{"SentTimestamp", millis(m.sentAt)},
		{"ApproximateReceiveCount", strconv.Itoa(m.receives)},
		{"ApproximateFirstReceiveTimestamp", millis(m.firstReceived)},
		{"AWSTraceHeader", m.traceHeader},
		{"MessageGroupId", m.groupID},
		{"DeadLetterQueueSourceArn", m.source},
	} {
		if a.value != "" && s.wantsSystem(a.name) {
			dst = appendJSONField(dst, a.name, a.value)
		}
	}
	if len(dst) == start+len(key) {
		return dst[:start]
	}
	return append(dst, '}')
}

func millis(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }

func (b *Broker) sqsDeleteMessage(_ context.Context, req *sqsRequest, dst []byte) ([]byte, *Error) {
	if req.ReceiptHandle == "" {
		return nil, errMissing("ReceiptHandle")
	}
	err := b.withQueue(req, func(q *queue, now time.Time) *Error { return q.delete(req.ReceiptHandle, now) })
	return append(dst, `{}`...), err
}

func (b *Broker) sqsDeleteMessageBatch(_ context.Context, req *sqsRequest, dst []byte) ([]byte, *Error) {
	return b.sqsHandleBatch(req, dst, func(q *queue, e *sqsEntry, now time.Time) *Error {
		return q.delete(e.ReceiptHandle, now)
	})
}

func (b *Broker) sqsChangeMessageVisibility(_ context.Context, req *sqsRequest, dst []byte) ([]byte, *Error) {
	if err := req.checkVisibility(); err != nil {
		return nil, err
	}
	err := b.withQueue(req, func(q *queue, now time.Time) *Error {
		return q.changeVisibility(req.ReceiptHandle, *seconds(req.VisibilityTimeout), now)
	})
	return append(dst, `{}`...), err
}

func (b *Broker) sqsChangeMessageVisibilityBatch(_ context.Context, req *sqsRequest, dst []byte) ([]byte, *Error) {
	return b.sqsHandleBatch(req, dst, func(q *queue, e *sqsEntry, now time.Time) *Error {
		if err := e.checkVisibility(); err != nil {
			return err
		}
		return q.changeVisibility(e.ReceiptHandle, *seconds(e.VisibilityTimeout), now)
	})
}

func (e *sqsEntry) checkVisibility() *Error {
	switch {
	case e.ReceiptHandle == "":
		return errMissing("ReceiptHandle")
	case e.VisibilityTimeout == nil:
		return errMissing("VisibilityTimeout")
	}
	return checkRange(e.VisibilityTimeout, "VisibilityTimeout", 0, 43_200)
}

// sqsHandleBatch does something to the message of each entry's receipt handle.
func (b *Broker) sqsHandleBatch(
	req *sqsRequest, dst []byte, do func(q *queue, e *sqsEntry, now time.Time) *Error,
) ([]byte, *Error) {
	if err := req.checkBatch(); err != nil {
		return nil, err
	}
	errs := make([]*Error, len(req.Entries))
	err := b.withQueue(req, func(q *queue, now time.Time) *Error {
		for i := range req.Entries {
			if errs[i] = req.fault.entryError(i); errs[i] == nil {
				errs[i] = do(q, &req.Entries[i], now)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return req.appendBatch(dst, errs, noResult), nil
}
