package messaging

import (
	"bytes"
	"encoding/base64"
	"strconv"
)

// The bounds of what a form can make the parser allocate. What AWS allows is
// checked later.
const (
	maxFormEntries    = 100
	maxFormAttributes = 1_000
)

// snsRequest has the parameters of all calls; each looks at its own. An empty
// string stands for an absent parameter unless there is a flag for it.
type snsRequest struct {
	Action, TopicArn, TargetArn, PhoneNumber  string
	Name, Protocol, Endpoint, SubscriptionArn string
	AttributeName, AttributeValue, NextToken  string
	Attributes                                []formAttribute // of CreateTopic and Subscribe
	Entries                                   []snsEntry      // of PublishBatch
	snsEntry                                                  // of Publish

	trace string // X-Amzn-Trace-Id
	fault *Fault
}

// snsEntry is an entry of a batch, or what Publish says of its message.
type snsEntry struct {
	ID, Message, Subject, MessageStructure string
	MessageGroupID, MessageDeduplicationID string
	hasSubject                             bool
	MessageAttributes                      []formAttribute
}

// formAttribute is a message attribute as it stands in a form, or one entry of
// a plain map: then only Name and String are used.
type formAttribute struct {
	Name, DataType, String string
	Binary                 string // decoded
	hasBinary, badBinary   bool
}

// parseForm reads an AWS Query request (Smithy specification, "AWS Query
// protocol"): a form in which "PublishBatchRequestEntries.member.2.Message" is
// a path. It is one pass over the body, in which it undoes the escapes in
// place; it makes no map of it and keeps no part of it.
func parseForm(body []byte) (*snsRequest, *Error) {
	req := new(snsRequest)
	for pair := range bytes.SplitSeq(body, []byte("&")) {
		if len(pair) == 0 {
			continue
		}
		rawKey, rawValue, _ := bytes.Cut(pair, []byte("="))
		key, ok := unescape(rawKey)
		if !ok {
			return nil, errMalformed("a name is not escaped rightly")
		}
		value, ok := unescape(rawValue)
		if !ok {
			return nil, errMalformed("the value of " + clip(string(key)) + " is not escaped rightly")
		}
		if err := req.set(key, string(value)); err != nil {
			return nil, err
		}
	}
	return req, nil
}

func errMalformed(reason string) *Error {
	return &Error{Code: "MalformedQueryString", Message: reason}
}

func (req *snsRequest) set(key []byte, value string) *Error {
	switch string(key) {
	case "Action":
		req.Action = value
	case "TopicArn":
		req.TopicArn = value
	case "TargetArn":
		req.TargetArn = value
	case "PhoneNumber":
		req.PhoneNumber = value
	case "Name":
		req.Name = value
	case "Protocol":
		req.Protocol = value
	case "Endpoint":
		req.Endpoint = value
	case "SubscriptionArn":
		req.SubscriptionArn = value
	case "AttributeName":
		req.AttributeName = value
	case "AttributeValue":
		req.AttributeValue = value
	case "NextToken":
		req.NextToken = value
	default:
		return req.setPath(key, value)
	}
	return nil
}

var (
	entriesPath    = []byte("PublishBatchRequestEntries.member.")
	mapPath        = []byte("Attributes.entry.")
	attributesPath = []byte("MessageAttributes.entry.")
)

// setPath sets what has a structure. Parameters that no call here has, as Tags
// and Version, are passed over.
func (req *snsRequest) setPath(key []byte, value string) *Error {
	if rest, ok := bytes.CutPrefix(key, entriesPath); ok {
		index, field, err := cutIndex(rest, maxFormEntries)
		if err != nil {
			return err
		}
		return grow(&req.Entries, index).set(field, value)
	}
	if rest, ok := bytes.CutPrefix(key, mapPath); ok {
		index, field, err := cutIndex(rest, maxFormAttributes)
		if err != nil {
			return err
		}
		switch a := grow(&req.Attributes, index); string(field) {
		case "key":
			a.Name = value
		case "value":
			a.String = value
		}
		return nil
	}
	return req.snsEntry.set(key, value)
}

func (e *snsEntry) set(field []byte, value string) *Error {
	switch string(field) {
	case "Id":
		e.ID = value
	case "Message":
		e.Message = value
	case "Subject":
		e.Subject, e.hasSubject = value, true
	case "MessageStructure":
		e.MessageStructure = value
	case "MessageGroupId":
		e.MessageGroupID = value
	case "MessageDeduplicationId":
		e.MessageDeduplicationID = value
	}
	rest, ok := bytes.CutPrefix(field, attributesPath)
	if !ok {
		return nil
	}
	index, field, err := cutIndex(rest, maxFormAttributes)
	if err != nil {
		return err
	}
	switch a := grow(&e.MessageAttributes, index); string(field) {
	case "Name":
		a.Name = value
	case "Value.DataType":
		a.DataType = value
	case "Value.StringValue":
		a.String = value
	case "Value.BinaryValue":
		raw, err := base64.StdEncoding.DecodeString(value)
		a.Binary, a.hasBinary, a.badBinary = string(raw), true, err != nil
	}
	return nil
}

// cutIndex takes the number off a path: "2.Message" is index 1, "Message".
func cutIndex(path []byte, most int) (index int, field []byte, err *Error) {
	number, field, _ := bytes.Cut(path, []byte("."))
	n := 0
	for _, c := range number {
		if c < '0' || c > '9' || n > most {
			n = -1
			break
		}
		n = 10*n + int(c-'0')
	}
	switch {
	case n > most:
		return 0, nil, errMalformed("a list has more than " + strconv.Itoa(most) + " elements")
	case n < 1:
		return 0, nil, errMalformed("a list has an element that is not numbered from 1")
	}
	return n - 1, field, nil
}

// grow makes room for the element at index and returns it.
func grow[T any](list *[]T, index int) *T {
	for len(*list) <= index {
		var zero T
		*list = append(*list, zero)
	}
	return &(*list)[index]
}

// unescape undoes percent-encoding and turns + into a space, in place.
func unescape(s []byte) ([]byte, bool) {
	if bytes.IndexByte(s, '%') < 0 && bytes.IndexByte(s, '+') < 0 {
		return s, true
	}
	out := s[:0]
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch c {
		case '+':
			c = ' '
		case '%':
			if i+2 >= len(s) {
				return nil, false
			}
			high, low := unhex(s[i+1]), unhex(s[i+2])
			if high < 0 || low < 0 {
				return nil, false
			}
			c = byte(high<<4 | low) //nolint:gosec // two digits make a byte
			i += 2
		}
		out = append(out, c)
	}
	return out, true
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
