package awssdk_test

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/awssdk"
	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
	"github.com/tracehaul/tracehaul/telemetry/internal/span"
	"github.com/tracehaul/tracehaul/telemetry/message"
)

// nowhere answers every request at once, without a network.
var nowhere = clientFunc(func(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	action, result := "Publish", "<MessageId>id</MessageId>"
	if strings.Contains(string(body), "Action=PublishBatch") {
		action, result = "PublishBatch", "<Successful>"+tenConfirmed+"</Successful>"
	}
	return &http.Response{
		StatusCode: http.StatusOK,
		Header:     http.Header{"Content-Type": {"text/xml"}, "X-Amzn-Requestid": {request}},
		Body:       io.NopCloser(strings.NewReader(snsAnswer(action, result).body)),
		Request:    r,
	}, nil
})

var tenConfirmed = func() string {
	var b strings.Builder
	for i := range 10 {
		b.WriteString("<member><Id>" + strconv.Itoa(i) + "</Id><MessageId>id</MessageId></member>")
	}
	return b.String()
}()

// dropped is a span processor that does nothing.
type dropped struct{}

func (dropped) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (dropped) OnEnd(sdktrace.ReadOnlySpan)                     {}
func (dropped) Shutdown(context.Context) error                  { return nil }
func (dropped) ForceFlush(context.Context) error                { return nil }

// nothing is a sink of spans that costs nothing.
type nothing struct{}

func (nothing) Add(otlp.Span)                  {}
func (nothing) AddAll([]otlp.Span)             {}
func (nothing) Flush(context.Context) error    { return nil }
func (nothing) Shutdown(context.Context) error { return nil }

// providers are the one that telemetry.Setup makes, and the SDK's.
func providers() (ours, stock trace.TracerProvider) {
	ours = span.New(span.Config{Sampler: span.Known(sdktrace.AlwaysSample()), Limits: sdktrace.NewSpanLimits(), Sink: nothing{}})
	return ours, sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(dropped{}))
}

// clients returns a client without and one with instrumentation.
func clients(tp trace.TracerProvider) (bare, instrumented *sns.Client) {
	cfg := aws.Config{
		Region: "eu-west-1", HTTPClient: nowhere,
		Credentials: credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
	}
	bare = sns.NewFromConfig(cfg)
	awssdk.Instrument(&cfg, awssdk.Config{
		TracerProvider: tp,
		MeterProvider:  metric.NewMeterProvider(metric.WithReader(metric.NewManualReader())),
	})
	return bare, sns.NewFromConfig(cfg)
}

// batchOf returns a batch of n entries, with a context for each that is in a
// trace of its own.
func batchOf(n int, tracer trace.Tracer) (context.Context, *sns.PublishBatchInput) {
	in := &sns.PublishBatchInput{TopicArn: new(topicARN)}
	contexts := make([]context.Context, n)
	for i := range n {
		contexts[i], _ = tracer.Start(context.Background(), "request")
		in.PublishBatchRequestEntries = append(in.PublishBatchRequestEntries, snstypes.PublishBatchRequestEntry{
			Id: new(strconv.Itoa(i)), Message: new("message"),
			MessageAttributes: map[string]snstypes.MessageAttributeValue{"kind": text("order")},
		})
	}
	return message.WithEntries(context.Background(), contexts), in
}

// carrying adds to every entry what the injector would: what the SDK spends
// on sending an attribute is not ours.
func carrying(in *sns.PublishBatchInput) *sns.PublishBatchInput {
	out := &sns.PublishBatchInput{TopicArn: in.TopicArn}
	for _, e := range in.PublishBatchRequestEntries {
		e.MessageAttributes = map[string]snstypes.MessageAttributeValue{"kind": text("order"), "traceparent": text(custom)}
		out.PublishBatchRequestEntries = append(out.PublishBatchRequestEntries, e)
	}
	return out
}

// What a call costs beyond the same call of a bare client that sends the same
// attributes: 3 for a message, one of which is its span and two are its map of
// attributes, which message.WithOwnEntries saves, and some for the call. With
// the SDK's spans a message takes 14 more.
func TestInstrument_Allocations_AreFewPerMessage(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	ours, stock := providers()
	for _, tt := range []struct {
		name             string
		provider         trace.TracerProvider
		single, one, ten float64
	}{
		{"ours", ours, 9, 13, 40},
		{"stock", stock, 21, 26, 170},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bare, instrumented := clients(tt.provider)
			tracer := tt.provider.Tracer("test")
			check := func(name string, most float64, ours, theirs func()) {
				n := testing.AllocsPerRun(100, ours) - testing.AllocsPerRun(100, theirs)
				t.Logf("%s: %v allocations are added", name, n)
				if n > most {
					t.Errorf("%s: %.0f allocations are added, want %.0f at most", name, n, most)
				}
			}
			ctx, _ := tracer.Start(context.Background(), "request")
			in := &sns.PublishInput{TopicArn: new(topicARN), Message: new("message")}
			same := *in
			same.MessageAttributes = map[string]snstypes.MessageAttributeValue{"traceparent": text(custom)}
			check("single", tt.single,
				func() { _, _ = instrumented.Publish(ctx, in) },
				func() { _, _ = bare.Publish(ctx, &same) })
			for n, most := range map[int]float64{1: tt.one, 10: tt.ten} {
				ctx, in := batchOf(n, tracer)
				same := carrying(in)
				check("batch of "+strconv.Itoa(n), most,
					func() { _, _ = instrumented.PublishBatch(ctx, in) },
					func() { _, _ = bare.PublishBatch(ctx, same) })
			}
		})
	}
}

// The bare client sends the same attributes as the instrumented one.
func BenchmarkPublishBatch(b *testing.B) {
	ours, _ := providers()
	bare, instrumented := clients(ours)
	for _, n := range []int{1, 10} {
		ctx, in := batchOf(n, ours.Tracer("bench"))
		same := carrying(in)
		run := func(b *testing.B, client *sns.Client, in *sns.PublishBatchInput) {
			b.Helper()
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.PublishBatch(ctx, in); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.Run("instrumented/"+strconv.Itoa(n), func(b *testing.B) { run(b, instrumented, in) })
		b.Run("bare/"+strconv.Itoa(n), func(b *testing.B) { run(b, bare, same) })
	}
}
