package messaging

import (
	"encoding/json"
	"unicode/utf8"
)

// publication is a message on its way from a topic to the subscriptions.
type publication struct {
	*content
	id, subject string
	structured  bool
}

func (b *Broker) snsPublish(req *snsRequest, dst []byte) ([]byte, *Error) {
	arn, err := req.target()
	if err != nil {
		return dst, err
	}
	if req.Message == "" {
		return dst, errParameter("Empty message")
	}
	p, err := req.publication(b, req.trace)
	if err != nil {
		return dst, err
	}
	topic, err := b.snapshot(arn)
	if err != nil {
		return dst, err
	}
	if p.size > topic.maxMessageSize {
		return dst, errParameter("Message too long")
	}
	if errs := b.deliver(topic, []*publication{p}); errs[0] != nil {
		return dst, errs[0]
	}
	return appendXML(dst, "MessageId", p.id), nil
}

// target is where Publish goes: TopicArn, or TargetArn with a topic's ARN.
func (req *snsRequest) target() (arn string, err *Error) {
	switch {
	case req.PhoneNumber != "":
		return "", errNotImplemented("SNS", "Publish to a phone number")
	case req.TopicArn != "":
		return req.TopicArn, nil
	case req.TargetArn != "":
		return req.TargetArn, nil
	}
	return "", errParameter("TopicArn or TargetArn Reason: no value for required parameter")
}

// snsPublishBatch holds the rules of SNS API, PublishBatch. What is wrong with
// an entry's attributes, subject or structure is found before anything is
// published and refuses the whole batch, as AWS does; "the result of publishing
// each message is reported individually".
func (b *Broker) snsPublishBatch(req *snsRequest, dst []byte) ([]byte, *Error) {
	topic, err := b.snapshot(req.TopicArn)
	if err != nil {
		return dst, err
	}
	if err := req.checkBatch(); err != nil {
		return dst, err
	}
	publications := make([]*publication, len(req.Entries))
	total := 0
	for i := range req.Entries {
		if publications[i], err = req.Entries[i].publication(b, req.trace); err != nil {
			return dst, err
		}
		total += publications[i].size
	}
	// "The combined size of all messages in the batch, including each message's
	// body and attributes, must not exceed the topic's MaximumMessageSize."
	if total > topic.maxMessageSize {
		return dst, errorf("BatchRequestTooLong", "The length of all the messages put together is more than the limit.")
	}
	errs := make([]*Error, len(req.Entries))
	accepted := make([]*publication, 0, len(req.Entries))
	for i, p := range publications {
		switch {
		case req.fault.entryError(i) != nil:
			errs[i] = req.fault.entryError(i)
		case p.body == "":
			errs[i] = errParameter("Empty message")
		default:
			accepted = append(accepted, p)
		}
	}
	results := b.deliver(topic, accepted)
	for i := range errs {
		if errs[i] == nil {
			errs[i], results = results[0], results[1:]
		}
	}
	return req.appendResults(dst, publications, errs), nil
}

func (req *snsRequest) checkBatch() *Error {
	switch n := len(req.Entries); {
	case n == 0:
		return errorf("EmptyBatchRequest", "The batch request doesn't contain any entries.")
	case n > maxBatchEntries:
		return errorf("TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible.")
	}
	for i := range req.Entries {
		id := req.Entries[i].ID
		switch {
		case len(id) > 80:
			return errorf("InvalidBatchEntryId", "The Id of a batch entry in the batch request is too long: %s", clip(id))
		case !validBatchID(id):
			return errorf("InvalidBatchEntryId", "The Id of a batch entry in the batch request contains an impermissible character: %s", id)
		}
		for j := range i {
			if req.Entries[j].ID == id {
				return errorf("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.")
			}
		}
	}
	return nil
}

func (req *snsRequest) appendResults(dst []byte, publications []*publication, errs []*Error) []byte {
	dst = append(dst, `<Successful>`...)
	for i, err := range errs {
		if err == nil {
			dst = append(dst, `<member>`...)
			dst = appendXML(dst, "Id", req.Entries[i].ID)
			dst = appendXML(dst, "MessageId", publications[i].id)
			dst = append(dst, `</member>`...)
		}
	}
	dst = append(dst, `</Successful><Failed>`...)
	for i, err := range errs {
		if err != nil {
			fault := "true"
			if err.Receiver {
				fault = "false"
			}
			dst = append(dst, `<member>`...)
			dst = appendXML(dst, "Id", req.Entries[i].ID)
			dst = appendXML(dst, "Code", err.Code)
			dst = appendXML(dst, "Message", err.Message)
			dst = appendXML(dst, "SenderFault", fault)
			dst = append(dst, `</member>`...)
		}
	}
	return append(dst, `</Failed>`...)
}

// snapshot gives the parts of a topic that a delivery needs, free of the lock.
func (b *Broker) snapshot(arn string) (*topic, *Error) {
	now := b.lock()
	defer b.unlock(now)
	if b.closed {
		return nil, errClosed()
	}
	t, err := b.topicOfARN(arn)
	if err != nil {
		return nil, err
	}
	return &topic{arn: t.arn, maxMessageSize: t.maxMessageSize, subscriptions: t.subscriptions}, nil
}

// publication checks what was published (SNS API, Publish).
func (e *snsEntry) publication(b *Broker, trace string) (*publication, *Error) {
	switch {
	case e.hasSubject && !validSubject(e.Subject):
		return nil, errParameter("Subject")
	case e.MessageStructure != "" && e.MessageStructure != "json":
		return nil, errParameter("MessageStructure")
	case e.MessageDeduplicationID != "":
		return nil, errParameter("MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter " +
			"that is not valid for this topic type")
	case e.MessageGroupID != "" && !validGroupID(e.MessageGroupID):
		return nil, errParameter("MessageGroupId Reason: MessageGroupId can only include alphanumeric and punctuation characters. " +
			"1 to 128 in length.")
	case !utf8.ValidString(e.Message):
		return nil, errParameter("Message Reason: must be UTF-8 encoded")
	}
	attributes, err := e.attributes()
	if err != nil {
		return nil, err
	}
	p := &publication{id: newID(), subject: e.Subject}
	body := e.Message
	if e.MessageStructure == "json" && body != "" {
		if body, err = structuredBody(body); err != nil {
			return nil, err
		}
		p.structured = true
	}
	p.content = newContent(body, attributes)
	// What was published counts, not what of it is for queues.
	p.size += len(e.Message) - len(body)
	p.senderID, p.traceHeader, p.groupID = b.cfg.AccountID, trace, e.MessageGroupID
	return p, nil
}

// validSubject holds for UTF-8 "with no line breaks or control characters, and
// less than 100 characters long" (SNS API, Publish); AWS takes 100.
func validSubject(s string) bool {
	if s == "" || utf8.RuneCountInString(s) > 100 || !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r < ' ' || r == 0x7F {
			return false
		}
	}
	return true
}

// structuredBody picks the body for queues out of a message of structure
// json: that for sqs, or the default there must be. "Non-string values will
// cause the key to be ignored" (SNS API, Publish).
func structuredBody(message string) (string, *Error) {
	var bodies map[string]any
	if json.Unmarshal([]byte(message), &bodies) != nil {
		return "", errParameter("Message Structure - JSON message body failed to parse")
	}
	fallback, ok := bodies["default"].(string)
	if !ok {
		return "", errParameter("Message Structure - No default entry in JSON message body")
	}
	if body, ok := bodies["sqs"].(string); ok {
		return body, nil
	}
	return fallback, nil
}

// attributes checks the attributes of a message: "Name, type, and value must
// not be empty or null" (SNS guide, "Message attribute items and validation").
func (e *snsEntry) attributes() ([]attribute, *Error) {
	if len(e.MessageAttributes) == 0 {
		return nil, nil
	}
	invalid := func(format string, args ...any) ([]attribute, *Error) {
		return nil, errorf("ParameterValueInvalid", format, args...)
	}
	out := make([]attribute, 0, len(e.MessageAttributes))
	seen := make(map[string]struct{}, len(e.MessageAttributes))
	for _, f := range e.MessageAttributes {
		a := attribute{name: f.Name, dataType: f.DataType, value: f.String}
		if a.binary() {
			a.value = f.Binary
		}
		_, twice := seen[a.name]
		seen[a.name] = struct{}{}
		switch {
		case twice:
			return invalid("The message attribute name '%s' is there twice.", clip(a.name))
		case a.dataType == "":
			return nil, errorf("ValidationError", "1 validation error detected: Value null at 'messageAttributes.%s.member.dataType' "+
				"failed to satisfy constraint: Member must not be null", clip(a.name))
		case a.binary() && f.String != "":
			return invalid("The message attribute '%s' with type '%s' must use field 'Binary'.", clip(a.name), clip(a.dataType))
		case !a.binary() && f.hasBinary:
			return invalid("The message attribute '%s' with type '%s' must use field 'String'.", clip(a.name), clip(a.dataType))
		case f.badBinary:
			return invalid("The message attribute '%s' is not valid base64.", clip(a.name))
		}
		if reason := checkAttribute(a); reason != "" && (a.value != "" || logicalType(a.dataType) != "Number") {
			return invalid("%s", reason)
		}
		if a.value == "" {
			return invalid("The message attribute '%s' must contain non-empty message attribute value for message attribute type '%s'.",
				clip(a.name), clip(a.dataType))
		}
		out = append(out, a)
	}
	return out, nil
}
