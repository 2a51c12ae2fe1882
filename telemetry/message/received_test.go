package message_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel/baggage"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

const traceHeader = "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled="

// fromBoth reads the same message as Lambda and as the SDK give it.
func fromBoth(t *testing.T, body string, attrs, system map[string]string, check func(t *testing.T, r message.Received)) {
	t.Helper()
	l := events.SQSMessage{MessageId: "id", Body: body, Attributes: system}
	s := sqstypes.Message{MessageId: new("id"), Body: new(body), Attributes: system}
	for name, value := range attrs {
		if l.MessageAttributes == nil {
			l.MessageAttributes = map[string]events.SQSMessageAttribute{}
			s.MessageAttributes = map[string]sqstypes.MessageAttributeValue{}
		}
		l.MessageAttributes[name] = lambda(value)
		s.MessageAttributes[name] = sqs(value)
	}
	t.Run("Lambda", func(t *testing.T) {
		t.Parallel()
		check(t, message.FromLambda(context.Background(), l))
	})
	t.Run("SQS", func(t *testing.T) {
		t.Parallel()
		check(t, message.FromSQS(context.Background(), s))
	})
}

func TestReceived_RawMessage_IsReadWhole(t *testing.T) {
	t.Parallel()
	attrs := map[string]string{
		"traceparent": traceparent, "tracestate": tracestate, "baggage": "tenant=acme", "kind": "order",
	}
	system := map[string]string{
		"SentTimestamp": "1700000000123", "ApproximateReceiveCount": "3", "AWSTraceHeader": traceHeader + "0",
	}
	fromBoth(t, "hello", attrs, system, func(t *testing.T, r message.Received) {
		t.Helper()
		sc := trace.SpanContextFromContext(r.Context)
		if want := spanContext(tracestate).WithRemote(true); !sc.Equal(want) {
			t.Errorf("span context = %+v, want %+v", sc, want)
		}
		if got := baggage.FromContext(r.Context).Member("tenant").Value(); got != "acme" {
			t.Errorf("baggage tenant = %q", got)
		}
		r.Context = nil
		want := message.Received{
			Source: semconv.ContextSourceTraceparent, Shape: semconv.MessageShapeRaw,
			Body: "hello", Attributes: map[string]string{"kind": "order"}, MessageID: "id",
			SentAt: time.UnixMilli(1700000000123).UTC(), ReceiveCount: 3,
		}
		if diff := cmp.Diff(want, r); diff != "" {
			t.Errorf("received (-want +got):\n%s", diff)
		}
	})
}

func TestReceived_NoTraceparent_FallsBack(t *testing.T) {
	t.Parallel()
	for name, attrs := range map[string]map[string]string{
		"none":              nil,
		"empty":             {"traceparent": ""},
		"garbage":           {"traceparent": "hello"},
		"upper case":        {"traceparent": strings.ToUpper(traceparent)},
		"zero trace id":     {"traceparent": "00-00000000000000000000000000000000-b7ad6b7169203331-01"},
		"version ff":        {"traceparent": "ff" + traceparent[2:]},
		"too long":          {"traceparent": traceparent + "-" + strings.Repeat("x", 9000)},
		"tracestate alone":  {"tracestate": tracestate},
		"wrong key's case":  {"Traceparent": traceparent},
		"fields too many":   {"traceparent": traceparent + "-00"},
		"surrounding space": {"traceparent": " " + traceparent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fromBoth(t, "", attrs, map[string]string{"AWSTraceHeader": traceHeader + "1"}, func(t *testing.T, r message.Received) {
				t.Helper()
				if got := trace.SpanContextFromContext(r.Context).TraceID().String(); got != "67891233abcdef012345678912345678" {
					t.Errorf("trace id = %s, want the AWSTraceHeader's", got)
				}
				if r.Source != semconv.ContextSourceXRay {
					t.Errorf("source = %q", r.Source)
				}
			})
			fromBoth(t, "", attrs, nil, func(t *testing.T, r message.Received) {
				t.Helper()
				if sc := trace.SpanContextFromContext(r.Context); sc.HasTraceID() || r.Source != semconv.ContextSourceNone {
					t.Errorf("span context = %v from %q, want none", sc, r.Source)
				}
			})
		})
	}
}

// With active tracing off, Lambda's polling writes Sampled=0 whatever the
// publisher decided: it decides nothing there. Sampled=1 does.
func TestReceived_AWSTraceHeader_LambdasSampled0IsNotBelieved(t *testing.T) {
	t.Parallel()
	for flag, trusted := range map[string]bool{"0": false, "1": true} {
		fromBoth(t, "", nil, map[string]string{"AWSTraceHeader": traceHeader + flag}, func(t *testing.T, r message.Received) {
			t.Helper()
			for base, decided := range map[sdktrace.Sampler]bool{
				sdktrace.AlwaysSample(): true, sdktrace.NeverSample(): false,
			} {
				want := decided // by the root sampler
				if trusted || strings.Contains(t.Name(), "/SQS") {
					want = trusted
				}
				tp := sdktrace.NewTracerProvider(sdktrace.WithSampler(xray.Sampler(sdktrace.ParentBased(base))))
				_, span := tp.Tracer("").Start(r.Context, "process")
				if sc := span.SpanContext(); sc.IsSampled() != want || sc.TraceID().String() != "67891233abcdef012345678912345678" {
					t.Errorf("Sampled=%s with %s: sampled %v, want %v, in trace %v", flag, base.Description(), sc.IsSampled(), want, sc.TraceID())
				}
			}
		})
	}
}

func TestReceived_AWSTraceHeaderWithRootAlone_KeepsTraceID(t *testing.T) {
	t.Parallel()
	fromBoth(t, "", nil, map[string]string{"AWSTraceHeader": "Root=1-67891233-abcdef012345678912345678"}, func(t *testing.T, r message.Received) {
		t.Helper()
		if got := trace.SpanContextFromContext(r.Context); !got.HasTraceID() || got.HasSpanID() || r.Source != semconv.ContextSourceXRay {
			t.Errorf("span context = %v from %q", got, r.Source)
		}
	})
}

// OpenTelemetry JavaScript writes X-Amzn-Trace-Id into a message attribute when
// its only propagator is X-Ray's. The publisher wrote the sampled flag itself.
func TestReceived_XRayAttribute_ComesBetweenTraceparentAndSystemAttribute(t *testing.T) {
	t.Parallel()
	const header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
	system := map[string]string{"AWSTraceHeader": traceHeader + "0"}
	for _, name := range []string{"X-Amzn-Trace-Id", "x-amzn-trace-id"} {
		fromBoth(t, "", map[string]string{name: header, "baggage": "tenant=acme"}, system, func(t *testing.T, r message.Received) {
			t.Helper()
			sc := trace.SpanContextFromContext(r.Context)
			if sc.TraceID().String() != "5759e988bd862e3fe1be46a994272793" || sc.SpanID().String() != "53995c3f42cd8ad8" || !sc.IsSampled() {
				t.Errorf("%s: span context = %+v", name, sc)
			}
			if r.Source != semconv.ContextSourceXRayAttribute || r.Attributes != nil || baggage.FromContext(r.Context).Len() != 1 {
				t.Errorf("%s: source = %q, attributes = %v, want none left", name, r.Source, r.Attributes)
			}
		})
		fromBoth(t, "", map[string]string{name: header, "traceparent": traceparent}, system, func(t *testing.T, r message.Received) {
			t.Helper()
			if sc := trace.SpanContextFromContext(r.Context); !sc.Equal(spanContext("").WithRemote(true)) || r.Source != semconv.ContextSourceTraceparent {
				t.Errorf("%s beside a traceparent: span context = %+v from %q", name, sc, r.Source)
			}
		})
		fromBoth(t, "", map[string]string{name: "Root=1-5759e988"}, system, func(t *testing.T, r message.Received) {
			t.Helper()
			if r.Source != semconv.ContextSourceXRay {
				t.Errorf("malformed %s: source = %q, want the system attribute's", name, r.Source)
			}
		})
	}
}

func TestReceived_BaggageBeyondItsLimits_IsIgnored(t *testing.T) {
	t.Parallel()
	members := func(n int) string {
		list := make([]string, n)
		for i := range list {
			list[i] = "key" + strings.Repeat("x", i) + "=v"
		}
		return strings.Join(list, ",")
	}
	for name, test := range map[string]struct {
		baggage string
		members int
	}{
		"64 members":            {members(64), 64},
		"65 members":            {members(65), 0},
		"8192 bytes":            {"a=" + strings.Repeat("x", 8190), 1},
		"8193 bytes":            {"a=" + strings.Repeat("x", 8191), 0},
		"a bomb of commas":      {strings.Repeat(",", 8192), 0},
		"a bomb of members":     {strings.Repeat("a=b,", 2048), 0},
		"a faulty member":       {"a=b,é=c,d=e", 2},
		"nothing but a comma":   {",", 0},
		"percent that is wrong": {"a=%zz", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			attrs := map[string]string{"traceparent": traceparent, "baggage": test.baggage}
			fromBoth(t, "", attrs, nil, func(t *testing.T, r message.Received) {
				t.Helper()
				if got := baggage.FromContext(r.Context).Len(); got != test.members {
					t.Errorf("baggage has %d members, want %d", got, test.members)
				}
				if r.Source != semconv.ContextSourceTraceparent {
					t.Errorf("source = %q: bad baggage took the trace with it", r.Source)
				}
			})
		})
	}
}

// A repeated key makes a tracestate void, but not the traceparent (W3C Trace
// Context, "Combined header value"); of baggage the last counts.
func TestReceived_RepeatedKeys_TakeNothingElseWithThem(t *testing.T) {
	t.Parallel()
	attrs := map[string]string{"traceparent": traceparent, "tracestate": "a=1,a=2", "baggage": "tenant=one,tenant=acme"}
	fromBoth(t, "", attrs, nil, func(t *testing.T, r message.Received) {
		t.Helper()
		if sc := trace.SpanContextFromContext(r.Context); !sc.Equal(spanContext("").WithRemote(true)) {
			t.Errorf("span context = %+v", sc)
		}
		if got := baggage.FromContext(r.Context).String(); got != "tenant=acme" {
			t.Errorf("baggage = %q", got)
		}
	})
}

func TestReceived_OtherTypes_AreNotRead(t *testing.T) {
	t.Parallel()
	r := message.FromLambda(context.Background(), events.SQSMessage{MessageAttributes: map[string]events.SQSMessageAttribute{
		"traceparent": {DataType: "Binary", BinaryValue: []byte(traceparent)},
		"tracestate":  {DataType: "String"},
		"baggage":     {DataType: "String", StringListValues: []string{"a=b"}},
		"binary":      {DataType: "Binary.png", BinaryValue: []byte("x"), StringValue: new("x")},
		"number":      {DataType: "Number.int", StringValue: new("42")},
		"array":       {DataType: "String.Array", StringValue: new(`["a"]`)},
		"lookalike":   {DataType: "Stringy", StringValue: new("x")},
	}})
	if r.Source != semconv.ContextSourceNone || baggage.FromContext(r.Context).Len() != 0 {
		t.Errorf("a context was found: %q", r.Source)
	}
	if diff := cmp.Diff(map[string]string{"number": "42", "array": `["a"]`}, r.Attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	s := message.FromSQS(context.Background(), sqstypes.Message{MessageAttributes: map[string]sqstypes.MessageAttributeValue{
		"traceparent": {StringValue: new(traceparent)},
		"baggage":     {DataType: new("String")},
	}})
	if s.Source != semconv.ContextSourceNone || s.Attributes != nil || s.Body != "" || s.MessageID != "" {
		t.Errorf("received = %+v", s)
	}
}

func TestReceived_SystemAttributesThatMakeNoSense_AreUnknown(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"", "x", "-1", "0", "99999999999999999999", "253402300800000", "1.5"} {
		system := map[string]string{"SentTimestamp": value, "ApproximateReceiveCount": value}
		fromBoth(t, "", nil, system, func(t *testing.T, r message.Received) {
			t.Helper()
			if !r.SentAt.IsZero() || r.ReceiveCount != 0 {
				t.Errorf("%q: sent at %v, received %d times", value, r.SentAt, r.ReceiveCount)
			}
		})
	}
}

// The context given may have a span of its own, the invocation's, or the
// very parent that the message names.
func TestReceived_ContextWithASpan_SourceIsTheMessages(t *testing.T) {
	t.Parallel()
	m := events.SQSMessage{MessageAttributes: map[string]events.SQSMessageAttribute{"traceparent": lambda(traceparent)}}
	remote := trace.ContextWithRemoteSpanContext(context.Background(), spanContext(""))
	for name, ctx := range map[string]context.Context{"other": other(), "same": remote, "same but local": traced()} {
		r := message.FromLambda(ctx, m)
		if sc := trace.SpanContextFromContext(r.Context); r.Source != semconv.ContextSourceTraceparent || !sc.Equal(spanContext("").WithRemote(true)) {
			t.Errorf("%s: source = %q, span context %v", name, r.Source, sc)
		}
		bare := message.FromLambda(ctx, events.SQSMessage{})
		if sc := trace.SpanContextFromContext(bare.Context); bare.Source != semconv.ContextSourceNone || !sc.Equal(trace.SpanContextFromContext(ctx)) {
			t.Errorf("%s: a message without a context: source = %q, span context %v", name, bare.Source, sc)
		}
	}
}

func TestReceived_WhatInjectorWrote_ComesBack(t *testing.T) {
	t.Parallel()
	b := setup(t, message.Config{})
	attrs, err := b.injector.SQS(full(), map[string]sqstypes.MessageAttributeValue{"kind": sqs("order")}, 0)
	if err != nil {
		t.Fatal(err)
	}
	r := message.FromSQS(context.Background(), sqstypes.Message{MessageAttributes: attrs})
	if sc := trace.SpanContextFromContext(r.Context); !sc.Equal(spanContext(tracestate).WithRemote(true)) {
		t.Errorf("span context = %+v", sc)
	}
	if baggage.FromContext(r.Context).String() != "tenant=acme" {
		t.Errorf("baggage = %v", baggage.FromContext(r.Context))
	}
}
