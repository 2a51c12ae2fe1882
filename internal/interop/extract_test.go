package interop_test

import (
	"cmp"
	"context"
	"encoding/base64"
	"maps"
	"reflect"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

type extractVector struct {
	about
	Message    queued      `json:"message"`
	Want       received    `json:"want"`
	WantLambda *received   `json:"want_lambda"`
	JavaScript *difference `json:"javascript"`
}

// inLambda is what is wanted in a function.
func (v extractVector) inLambda() received { return *cmp.Or(v.WantLambda, &v.Want) }

// received is what a consumer reads of a message.
type received struct {
	parent

	Source     string            `json:"source"`
	Shape      string            `json:"shape"`
	Body       *string           `json:"body"`
	Attributes map[string]string `json:"attributes"`
}

// sqs is the message as the SDK has it.
func (m queued) sqs(t *testing.T) sqstypes.Message {
	t.Helper()
	return sqstypes.Message{
		Body: &m.Body, MessageId: aws.String("id"), Attributes: m.System, MessageAttributes: sqsAttributes(t, m.Attributes),
	}
}

// sqsAttributes are attributes as the SDK has them.
func sqsAttributes(t *testing.T, all values) map[string]sqstypes.MessageAttributeValue {
	t.Helper()
	to := make(map[string]sqstypes.MessageAttributeValue, len(all))
	for name, v := range all {
		a := sqstypes.MessageAttributeValue{DataType: &v.Type, StringValue: &v.Value}
		if v.Type == "Binary" {
			a.StringValue = nil
			b, err := base64.StdEncoding.DecodeString(v.Value)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			a.BinaryValue = b
		}
		to[name] = a
	}
	return to
}

// sqsValues are attributes as the vectors have them.
func sqsValues(all map[string]sqstypes.MessageAttributeValue) values {
	to := make(values, len(all))
	for name, a := range all {
		to[name] = value{aws.ToString(a.DataType), aws.ToString(a.StringValue)}
		if a.BinaryValue != nil {
			to[name] = value{aws.ToString(a.DataType), base64.StdEncoding.EncodeToString(a.BinaryValue)}
		}
	}
	return to
}

func TestExtract_EveryVector(t *testing.T) {
	for _, v := range vectorsOf[extractVector](t, "extract") {
		t.Run(v.Name, func(t *testing.T) {
			m := v.Message.sqs(t)
			checkExtracted(t, "FromSQS", message.FromSQS(context.Background(), m), v.Message.Body, v.Want)
			checkExtracted(t, "FromLambda", message.FromLambda(context.Background(), record(m)), v.Message.Body, v.inLambda())
		})
	}
}

func checkExtracted(t *testing.T, how string, r message.Received, body string, want received) {
	t.Helper()
	if want.Shape == "" {
		want.Shape = semconv.MessageShapeRaw
	}
	if want.Body != nil {
		body = *want.Body
	}
	if r.Source != want.Source || r.Shape != want.Shape || r.Body != body {
		t.Errorf("%s: source %s, shape %s, body %q; want %s, %s, %q", how, r.Source, r.Shape, r.Body, want.Source, want.Shape, body)
	}
	if !maps.Equal(r.Attributes, want.Attributes) {
		t.Errorf("%s: attributes %v are handed on, want %v", how, r.Attributes, want.Attributes)
	}
	checkParent(r.Context, t, how, want.parent)
}

// checkParent compares what a span is started from with what the span is.
func checkParent(ctx context.Context, t *testing.T, how string, want parent) {
	t.Helper()
	if want.Baggage == nil {
		want.Baggage = map[string]string{}
	}
	got := parent{Baggage: baggageOf(ctx), Sampling: "undecided"}
	always, never := startedFrom(ctx, sdktrace.AlwaysSample()), startedFrom(ctx, sdktrace.NeverSample())
	switch {
	case never.SpanContext().IsSampled():
		got.Sampling = "sampled"
	case !always.SpanContext().IsSampled():
		got.Sampling = "not_sampled"
	}
	if sc := trace.SpanContextFromContext(ctx); sc.HasTraceID() {
		got.TraceID = always.SpanContext().TraceID().String()
		if sc.HasSpanID() {
			got.ParentSpanID = sc.SpanID().String()
		}
	}
	if s, ok := always.(sdktrace.ReadOnlySpan); ok && s.Parent().HasSpanID() && s.Parent().SpanID().String() != got.ParentSpanID {
		t.Errorf("%s: the span's parent is %v, the context's %s", how, s.Parent().SpanID(), got.ParentSpanID)
	}
	got.Tracestate = always.SpanContext().TraceState().String()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: a span is started from\n%+v, want\n%+v", how, got, want)
	}
}

// startedFrom is a span that is started in a context, where a sampler decides
// for traces that begin.
func startedFrom(ctx context.Context, root sdktrace.Sampler) trace.Span {
	tp := sdktrace.NewTracerProvider(sdktrace.WithSampler(xray.Sampler(sdktrace.ParentBased(root))))
	_, s := tp.Tracer("interop").Start(ctx, "process")
	return s
}

// attributeOf is an attribute of a span, or empty.
func attributeOf(s tracetest.SpanStub, key attribute.Key) string {
	for _, a := range s.Attributes {
		if a.Key == key {
			return a.Value.AsString()
		}
	}
	return ""
}
