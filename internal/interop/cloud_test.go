package interop_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
	"github.com/tracehaul/tracehaul/telemetry/awssdk"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// What the tests begin with: another trace than any in the vectors.
const (
	traceID     = "5b8efff798038103d269b633813fc60c"
	callerID    = "eee19b7ec3c1b174"
	traceparent = "00-" + traceID + "-" + callerID + "-01"
	unsampled   = "00-" + traceID + "-" + callerID + "-00"
	tracestate  = "vendor=value"
	tenant      = "tenant=acme"
)

// bundle is a topic and two queues of the test's own, one with raw delivery and
// one without, and instrumented clients.
type bundle struct {
	topic, raw, enveloped string // ARN, URLs
	sns                   *sns.Client
	sqs                   *sqs.Client
	cfg                   aws.Config
	tracers               *sdktrace.TracerProvider
	spans                 *tracetest.InMemoryExporter
}

func setup(t *testing.T) *bundle {
	t.Helper()
	name := "t" + trace.SpanContextFromContext(newTrace()).SpanID().String()
	topic, err := shared.broker.CreateTopic(name)
	if err != nil {
		t.Fatal(err)
	}
	b := &bundle{topic: topic, spans: tracetest.NewInMemoryExporter()}
	for queue, url := range map[string]*string{name + "-raw": &b.raw, name + "-enveloped": &b.enveloped} {
		if _, err := shared.broker.CreateQueue(messaging.QueueConfig{Name: queue}); err != nil {
			t.Fatal(err)
		}
		if _, err := shared.broker.Subscribe(messaging.SubscriptionConfig{Topic: name, Queue: queue, RawMessageDelivery: url == &b.raw}); err != nil {
			t.Fatal(err)
		}
		*url = shared.sqsURL + "/000000000000/" + queue
	}
	b.tracers = sdktrace.NewTracerProvider(sdktrace.WithSyncer(b.spans),
		sdktrace.WithSampler(xray.Sampler(sdktrace.ParentBased(sdktrace.AlwaysSample()))))
	b.cfg = aws.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")}
	awssdk.Instrument(&b.cfg, awssdk.Config{TracerProvider: b.tracers, Logger: slog.New(slog.DiscardHandler)})
	b.sns = sns.NewFromConfig(b.cfg, func(o *sns.Options) { o.BaseEndpoint = &shared.snsURL })
	b.sqs = sqs.NewFromConfig(b.cfg, func(o *sqs.Options) { o.BaseEndpoint = &shared.sqsURL })
	return b
}

// newTrace is a context in a trace of its own.
func newTrace() context.Context {
	ctx, span := sdktrace.NewTracerProvider().Tracer("interop").Start(context.Background(), "new")
	span.End()
	return ctx
}

// extracted is the context of W3C's headers.
func extracted(carrier map[string]string) context.Context {
	return propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}).
		Extract(context.Background(), propagation.MapCarrier(carrier))
}

// receive takes at least n messages from a queue, which are on their way, with
// the attributes of these names and those that the instrumentation asks for.
func (b *bundle) receive(t *testing.T, queue string, n int, names ...string) []sqstypes.Message {
	t.Helper()
	var got []sqstypes.Message
	for len(got) < n {
		out, err := b.sqs.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: &queue, MaxNumberOfMessages: 10, WaitTimeSeconds: 20, MessageAttributeNames: names,
			MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"All"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			t.Fatalf("%d messages came, want %d", len(got), n)
		}
		for _, m := range out.Messages {
			if _, err := b.sqs.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: &queue, ReceiptHandle: m.ReceiptHandle}); err != nil {
				t.Fatal(err)
			}
		}
		got = append(got, out.Messages...)
	}
	return got
}

// record is a message as Lambda's event source mapping hands it over ("Using
// Lambda with Amazon SQS", the example event).
func record(m sqstypes.Message) events.SQSMessage {
	r := events.SQSMessage{
		MessageId: aws.ToString(m.MessageId), ReceiptHandle: aws.ToString(m.ReceiptHandle), Body: aws.ToString(m.Body),
		Attributes: m.Attributes, MessageAttributes: make(map[string]events.SQSMessageAttribute),
		EventSource: "aws:sqs", EventSourceARN: "arn:aws:sqs:eu-west-1:000000000000:interop", AWSRegion: "eu-west-1",
	}
	for name, a := range m.MessageAttributes {
		r.MessageAttributes[name] = events.SQSMessageAttribute{
			StringValue: a.StringValue, BinaryValue: a.BinaryValue, DataType: aws.ToString(a.DataType),
		}
	}
	return r
}

// baggageOf is the baggage of a context as a map.
func baggageOf(ctx context.Context) map[string]string {
	found := map[string]string{}
	for _, m := range baggage.FromContext(ctx).Members() {
		found[m.Key()] = m.Value()
	}
	return found
}

// nothing is a propagator that carries nothing.
type nothing struct{}

func (nothing) Inject(context.Context, propagation.TextMapCarrier) {}
func (nothing) Fields() []string                                   { return nil }
func (nothing) Extract(ctx context.Context, _ propagation.TextMapCarrier) context.Context {
	return ctx
}
