package message_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// FuzzEnvelope checks that a body is either left alone or read as
// encoding/json reads it.
func FuzzEnvelope(f *testing.F) {
	f.Add(notification)
	f.Add(altered(nil))
	f.Add(`{"TopicArn":1}`)
	f.Fuzz(func(t *testing.T, body string) {
		r := message.FromLambda(context.Background(), events.SQSMessage{Body: body})
		if r.Shape == semconv.MessageShapeRaw {
			if r.Body != body || r.SNSMessageID != "" || r.TopicARN != "" || r.Attributes != nil {
				t.Fatalf("raw, but %+v", r)
			}
			return
		}
		if !utf8.ValidString(body) {
			return // SQS has no such messages, and encoding/json mends them
		}
		var want struct {
			MessageAttributes map[string]struct{ Type, Value string }
		}
		if err := json.Unmarshal([]byte(body), &want); err != nil {
			t.Fatalf("taken for an envelope, but not JSON: %v", err)
		}
		// Members that differ in case only are the same to encoding/json.
		var exact map[string]json.RawMessage
		if err := json.Unmarshal([]byte(body), &exact); err != nil {
			t.Fatal(err)
		}
		var text string
		if err := json.Unmarshal(exact["Message"], &text); err != nil || text != r.Body {
			t.Fatalf("body = %q, want %q, %v", r.Body, text, err)
		}
		if err := json.Unmarshal(exact["MessageId"], &text); err != nil || text != r.SNSMessageID {
			t.Fatalf("SNS message id = %q, want %q, %v", r.SNSMessageID, text, err)
		}
		if r.PublishedAt.IsZero() || r.TopicARN == "" {
			t.Fatalf("an envelope without its time or topic: %+v", r)
		}
		if len(r.Attributes) > len(want.MessageAttributes) {
			t.Fatalf("attributes = %v, want some of %v", r.Attributes, want.MessageAttributes)
		}
	})
}

// FuzzAttributes checks the context against OpenTelemetry's own propagators.
func FuzzAttributes(f *testing.F) {
	f.Add(traceparent, tracestate, "tenant=acme", traceHeader+"1")
	f.Add("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what", "a=b,c=d", "a=%20,b;c", "Root=1-67891233-abcdef012345678912345678")
	f.Fuzz(func(t *testing.T, parent, state, bag, header string) {
		r := message.FromLambda(context.Background(), events.SQSMessage{
			Attributes: map[string]string{"AWSTraceHeader": header},
			MessageAttributes: map[string]events.SQSMessageAttribute{
				"traceparent": lambda(parent), "tracestate": lambda(state), "baggage": lambda(bag), "kind": lambda("order"),
			},
		})
		if r.Context == nil || len(r.Attributes) != 1 || r.Attributes["kind"] != "order" {
			t.Fatalf("received = %+v", r)
		}
		if n := baggage.FromContext(r.Context).Len(); n > 64 {
			t.Fatalf("%d members of baggage", n)
		}
		got := trace.SpanContextFromContext(r.Context)
		want := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(),
			propagation.MapCarrier{"traceparent": parent, "tracestate": state}))
		switch {
		case len(parent) > 8192 || len(state) > 8192:
			return
		case strings.HasPrefix(parent, "00-") && len(parent) > len(traceparent):
			// OpenTelemetry lets a dash at the end pass; version 00 ends here.
			if r.Source == semconv.ContextSourceTraceparent {
				t.Fatalf("%q was taken for a traceparent", parent)
			}
		case onlyFlagsRefused(parent):
			if r.Source != semconv.ContextSourceTraceparent || got.TraceFlags()&^3 != 0 || got.TraceID().String() != parent[3:35] {
				t.Fatalf("%q: span context = %+v from %s: flags that nobody knows are ignored", parent, got, r.Source)
			}
		case want.IsValid():
			if !got.Equal(want) || r.Source != semconv.ContextSourceTraceparent {
				t.Fatalf("%q: span context = %+v from %s, want %+v", parent, got, r.Source, want)
			}
		default:
			h, _ := xray.Parse(header)
			if got.TraceID() != h.Root || (r.Source == semconv.ContextSourceXRay) != h.Root.IsValid() {
				t.Fatalf("%q: span context = %+v from %s, want that of %q", parent, got, r.Source, header)
			}
		}
	})
}

// onlyFlagsRefused tells whether OpenTelemetry's propagator refuses version 00
// for flags that it does not know, and for nothing else.
func onlyFlagsRefused(parent string) bool {
	if len(parent) != len(traceparent) || parent[:2] != "00" {
		return false
	}
	valid := func(flags string) bool {
		c := propagation.MapCarrier{"traceparent": parent[:53] + flags}
		return trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), c)).IsValid()
	}
	flags := parent[53:]
	return valid("00") && !valid(flags) && strings.Trim(flags, "0123456789abcdef") == ""
}
