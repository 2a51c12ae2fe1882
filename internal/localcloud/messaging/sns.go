package messaging

import (
	"context"
	"encoding/xml"
	"net/http"
	"strconv"
	"strings"
)

// maxSNSRequestBytes bounds a request: 1 MiB of which every byte may be
// percent-encoded, and room for the rest.
const maxSNSRequestBytes = 4 << 20

const snsNamespace = "http://sns.amazonaws.com/doc/2010-03-31/"

// snsHandler speaks AWS Query: a form in, XML out.
type snsHandler struct{ *Broker }

type snsAction func(b *Broker, req *snsRequest, dst []byte) ([]byte, *Error)

var snsActions = map[string]snsAction{
	"CreateTopic":               (*Broker).snsCreateTopic,
	"GetSubscriptionAttributes": (*Broker).snsGetSubscriptionAttributes,
	"GetTopicAttributes":        (*Broker).snsGetTopicAttributes,
	"ListSubscriptionsByTopic":  (*Broker).snsListSubscriptionsByTopic,
	"Publish":                   (*Broker).snsPublish,
	"PublishBatch":              (*Broker).snsPublishBatch,
	"SetSubscriptionAttributes": (*Broker).snsSetSubscriptionAttributes,
	"Subscribe":                 (*Broker).snsSubscribe,
	"Unsubscribe":               (*Broker).snsUnsubscribe,
}

var snsProtocol = protocol{
	contentType: "text/xml",
	writeError: func(dst []byte, _ http.Header, e *Error, requestID string) []byte {
		dst = append(dst, `<ErrorResponse xmlns="`+snsNamespace+`"><Error>`...)
		dst = appendXML(dst, "Type", e.party())
		dst = appendXML(dst, "Code", e.Code)
		dst = appendXML(dst, "Message", e.Message)
		dst = append(dst, `</Error>`...)
		dst = appendXML(dst, "RequestId", requestID)
		return append(dst, `</ErrorResponse>`...)
	},
}

// ServeHTTP implements http.Handler.
func (h snsHandler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	requestID := newID()
	req, err := readSNS(w, r)
	if err != nil {
		discard(r)
		h.answerError(w, snsProtocol, requestID, err)
		return
	}
	call := Call{Service: "sns", Action: req.Action, Resource: resourceOfARN(req.TopicArn), Entries: 1}
	if req.Action == "PublishBatch" {
		call.Entries = len(req.Entries)
	}
	if call.Resource == "" {
		call.Resource = resourceOfARN(req.SubscriptionArn + req.TargetArn)
	}
	h.answer(w, r, snsProtocol, requestID, call, func(_ context.Context, dst []byte, f *Fault) ([]byte, *Error) {
		do, ok := snsActions[req.Action]
		if !ok {
			return nil, errNotImplemented("SNS", clip(req.Action))
		}
		req.fault = f
		dst = append(dst, `<`+req.Action+`Response xmlns="`+snsNamespace+`"><`+req.Action+`Result>`...)
		dst, err := do(h.Broker, req, dst)
		dst = append(dst, `</`+req.Action+`Result><ResponseMetadata>`...)
		dst = appendXML(dst, "RequestId", requestID)
		return append(dst, `</ResponseMetadata></`+req.Action+`Response>`...), err
	})
}

func readSNS(w http.ResponseWriter, r *http.Request) (*snsRequest, *Error) {
	if r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return nil, &Error{
			Code: "NotImplemented", Status: http.StatusNotImplemented,
			Message: "the local SNS takes POST requests of the AWS Query protocol, as application/x-www-form-urlencoded",
		}
	}
	body := getBuffer()
	defer putBuffer(body)
	if err := readBody(w, r, maxSNSRequestBytes, body); err != nil {
		return nil, err
	}
	req, err := parseForm(body.Bytes())
	if err != nil {
		return nil, err
	}
	if req.Action == "" {
		return nil, &Error{Code: "MissingAction", Message: "the request names no Action"}
	}
	if trace := r.Header.Get("X-Amzn-Trace-Id"); validTraceHeader(trace) {
		req.trace = trace
	}
	return req, nil
}

// resourceOfARN gives the topic's name in the ARN of a topic or subscription.
func resourceOfARN(arn string) string {
	parts := strings.SplitN(arn, ":", 7)
	if len(parts) < 6 {
		return ""
	}
	return parts[5]
}

// appendXML appends <name>value</name>.
func appendXML(dst []byte, name, value string) []byte {
	dst = append(dst, '<')
	dst = append(dst, name...)
	dst = append(dst, '>')
	dst = appendXMLText(dst, value)
	dst = append(dst, '<', '/')
	dst = append(dst, name...)
	return append(dst, '>')
}

func appendXMLText(dst []byte, s string) []byte {
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune(`<>&'"`, r) }) {
		return append(dst, s...)
	}
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a strings.Builder takes everything
	return append(dst, b.String()...)
}

func appendXMLEntry(dst []byte, key, value string) []byte {
	dst = append(dst, `<entry>`...)
	dst = appendXML(dst, "key", key)
	dst = appendXML(dst, "value", value)
	return append(dst, `</entry>`...)
}

func (b *Broker) snsCreateTopic(req *snsRequest, dst []byte) ([]byte, *Error) {
	if err := b.createTopic(req.Name, req.Attributes); err != nil {
		return dst, err
	}
	return appendXML(dst, "TopicArn", b.TopicARN(req.Name)), nil
}

// snsSubscribe knows one protocol.
func (b *Broker) snsSubscribe(req *snsRequest, dst []byte) ([]byte, *Error) {
	if req.Protocol != "sqs" {
		return dst, errNotImplemented("SNS", "Subscribe with the protocol "+clip(req.Protocol))
	}
	s, err := b.subscribe(req.TopicArn, req.Endpoint, req.Attributes)
	if err != nil {
		return dst, err
	}
	return appendXML(dst, "SubscriptionArn", s.arn), nil
}

// snsUnsubscribe succeeds for a subscription that is gone, too.
func (b *Broker) snsUnsubscribe(req *snsRequest, dst []byte) ([]byte, *Error) {
	now := b.lock()
	defer b.unlock(now)
	t, i, err := b.subscriptionOfARN(req.SubscriptionArn)
	switch {
	case err == nil:
		kept := append([]*subscription(nil), t.subscriptions[:i]...)
		t.subscriptions = append(kept, t.subscriptions[i+1:]...)
		t.deleted++
	case err.Code != "NotFound":
		return dst, err
	}
	return dst, nil
}

func (b *Broker) snsGetTopicAttributes(req *snsRequest, dst []byte) ([]byte, *Error) {
	now := b.lock()
	defer b.unlock(now)
	t, err := b.topicOfARN(req.TopicArn)
	if err != nil {
		return dst, err
	}
	dst = append(dst, `<Attributes>`...)
	for _, a := range [...]struct{ key, value string }{
		{"TopicArn", t.arn},
		{"Owner", b.cfg.AccountID},
		{"SubscriptionsConfirmed", strconv.Itoa(len(t.subscriptions))},
		{"SubscriptionsPending", "0"},
		{"SubscriptionsDeleted", strconv.Itoa(t.deleted)},
	} {
		dst = appendXMLEntry(dst, a.key, a.value)
	}
	if _, ok := t.attributes["DisplayName"]; !ok {
		dst = appendXMLEntry(dst, "DisplayName", "")
	}
	for key, value := range t.attributes {
		dst = appendXMLEntry(dst, key, value)
	}
	return append(dst, `</Attributes>`...), nil
}

func (b *Broker) snsListSubscriptionsByTopic(req *snsRequest, dst []byte) ([]byte, *Error) {
	now := b.lock()
	defer b.unlock(now)
	t, err := b.topicOfARN(req.TopicArn)
	if err != nil {
		return dst, err
	}
	dst = append(dst, `<Subscriptions>`...)
	for _, s := range t.subscriptions {
		dst = append(dst, `<member>`...)
		dst = appendXML(dst, "SubscriptionArn", s.arn)
		dst = appendXML(dst, "TopicArn", t.arn)
		dst = appendXML(dst, "Protocol", "sqs")
		dst = appendXML(dst, "Endpoint", s.endpoint)
		dst = appendXML(dst, "Owner", b.cfg.AccountID)
		dst = append(dst, `</member>`...)
	}
	return append(dst, `</Subscriptions>`...), nil
}

func (b *Broker) snsGetSubscriptionAttributes(req *snsRequest, dst []byte) ([]byte, *Error) {
	now := b.lock()
	defer b.unlock(now)
	t, i, err := b.subscriptionOfARN(req.SubscriptionArn)
	if err != nil {
		return dst, err
	}
	s := t.subscriptions[i]
	attributes := []struct{ key, value string }{
		{"SubscriptionArn", s.arn},
		{"TopicArn", t.arn},
		{"Protocol", "sqs"},
		{"Endpoint", s.endpoint},
		{"Owner", b.cfg.AccountID},
		{"ConfirmationWasAuthenticated", "true"},
		{"PendingConfirmation", "false"},
		{"RawMessageDelivery", strconv.FormatBool(s.raw)},
		{"FilterPolicy", s.filterJSON},
		{"RedrivePolicy", s.redriveJSON},
	}
	if s.filterJSON != "" {
		attributes = append(attributes, struct{ key, value string }{"FilterPolicyScope", "MessageAttributes"})
	}
	dst = append(dst, `<Attributes>`...)
	for _, a := range attributes {
		if a.value != "" {
			dst = appendXMLEntry(dst, a.key, a.value)
		}
	}
	return append(dst, `</Attributes>`...), nil
}

func (b *Broker) snsSetSubscriptionAttributes(req *snsRequest, dst []byte) ([]byte, *Error) {
	now := b.lock()
	defer b.unlock(now)
	t, i, err := b.subscriptionOfARN(req.SubscriptionArn)
	if err != nil {
		return dst, err
	}
	changed, err := t.subscriptions[i].with(b, req.AttributeName, req.AttributeValue)
	if err != nil {
		return dst, err
	}
	t.subscriptions = append([]*subscription(nil), t.subscriptions...)
	t.subscriptions[i] = changed
	return dst, nil
}
