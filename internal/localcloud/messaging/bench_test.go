package messaging

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// benchmarkEvent is about what the service publishes: 1 KiB and six attributes.
func benchmarkEvent() (body string, attributes map[string]snstypes.MessageAttributeValue) {
	attributes = make(map[string]snstypes.MessageAttributeValue)
	for name, value := range map[string]string{
		"traceparent": "00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01", "tracestate": "vendor=value",
		"event-type": "com.example.order.placed", "event-source": "//shop.example/orders",
		"accepted-at": "2026-11-24T02:15:04.123456789Z", "alb-root": "1-5759e988-bd862e3fe1be46a994272793",
	} {
		attributes[name] = snstypes.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(value)}
	}
	return `{"specversion":"1.0","id":"1","data":{"lines":["` + strings.Repeat("0123456789abcdef", 60) + `"]}}`, attributes
}

// BenchmarkPipeline takes messages all the way, over loopback and with the SDK
// clients: published in tens, received in tens, deleted in tens. The rate is
// that of both ends and all three calls on one machine.
func BenchmarkPipeline(b *testing.B) {
	for _, raw := range []bool{true, false} {
		b.Run("raw="+strconv.FormatBool(raw), func(b *testing.B) {
			bundle := setupBound(b, Config{})
			arn, url, _ := bundle.topic("topic", SubscriptionConfig{RawMessageDelivery: raw})
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			const ends = 4 // of each kind
			for i := range ends {
				wg.Go(func() { publishAll(b, bundle, arn, (b.N+i)/ends) })
			}
			var received atomic.Int64
			ctx, done := context.WithCancel(bundle.ctx)
			defer done()
			for range ends {
				wg.Go(func() {
					for ctx.Err() == nil {
						if received.Add(drain(ctx, b, bundle, url)) >= int64(b.N) {
							done()
						}
					}
				})
			}
			wg.Wait()
			if got := received.Load(); got != int64(b.N) {
				b.Errorf("received %d messages, want %d", got, b.N)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

func publishAll(tb testing.TB, b *bundle, arn string, n int) {
	tb.Helper()
	body, attributes := benchmarkEvent()
	for sent := 0; sent < n; {
		in := &sns.PublishBatchInput{TopicArn: &arn}
		for i := 0; i < 10 && sent < n; i++ {
			in.PublishBatchRequestEntries = append(in.PublishBatchRequestEntries, snstypes.PublishBatchRequestEntry{
				Id: aws.String(strconv.Itoa(i)), Message: &body, MessageAttributes: attributes,
			})
			sent++
		}
		if out, err := b.sns.PublishBatch(b.ctx, in); err != nil || len(out.Failed) > 0 {
			tb.Errorf("publishing: %v", err)
			return
		}
	}
}

func drain(ctx context.Context, tb testing.TB, b *bundle, url string) int64 {
	tb.Helper()
	out, err := b.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &url, MaxNumberOfMessages: 10, WaitTimeSeconds: 20, MessageAttributeNames: []string{"All"},
		MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"All"},
	})
	if ctx.Err() != nil || err == nil && len(out.Messages) == 0 {
		return 0
	}
	if err != nil {
		tb.Errorf("receiving: %v", err)
		return 1 << 40
	}
	in := &sqs.DeleteMessageBatchInput{QueueUrl: &url}
	for i, m := range out.Messages {
		in.Entries = append(in.Entries, sqstypes.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle})
	}
	if _, err := b.sqs.DeleteMessageBatch(b.ctx, in); err != nil {
		tb.Errorf("deleting: %v", err)
	}
	return int64(len(out.Messages))
}

// BenchmarkHandlers measures the broker alone: requests as the SDK writes them
// go straight to the handlers. One operation is one batch of ten.
func BenchmarkHandlers(b *testing.B) {
	capture := &recorder{}
	client := newBundle(b, New(Config{}), capture, "http://sns", "http://sqs")
	broker := New(Config{})
	defer broker.Close()
	arn, _ := broker.CreateTopic("topic")
	url, _ := broker.CreateQueue(QueueConfig{Name: "topic"})
	if _, err := broker.Subscribe(SubscriptionConfig{Topic: "topic", Queue: "topic", RawMessageDelivery: true}); err != nil {
		b.Fatal(err)
	}
	publishAll(nopTB{b}, client, arn, 10)
	publish := capture.last
	_, _ = client.sqs.ReceiveMessage(client.ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &url, MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"All"},
	})
	receive := capture.last
	h := map[string]http.Handler{"publish": broker.SNS(), "receive": broker.SQS()}
	for b.Loop() {
		publish.do(b, h["publish"])
		got := receive.do(b, h["receive"])
		var body bytes.Buffer
		body.WriteString(`{"Entries":[`)
		for i, part := range bytes.Split(got, []byte(`"ReceiptHandle":"`))[1:] {
			if i > 0 {
				body.WriteByte(',')
			}
			fmt.Fprintf(&body, `{"Id":"%d","ReceiptHandle":"%s"}`, i, part[:28])
		}
		fmt.Fprintf(&body, `],"QueueUrl":%q}`, url)
		request{header: http.Header{"X-Amz-Target": {"AmazonSQS.DeleteMessageBatch"}}, body: body.Bytes()}.do(b, h["receive"])
	}
	if depth, _ := broker.QueueDepth("topic"); depth.Visible+depth.InFlight != 0 {
		b.Errorf("messages are left: %+v", depth)
	}
	b.ReportMetric(10*float64(b.N)/b.Elapsed().Seconds(), "messages/s")
}

// nopTB lets a capture fail.
type nopTB struct{ testing.TB }

func (nopTB) Errorf(string, ...any) {}

// request is a request as the SDK wrote it.
type request struct {
	header http.Header
	body   []byte
}

func (r request) do(tb testing.TB, h http.Handler) []byte {
	tb.Helper()
	in := httptest.NewRequest(http.MethodPost, "http://localhost/", bytes.NewReader(r.body))
	in.Header = r.header
	w := httptest.NewRecorder()
	h.ServeHTTP(w, in)
	if w.Code != http.StatusOK {
		tb.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// recorder is an HTTP client that keeps the last request and answers nothing of use.
type recorder struct{ last request }

func (c *recorder) Do(r *http.Request) (*http.Response, error) {
	var body bytes.Buffer
	if _, err := body.ReadFrom(r.Body); err != nil {
		return nil, err
	}
	c.last = request{header: r.Header, body: body.Bytes()}
	return &http.Response{StatusCode: http.StatusBadRequest, Body: http.NoBody, Header: http.Header{}}, nil
}
