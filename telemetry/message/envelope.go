package message

import (
	"strings"
	"time"
)

// envelope is what SNS puts into a queue when raw message delivery is off
// ("Fanout to Amazon SQS queues").
type envelope struct {
	messageID, topicARN, message string
	timestamp                    time.Time
	attributes                   envelopeAttributes
}

// envelopeFields are the members of an envelope that are looked at.
var envelopeFields = map[string]struct{}{
	"Type": {}, "MessageId": {}, "TopicArn": {}, "Message": {}, "Timestamp": {},
	"SignatureVersion": {}, "Signature": {}, "SigningCertURL": {}, "MessageAttributes": {},
}

// parseEnvelope takes a body apart if it is an SNS envelope beyond doubt. A
// publisher's own JSON may look a bit like one, and to hand a consumer a part
// of its event in place of the event would be worse than to miss a context.
//
// It asks for all that SNS documents ("HTTP/HTTPS notification JSON format"):
// one JSON object, no repeated member, Type Notification, a UUID as MessageId,
// the ARN of an SNS topic, Message a string, a Timestamp, and the signature's
// three members, except from a FIFO topic, whose messages are not signed.
// The signature itself is not verified: the queue's policy says who may send.
func parseEnvelope(body string) (envelope, bool) {
	// Few bodies are envelopes. This looks for a rare word, at memory speed.
	if !strings.Contains(body, "TopicArn") {
		return envelope{}, false
	}
	s := scanner{in: body}
	raw := make(map[string]string, len(envelopeFields))
	if !s.object(func(name string) bool {
		if _, wanted := envelopeFields[name]; !wanted {
			return s.skip()
		}
		_, repeated := raw[name]
		start := s.at
		ok := s.skip()
		raw[name] = s.in[start:s.at]
		return ok && !repeated
	}) || !s.end() {
		return envelope{}, false
	}

	text := make(map[string]string, len(raw))
	for name, value := range raw {
		if name == "MessageAttributes" {
			continue
		}
		t, ok := unquote(value)
		if !ok {
			return envelope{}, false
		}
		text[name] = t
	}
	_, hasMessage := text["Message"] // may be empty
	timestamp, err := time.Parse(time.RFC3339, text["Timestamp"])
	if err != nil || !hasMessage || text["Type"] != "Notification" ||
		!isUUID(text["MessageId"]) || !isTopicARN(text["TopicArn"]) || !isSigned(text) {
		return envelope{}, false
	}
	attributes, ok := parseAttributes(raw["MessageAttributes"])
	if !ok {
		return envelope{}, false
	}
	return envelope{
		messageID:  text["MessageId"],
		topicARN:   text["TopicArn"],
		message:    text["Message"],
		timestamp:  timestamp.UTC(),
		attributes: attributes,
	}, true
}

// parseAttributes reads {"name": {"Type": "String", "Value": "..."}}.
func parseAttributes(raw string) (envelopeAttributes, bool) {
	if raw == "" {
		return nil, true
	}
	out := envelopeAttributes{}
	s := scanner{in: raw}
	ok := s.object(func(name string) bool {
		if _, repeated := out[name]; repeated {
			return false
		}
		var a envelopeAttribute
		ok := s.object(func(member string) bool {
			start := s.at
			if !s.skip() {
				return false
			}
			value, ok := unquote(s.in[start:s.at])
			switch member {
			case "Type":
				a.dataType = value
			case "Value":
				a.value = value
			default:
				ok = true
			}
			return ok
		})
		out[name] = a
		return ok
	})
	return out, ok && s.end()
}

// isUUID tells whether s has the form of SNS's message ids.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (c == '-') || !dash && hexValue(c) < 0 {
			return false
		}
	}
	return true
}

// isTopicARN tells whether s is arn:<partition>:sns:<region>:<account>:<name>.
func isTopicARN(s string) bool {
	parts := strings.Split(s, ":")
	return len(parts) == 6 && parts[0] == "arn" && parts[2] == "sns" &&
		parts[1] != "" && parts[3] != "" && parts[4] != "" && parts[5] != ""
}

func isSigned(text map[string]string) bool {
	if strings.HasSuffix(text["TopicArn"], ".fifo") {
		return true
	}
	version := text["SignatureVersion"]
	return (version == "1" || version == "2") && text["Signature"] != "" && text["SigningCertURL"] != ""
}
