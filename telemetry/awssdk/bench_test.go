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

// clients returns a client without and one with instrumentation, and a tracer.
func clients() (bare, instrumented *sns.Client, tracer trace.Tracer) {
	cfg := aws.Config{
		Region: "eu-west-1", HTTPClient: nowhere,
		Credentials: credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
	}
	bare = sns.NewFromConfig(cfg)
	tp := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(dropped{}))
	awssdk.Instrument(&cfg, awssdk.Config{
		TracerProvider: tp,
		MeterProvider:  metric.NewMeterProvider(metric.WithReader(metric.NewManualReader())),
	})
	return bare, sns.NewFromConfig(cfg), tp.Tracer("bench")
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
// attributes. A message costs 10: 6 for its span, which is what OpenTelemetry's
// SDK takes for one with attributes at its start and at its end, and 4 for the
// injection, one of which a batch shares. The call costs 11 of a batch, and 5
// of a single message.
func TestInstrument_Allocations_AreFewPerMessage(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	bare, instrumented, tracer := clients()
	check := func(name string, most float64, ours, theirs func()) {
		if n := testing.AllocsPerRun(100, ours) - testing.AllocsPerRun(100, theirs); n > most {
			t.Errorf("%s: %.0f allocations are added, want %.0f at most", name, n, most)
		}
	}
	ctx, _ := tracer.Start(context.Background(), "request")
	in := &sns.PublishInput{TopicArn: new(topicARN), Message: new("message")}
	same := *in
	same.MessageAttributes = map[string]snstypes.MessageAttributeValue{"traceparent": text(custom)}
	check("single", 15,
		func() { _, _ = instrumented.Publish(ctx, in) },
		func() { _, _ = bare.Publish(ctx, &same) })
	for n, most := range map[int]float64{1: 21, 10: 102} {
		ctx, in := batchOf(n, tracer)
		same := carrying(in)
		check("batch of "+strconv.Itoa(n), most,
			func() { _, _ = instrumented.PublishBatch(ctx, in) },
			func() { _, _ = bare.PublishBatch(ctx, same) })
	}
}

// The bare client sends the same attributes as the instrumented one.
func BenchmarkPublishBatch(b *testing.B) {
	bare, instrumented, tracer := clients()
	for _, n := range []int{1, 10} {
		ctx, in := batchOf(n, tracer)
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
