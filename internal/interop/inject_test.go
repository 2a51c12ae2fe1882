package interop_test

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

type injectVector struct {
	about
	Context    *sender     `json:"context"`
	Budget     budget      `json:"budget"`
	TopicOnly  bool        `json:"topic_only"`
	Messages   []outgoing  `json:"messages"`
	Want       []values    `json:"want"`
	Dropped    []dropped   `json:"dropped"`
	Refused    []string    `json:"refused"`
	JavaScript *difference `json:"javascript"`
}

// sender is the context of who sends.
type sender struct {
	TraceID    string `json:"trace_id"`
	SpanID     string `json:"span_id"`
	Flags      string `json:"flags"`
	Tracestate string `json:"tracestate"`
	Baggage    string `json:"baggage"`
}

type budget struct {
	Attributes int `json:"attributes"`
	Bytes      int `json:"bytes"`
}

// outgoing is a message that is to be sent.
type outgoing struct {
	BodyBytes  int     `json:"body_bytes"`
	Attributes values  `json:"attributes"`
	Context    *sender `json:"context"`
	Structured bool    `json:"structured"`
}

// dropped is a part of a context that was left out.
type dropped struct {
	Part   string `json:"part"`
	Reason string `json:"reason"`
}

func TestInject_EveryVector(t *testing.T) {
	for _, v := range vectorsOf[injectVector](t, "inject") {
		t.Run(v.Name, func(t *testing.T) {
			t.Run("SNSBatch", func(t *testing.T) { v.check(t, v.snsBatch) })
			if len(v.Messages) == 1 {
				t.Run("SNS", func(t *testing.T) { v.check(t, v.sns) })
			}
			if v.TopicOnly {
				return
			}
			t.Run("SQSBatch", func(t *testing.T) { v.check(t, v.sqsBatch) })
			if len(v.Messages) == 1 {
				t.Run("SQS", func(t *testing.T) { v.check(t, v.sqs) })
			}
		})
	}
}

// check injects in one way and compares all that comes of it.
func (v injectVector) check(t *testing.T, inject func(*testing.T, *message.Injector) ([]values, error)) {
	t.Helper()
	reader := sdkmetric.NewManualReader()
	out, err := inject(t, message.NewInjector(message.Config{
		MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)), Logger: slog.New(slog.DiscardHandler),
		Budget: message.Budget{Attributes: v.Budget.Attributes, Bytes: v.Budget.Bytes},
	}))
	if refused, ok := errors.AsType[*message.TooManyAttributesError](err); ok && v.Refused != nil {
		if refused.EntryIDs != nil && !slices.Equal(refused.EntryIDs, v.Refused) {
			t.Errorf("%v are refused, want %v", refused.EntryIDs, v.Refused)
		}
		return
	}
	if err != nil || v.Refused != nil {
		t.Fatalf("error %v, want %v refused", err, v.Refused)
	}
	if !reflect.DeepEqual(out, v.Want) {
		t.Errorf("the attributes are\n%v, want\n%v", out, v.Want)
	}
	want := slices.SortedFunc(slices.Values(v.Dropped), byPart)
	if got := droppedBy(t, reader); !slices.Equal(got, want) {
		t.Errorf("dropped: %v, want %v", got, want)
	}
}

func byPart(a, b dropped) int { return cmp.Compare(a.Part, b.Part) }

// droppedBy are the parts that were counted, one for each time.
func droppedBy(t *testing.T, reader *sdkmetric.ManualReader) (all []dropped) {
	t.Helper()
	var found metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &found); err != nil {
		t.Fatal(err)
	}
	for _, scope := range found.ScopeMetrics {
		for _, m := range scope.Metrics {
			for _, p := range m.Data.(metricdata.Sum[int64]).DataPoints {
				part, _ := p.Attributes.Value(semconv.ContextPartKey)
				reason, _ := p.Attributes.Value(semconv.ReasonKey)
				for range p.Value {
					all = append(all, dropped{part.AsString(), reason.AsString()})
				}
			}
		}
	}
	slices.SortFunc(all, byPart)
	return all
}

// carrier is the context as headers have it, which every propagator reads.
func (s *sender) carrier() carrier {
	c := carrier{}
	if s == nil {
		return c
	}
	if s.TraceID != "" {
		c["traceparent"] = "00-" + s.TraceID + "-" + s.SpanID + "-" + s.Flags
	}
	for name, value := range map[string]string{"tracestate": s.Tracestate, "baggage": s.Baggage} {
		if value != "" {
			c[name] = value
		}
	}
	return c
}

// context is what the messages are sent with.
func (s *sender) context(t *testing.T) context.Context {
	t.Helper()
	if s == nil {
		return context.Background()
	}
	c := s.carrier()
	if s.TraceID == "" {
		return extracted(c)
	}
	// A program may set flags that no propagator would read.
	c["traceparent"] = "00-" + s.TraceID + "-" + s.SpanID + "-00"
	ctx := extracted(c)
	flags, err := strconv.ParseUint(s.Flags, 16, 8)
	if err != nil {
		t.Fatal(err)
	}
	sc := trace.SpanContextFromContext(ctx).WithTraceFlags(trace.TraceFlags(flags))
	return trace.ContextWithSpanContext(ctx, sc)
}

// call is the context of the call: with those of the messages, if they have any.
func (v injectVector) call(t *testing.T) context.Context {
	t.Helper()
	ctx := v.Context.context(t)
	own := make([]context.Context, len(v.Messages))
	some := false
	for i, m := range v.Messages {
		if m.Context != nil {
			own[i], some = m.Context.context(t), true
		}
	}
	if !some {
		return ctx
	}
	return message.WithEntries(ctx, own)
}

func (v injectVector) snsBatch(t *testing.T, i *message.Injector) ([]values, error) {
	t.Helper()
	entries := make([]snstypes.PublishBatchRequestEntry, len(v.Messages))
	for n, m := range v.Messages {
		entries[n] = snstypes.PublishBatchRequestEntry{
			Id: aws.String(strconv.Itoa(n)), Message: aws.String(strings.Repeat("x", m.BodyBytes)), MessageAttributes: snsAttributes(t, m.Attributes),
		}
		if m.Structured {
			entries[n].MessageStructure = aws.String("json")
		}
	}
	sent, err := i.SNSBatch(v.call(t), entries)
	out := make([]values, len(sent))
	for n := range sent {
		out[n] = snsValues(sent[n].MessageAttributes)
	}
	return out, err
}

func (v injectVector) sqsBatch(t *testing.T, i *message.Injector) ([]values, error) {
	t.Helper()
	entries := make([]sqstypes.SendMessageBatchRequestEntry, len(v.Messages))
	for n, m := range v.Messages {
		entries[n] = sqstypes.SendMessageBatchRequestEntry{
			Id: aws.String(strconv.Itoa(n)), MessageBody: aws.String(strings.Repeat("x", m.BodyBytes)), MessageAttributes: sqsAttributes(t, m.Attributes),
		}
	}
	sent, err := i.SQSBatch(v.call(t), entries)
	out := make([]values, len(sent))
	for n := range sent {
		out[n] = sqsValues(sent[n].MessageAttributes)
	}
	return out, err
}

func (v injectVector) sns(t *testing.T, i *message.Injector) ([]values, error) {
	t.Helper()
	m := v.Messages[0]
	sent, err := i.SNS(v.Context.context(t), snsAttributes(t, m.Attributes), m.BodyBytes)
	return []values{snsValues(sent)}, err
}

func (v injectVector) sqs(t *testing.T, i *message.Injector) ([]values, error) {
	t.Helper()
	m := v.Messages[0]
	sent, err := i.SQS(v.Context.context(t), sqsAttributes(t, m.Attributes), m.BodyBytes)
	return []values{sqsValues(sent)}, err
}

func snsAttributes(t *testing.T, all values) map[string]snstypes.MessageAttributeValue {
	t.Helper()
	to := make(map[string]snstypes.MessageAttributeValue, len(all))
	for name, a := range sqsAttributes(t, all) {
		to[name] = snstypes.MessageAttributeValue{DataType: a.DataType, StringValue: a.StringValue, BinaryValue: a.BinaryValue}
	}
	return to
}

func snsValues(all map[string]snstypes.MessageAttributeValue) values {
	converted := make(map[string]sqstypes.MessageAttributeValue, len(all))
	for name, a := range all {
		converted[name] = sqstypes.MessageAttributeValue{DataType: a.DataType, StringValue: a.StringValue, BinaryValue: a.BinaryValue}
	}
	return sqsValues(converted)
}
