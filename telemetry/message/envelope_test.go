package message_test

import (
	"context"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// notification is AWS's own example of what SNS puts into a queue, with
// attributes.
const notification = `{
  "Type" : "Notification",
  "MessageId" : "63a3f6b6-d533-4a47-aef9-fcf5cf758c76",
  "TopicArn" : "arn:aws:sns:us-west-2:123456789012:MyTopic",
  "Subject" : "Testing publish to subscribed queues",
  "Message" : "{\"hello\":\"w\u00f6rld\"}",
  "Timestamp" : "2012-03-29T05:12:16.901Z",
  "SignatureVersion" : "1",
  "Signature" : "EXAMPLEnTrFPa3...",
  "SigningCertURL" : "https://sns.us-west-2.amazonaws.com/SimpleNotificationService-f3ecfb7224c7233fe7bb5f59f96de52f.pem",
  "UnsubscribeURL" : "https://sns.us-west-2.amazonaws.com/?Action=Unsubscribe",
  "MessageAttributes" : {
    "traceparent" : {"Type":"String","Value":"` + traceparent + `"},
    "tracestate" : {"Type":"String","Value":"` + tracestate + `"},
    "baggage" : {"Type":"String","Value":"tenant=acme"},
    "kind" : {"Type":"String","Value":"or\"der"},
    "count" : {"Type":"Number","Value":"42"},
    "blob" : {"Type":"Binary","Value":"Ynl0ZXM="}
  }
}`

func TestReceived_Envelope_IsUnwrapped(t *testing.T) {
	t.Parallel()
	system := map[string]string{"AWSTraceHeader": traceHeader + "1"}
	fromBoth(t, notification, nil, system, func(t *testing.T, r message.Received) {
		t.Helper()
		if sc := trace.SpanContextFromContext(r.Context); !sc.Equal(spanContext(tracestate).WithRemote(true)) {
			t.Errorf("span context = %+v", sc)
		}
		if got := baggage.FromContext(r.Context).String(); got != "tenant=acme" {
			t.Errorf("baggage = %q", got)
		}
		r.Context = nil
		want := message.Received{
			Source: semconv.ContextSourceTraceparent, Shape: semconv.MessageShapeEnvelope,
			Body:       `{"hello":"wörld"}`,
			Attributes: map[string]string{"kind": `or"der`, "count": "42"}, MessageID: "id",
			SNSMessageID: "63a3f6b6-d533-4a47-aef9-fcf5cf758c76", TopicARN: "arn:aws:sns:us-west-2:123456789012:MyTopic",
			PublishedAt: time.Date(2012, 3, 29, 5, 12, 16, 901e6, time.UTC),
		}
		if diff := cmp.Diff(want, r); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
	})
}

// altered returns the notification with members changed; nil removes one.
func altered(changes map[string]any) string {
	var doc map[string]any
	if err := json.Unmarshal([]byte(notification), &doc); err != nil {
		panic(err)
	}
	maps.Copy(doc, changes)
	maps.DeleteFunc(doc, func(_ string, v any) bool { return v == nil })
	out, err := json.Marshal(doc)
	if err != nil {
		panic(err)
	}
	return string(out)
}

func TestReceived_EnvelopesThatVary_AreUnwrapped(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no subject, no attributes": altered(map[string]any{"Subject": nil, "MessageAttributes": nil}),
		"null subject":              strings.Replace(notification, `"Testing publish to subscribed queues"`, "null", 1),
		"another order, no space":   altered(nil),
		"signature version 2":       altered(map[string]any{"SignatureVersion": "2"}),
		"a member SNS may add":      altered(map[string]any{"New": map[string]any{"a": []any{1, true, nil, "x", -1.5e3}}, "Newer": []any{}}),
		"China":                     altered(map[string]any{"TopicArn": "arn:aws-cn:sns:cn-north-1:123456789012:t"}),
		"empty message":             altered(map[string]any{"Message": ""}),
		"white space around":        "\n\t " + notification + " \r\n",
		"empty attributes":          altered(map[string]any{"MessageAttributes": map[string]any{}}),
		"FIFO": altered(map[string]any{
			"TopicArn": "arn:aws:sns:us-west-2:123456789012:t.fifo", "SequenceNumber": "10000000000000003000",
			"SignatureVersion": nil, "Signature": nil, "SigningCertURL": nil,
		}),
	} {
		r := message.FromLambda(context.Background(), events.SQSMessage{Body: body})
		if r.Shape != semconv.MessageShapeEnvelope || r.Body == body || r.SNSMessageID == "" {
			t.Errorf("%s: shape = %q", name, r.Shape)
		}
	}
}

// A publisher's event must reach the consumer whole, however much it looks
// like an envelope.
func TestReceived_EventsThatLookAlike_AreLeftAlone(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"a text about TopicArn":  "TopicArn",
		"JSON that is no object": `["TopicArn"]`,
		"only the four": `{"Type":"Notification","MessageId":"63a3f6b6-d533-4a47-aef9-fcf5cf758c76",` +
			`"TopicArn":"arn:aws:sns:us-west-2:123456789012:t","Message":"x"}`,
		"another type":           altered(map[string]any{"Type": "SubscriptionConfirmation"}),
		"lower-case members":     strings.Replace(notification, `"Message"`, `"message"`, 1),
		"no message id":          altered(map[string]any{"MessageId": nil}),
		"message id of another":  altered(map[string]any{"MessageId": "1234"}),
		"message id almost":      altered(map[string]any{"MessageId": "63a3f6b6-d533-4a47-aef9_fcf5cf758c76"}),
		"message id not hex":     altered(map[string]any{"MessageId": "63a3f6b6-d533-4a47-aef9-fcf5cf758czz"}),
		"ARN of a queue":         altered(map[string]any{"TopicArn": "arn:aws:sqs:us-west-2:123456789012:t"}),
		"no ARN":                 altered(map[string]any{"TopicArn": "TopicArn"}),
		"ARN of a subscription":  altered(map[string]any{"TopicArn": "arn:aws:sns:us-west-2:123456789012:t:c7fe3a54"}),
		"message is an object":   altered(map[string]any{"Message": map[string]any{"a": 1}}),
		"no message":             altered(map[string]any{"Message": nil}),
		"no timestamp":           altered(map[string]any{"Timestamp": nil}),
		"timestamp is a number":  altered(map[string]any{"Timestamp": 1}),
		"timestamp of another":   altered(map[string]any{"Timestamp": "yesterday"}),
		"unsigned":               altered(map[string]any{"Signature": nil}),
		"signature is empty":     altered(map[string]any{"Signature": ""}),
		"no certificate":         altered(map[string]any{"SigningCertURL": nil}),
		"signature version 3":    altered(map[string]any{"SignatureVersion": "3"}),
		"repeated member":        strings.Replace(notification, `"Type"`, `"Message":"x","Type"`, 1),
		"attributes are a list":  altered(map[string]any{"MessageAttributes": []any{}}),
		"repeated attribute":     strings.Replace(notification, `"kind" :`, `"count" : {"Type":"String","Value":"1"}, "kind" :`, 1),
		"attributes are text":    altered(map[string]any{"MessageAttributes": map[string]any{"a": "b"}}),
		"an attribute is number": altered(map[string]any{"MessageAttributes": map[string]any{"a": map[string]any{"Type": "Number", "Value": 1}}}),
		"nested too deep":        altered(map[string]any{"x": json.RawMessage(strings.Repeat("[", 20) + strings.Repeat("]", 20))}),
		"something behind":       notification + "x",
		"cut off":                notification[:len(notification)-1],
		"cut off in a string":    notification[:len(notification)/2],
		"trailing comma":         strings.Replace(notification, "Ynl0ZXM=\"}\n  }", "Ynl0ZXM=\"}\n  },", 1),
		"control character":      strings.Replace(notification, "Testing", "Test\ning", 1),
		"escape that is none":    strings.Replace(notification, `\"hello`, `\qhello`, 1),
		"wrong escape elsewhere": strings.Replace(notification, `Testing`, `T\esting`, 1),
		"word that is none":      strings.Replace(notification, `"Type"`, `"x":nil,"Type"`, 1),
		"number that is none":    strings.Replace(notification, `"Type"`, `"x":01,"Type"`, 1),
		"number cut off":         strings.Replace(notification, `"Type"`, `"x":-1.e5,"Type"`, 1),
		"exponent cut off":       strings.Replace(notification, `"Type"`, `"x":1E+,"Type"`, 1),
		"half an escape":         strings.Replace(notification, `\u00f6`, `\u00f`, 1),
	} {
		r := message.FromLambda(context.Background(), events.SQSMessage{Body: body})
		if r.Shape != semconv.MessageShapeRaw || r.Body != body || r.SNSMessageID != "" || r.Attributes != nil || r.Source != semconv.ContextSourceNone {
			t.Errorf("%s: taken for an envelope: %+v", name, r)
		}
	}
}

// A consumer that moves a message to a dead-letter queue sends the envelope
// as it is, with attributes of its own.
func TestReceived_EnvelopeWithAttributesAround_TheOuterOnesWin(t *testing.T) {
	t.Parallel()
	outer := map[string]string{"traceparent": traceparent2, "kind": "moved", "reason": "malformed"}
	fromBoth(t, notification, outer, nil, func(t *testing.T, r message.Received) {
		t.Helper()
		sc := trace.SpanContextFromContext(r.Context)
		if got, want := sc.TraceID().String(), traceparent2[3:35]; got != want {
			t.Errorf("trace id = %s, want the outer %s", got, want)
		}
		if sc.TraceState().Len() != 0 {
			t.Error("the inner tracestate went with the outer traceparent")
		}
		if got := baggage.FromContext(r.Context).String(); got != "tenant=acme" {
			t.Errorf("baggage = %q", got)
		}
		if diff := cmp.Diff(map[string]string{"kind": "moved", "count": "42", "reason": "malformed"}, r.Attributes); diff != "" {
			t.Errorf("attributes (-want +got):\n%s", diff)
		}
	})
	fromBoth(t, notification, map[string]string{"reason": "malformed"}, nil, func(t *testing.T, r message.Received) {
		t.Helper()
		if got := trace.SpanContextFromContext(r.Context).TraceID().String(); got != traceparent[3:35] {
			t.Errorf("trace id = %s, want the inner one", got)
		}
		if diff := cmp.Diff(map[string]string{"kind": `or"der`, "count": "42", "reason": "malformed"}, r.Attributes); diff != "" {
			t.Errorf("attributes (-want +got):\n%s", diff)
		}
	})
}

func TestReceived_EscapesInMessage_AreThoseOfJSON(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "plain", `"\/`, "\b\f\n\r\t", "ö€𝄞", "\x7f", "\u2028", "a\\", "\ufffd"} {
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		body := altered(map[string]any{"Message": json.RawMessage(quoted)})
		if r := message.FromLambda(context.Background(), events.SQSMessage{Body: body}); r.Body != text {
			t.Errorf("body = %q, want %q", r.Body, text)
		}
	}
	for escaped, want := range map[string]string{
		`\ud834\udd1e`: "𝄞", `\uD834x`: "\ufffdx", `\ud834\ud834`: "\ufffd\ufffd", `\/`: "/", `\u0041`: "A", `\udd1e`: "\ufffd",
	} {
		body := strings.Replace(notification, `{\"hello\":\"w\u00f6rld\"}`, escaped, 1)
		if r := message.FromLambda(context.Background(), events.SQSMessage{Body: body}); r.Body != want {
			t.Errorf("%s was read as %q, want %q", escaped, r.Body, want)
		}
	}
}
