package messaging

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"go.uber.org/goleak"

	"github.com/tracehaul/tracehaul/internal/inprocess"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is a broker and the real SDK clients that talk to it.
type bundle struct {
	tb     testing.TB
	ctx    context.Context // of the test
	broker *Broker
	sns    *sns.Client
	sqs    *sqs.Client

	background sync.WaitGroup // what later started
}

// later does f after a while. The test has to wait for background, since its
// context ends with it.
func (b *bundle) later(d time.Duration, f func()) {
	b.background.Go(func() {
		time.Sleep(d)
		f()
	})
}

// setupBound binds a broker to loopback, for what is about connections.
func setupBound(tb testing.TB, c Config) *bundle {
	tb.Helper()
	broker := New(c)
	transport := &http.Transport{MaxIdleConnsPerHost: 100}
	serve := func(h http.Handler) string {
		server := httptest.NewServer(h)
		tb.Cleanup(server.Close)
		return server.URL
	}
	snsURL, sqsURL := serve(broker.SNS()), serve(broker.SQS())
	tb.Cleanup(transport.CloseIdleConnections)
	tb.Cleanup(broker.Close) // first, so that nothing waits
	return newBundle(tb, broker, &http.Client{Transport: transport}, snsURL, sqsURL)
}

// setup has the clients call the handlers in their own goroutine: in a synctest
// bubble time stands still while something happens.
func setup(tb testing.TB, c Config) *bundle {
	tb.Helper()
	broker := New(c)
	tb.Cleanup(broker.Close)
	return newBundle(tb, broker, inprocess.Client{"sns": broker.SNS(), "sqs": broker.SQS()}, "http://sns", "http://sqs")
}

func newBundle(tb testing.TB, broker *Broker, client aws.HTTPClient, snsURL, sqsURL string) *bundle {
	tb.Helper()
	cfg := aws.Config{
		Region:      "eu-west-1",
		Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient:  client,
	}
	return &bundle{
		tb: tb, ctx: tb.Context(), broker: broker,
		sns: sns.NewFromConfig(cfg, func(o *sns.Options) { o.BaseEndpoint = &snsURL; o.RetryMaxAttempts = 1 }),
		sqs: sqs.NewFromConfig(cfg, func(o *sqs.Options) { o.BaseEndpoint = &sqsURL; o.RetryMaxAttempts = 1 }),
	}
}

// queue makes a queue and returns its URL.
func (b *bundle) queue(c QueueConfig) string {
	b.tb.Helper()
	if _, err := b.broker.CreateQueue(c); err != nil {
		b.tb.Fatal(err)
	}
	return b.broker.QueueURL(c.Name)
}

// topic makes a topic that one queue is subscribed to, both of that name, and
// returns their addresses.
func (b *bundle) topic(name string, c SubscriptionConfig) (topicARN, queueURL, subscriptionARN string) {
	b.tb.Helper()
	topicARN, err := b.broker.CreateTopic(name)
	if err != nil {
		b.tb.Fatal(err)
	}
	queueURL = b.queue(QueueConfig{Name: name})
	c.Topic, c.Queue = name, name
	if subscriptionARN, err = b.broker.Subscribe(c); err != nil {
		b.tb.Fatal(err)
	}
	return topicARN, queueURL, subscriptionARN
}

func (b *bundle) send(url, body string) *sqs.SendMessageOutput {
	b.tb.Helper()
	out, err := b.sqs.SendMessage(b.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body})
	if err != nil {
		b.tb.Fatal(err)
	}
	return out
}

// receive receives up to ten messages with all there is to know of them.
func (b *bundle) receive(url string) []sqstypes.Message {
	b.tb.Helper()
	return b.receiveWith(&sqs.ReceiveMessageInput{
		QueueUrl: &url, MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"},
		MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"All"},
	})
}

func (b *bundle) receiveWith(in *sqs.ReceiveMessageInput) []sqstypes.Message {
	b.tb.Helper()
	out, err := b.sqs.ReceiveMessage(b.ctx, in)
	if err != nil {
		b.tb.Fatal(err)
	}
	return out.Messages
}

// receiveOne wants exactly one message.
func (b *bundle) receiveOne(url string) sqstypes.Message {
	b.tb.Helper()
	messages := b.receive(url)
	if len(messages) != 1 {
		b.tb.Fatalf("received %d messages, want 1", len(messages))
	}
	return messages[0]
}

func (b *bundle) depth(queue string) QueueDepth {
	b.tb.Helper()
	depth, err := b.broker.QueueDepth(queue)
	if err != nil {
		b.tb.Fatal(err)
	}
	return depth
}

// wantDepth compares the counts, not the size.
func (b *bundle) wantDepth(queue string, want QueueDepth) {
	b.tb.Helper()
	got := b.depth(queue)
	if want.SizeBytes = got.SizeBytes; got != want {
		b.tb.Errorf("%s holds %+v, want %+v", queue, got, want)
	}
}

// wantCode wants an error of that code, as the SDK tells it.
func wantCode(tb testing.TB, err error, code string) {
	tb.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) {
		tb.Fatalf("got %v, want %s", err, code)
	}
	if api.ErrorCode() != code {
		tb.Fatalf("got code %s (%s), want %s", api.ErrorCode(), api.ErrorMessage(), code)
	}
}

// wantError wants an error of a type of the SDK.
func wantError[E error](tb testing.TB, err error) {
	tb.Helper()
	if typed := *new(E); !errors.As(err, &typed) {
		tb.Fatalf("got %v, want a %T", err, typed)
	}
}

func stringAttributes(n int) map[string]sqstypes.MessageAttributeValue {
	attributes := make(map[string]sqstypes.MessageAttributeValue, n)
	for i := range n {
		attributes["a"+strconv.Itoa(i)] = sqstypes.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String("v")}
	}
	return attributes
}

func snsAttributes(n int) map[string]snstypes.MessageAttributeValue {
	attributes := make(map[string]snstypes.MessageAttributeValue, n)
	for i := range n {
		attributes["a"+strconv.Itoa(i)] = snstypes.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String("v")}
	}
	return attributes
}

func seconds64(d time.Duration) int32 { return int32(d / time.Second) }

func letters(n int) *string { return aws.String(strings.Repeat("x", n)) }

// withHeader and withSNSHeader add a header to a call.
func withHeader(key, value string) func(*sqs.Options) {
	return func(o *sqs.Options) { o.APIOptions = append(o.APIOptions, smithyhttp.AddHeaderValue(key, value)) }
}

func withSNSHeader(key, value string) func(*sns.Options) {
	return func(o *sns.Options) { o.APIOptions = append(o.APIOptions, smithyhttp.AddHeaderValue(key, value)) }
}
