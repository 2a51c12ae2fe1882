package awssdk_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/awssdk"
)

const (
	topicARN = "arn:aws:sns:eu-west-1:123456789012:events"
	queueURL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
	request  = "5f4c6d1e-0000-4000-8000-000000000001"
)

// received is a request as the server got it.
type received struct {
	action string // Publish, SendMessage, ...
	header http.Header
	body   string
	form   url.Values     // SNS's
	json   map[string]any // SQS's and others'
}

// attribute returns the value of an attribute of entry n of a batch, or of
// the message when n is 0, from SNS's form.
func (r received) attribute(n int, name string) string {
	prefix := "MessageAttributes.entry."
	if n > 0 {
		prefix = "PublishBatchRequestEntries.member." + strconv.Itoa(n) + "." + prefix
	}
	for i := 1; i <= 20; i++ {
		if at := prefix + strconv.Itoa(i); r.form.Get(at+".Name") == name {
			return r.form.Get(at + ".Value.StringValue")
		}
	}
	return ""
}

// answer is what the server says to a request.
type answer struct {
	status int // 200 when zero
	body   string
	header map[string]string
}

type bundle struct {
	cfg    aws.Config
	server *httptest.Server
	spans  *tracetest.SpanRecorder
	tracer trace.Tracer
	reader *metric.ManualReader

	mu       sync.Mutex
	requests []received
}

// setup starts a server that answers in AWS's place, and instruments a
// configuration that leads to it.
func setup(t *testing.T, c awssdk.Config, respond func(n int, r received) answer) *bundle {
	t.Helper()
	b := newBundle(t, &c, respond)
	awssdk.Instrument(&b.cfg, c)
	return b
}

// newBundle is setup without the instrumentation. It fills c.
func newBundle(t *testing.T, c *awssdk.Config, respond func(n int, r received) answer) *bundle {
	t.Helper()
	b := &bundle{spans: tracetest.NewSpanRecorder(), reader: metric.NewManualReader()}
	tp := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(b.spans))
	b.tracer = tp.Tracer("test")
	c.TracerProvider = tp
	c.MeterProvider = metric.NewMeterProvider(metric.WithReader(b.reader))
	b.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		r := read(hr)
		b.mu.Lock()
		b.requests = append(b.requests, r)
		n := len(b.requests)
		b.mu.Unlock()
		a := respond(n, r)
		w.Header().Set("X-Amzn-Requestid", request)
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		if r.header.Get("Smithy-Protocol") != "" {
			w.Header().Set("Smithy-Protocol", r.header.Get("Smithy-Protocol"))
			w.Header().Set("Content-Type", "application/cbor")
		}
		for k, v := range a.header {
			w.Header().Set(k, v)
		}
		if a.status != 0 {
			w.WriteHeader(a.status)
		}
		_, _ = io.WriteString(w, a.body)
	}))
	t.Cleanup(b.server.Close)
	b.cfg = aws.Config{
		Region:       "eu-west-1",
		Credentials:  credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
		BaseEndpoint: aws.String(b.server.URL),
		HTTPClient:   b.server.Client(),
		Retryer: func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) {
				o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
			})
		},
	}
	return b
}

func read(hr *http.Request) received {
	body, _ := io.ReadAll(hr.Body)
	r := received{header: hr.Header, body: string(body)}
	switch {
	case hr.Header.Get("X-Amz-Target") != "":
		_, r.action, _ = strings.Cut(hr.Header.Get("X-Amz-Target"), ".")
		_ = json.Unmarshal(body, &r.json)
	case strings.HasPrefix(hr.Header.Get("Content-Type"), "application/x-www-form-urlencoded"):
		r.form, _ = url.ParseQuery(string(body))
		r.action = r.form.Get("Action")
	default:
		r.action = hr.URL.Path[strings.LastIndexByte(hr.URL.Path, '/')+1:]
	}
	return r
}

// snsOK answers any action of SNS that the tests use.
func snsOK(r received) answer {
	result := "<MessageId>sns-message-1</MessageId>"
	if r.action == "PublishBatch" {
		var members strings.Builder
		for i := 1; ; i++ {
			id := r.form.Get("PublishBatchRequestEntries.member." + strconv.Itoa(i) + ".Id")
			if id == "" {
				break
			}
			members.WriteString("<member><Id>" + id + "</Id><MessageId>sns-" + id + "</MessageId></member>")
		}
		result = "<Successful>" + members.String() + "</Successful><Failed></Failed>"
	}
	return snsAnswer(r.action, result)
}

func snsAnswer(action, result string) answer {
	return answer{
		body: "<" + action + "Response xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><" + action + "Result>" + result +
			"</" + action + "Result><ResponseMetadata><RequestId>" + request + "</RequestId></ResponseMetadata></" + action + "Response>",
		header: map[string]string{"Content-Type": "text/xml"},
	}
}

func snsError(status int, code, message string) answer {
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(message))
	return answer{
		status: status,
		body: "<ErrorResponse><Error><Type>Sender</Type><Code>" + code + "</Code><Message>" + escaped.String() +
			"</Message></Error><RequestId>" + request + "</RequestId></ErrorResponse>",
		header: map[string]string{"Content-Type": "text/xml"},
	}
}

func sqsError(status int, code string) answer {
	return answer{status: status, body: `{"__type":"com.amazonaws.sqs#` + code + `","message":"no"}`}
}

func (b *bundle) received(t *testing.T, n int) []received {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.requests) != n {
		t.Fatalf("%d requests arrived, want %d", len(b.requests), n)
	}
	return b.requests
}

// span returns the one span of a name, without which the test cannot go on.
func (b *bundle) span(t *testing.T, name string) sdktrace.ReadOnlySpan {
	t.Helper()
	var found []sdktrace.ReadOnlySpan
	var names []string
	for _, s := range b.spans.Ended() {
		names = append(names, s.Name())
		if s.Name() == name {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		t.Fatalf("spans are %q, want one %q", names, name)
	}
	return found[0]
}

// attributes returns a span's attributes as text.
func attributes(s sdktrace.ReadOnlySpan) map[string]string {
	out := map[string]string{}
	for _, a := range s.Attributes() {
		out[string(a.Key)] = a.Value.String()
	}
	return out
}

// points returns what was counted by a metric: number of recordings or sum,
// by attributes.
func (b *bundle) points(t *testing.T, name string) map[string]int64 {
	t.Helper()
	var rm metricdata.ResourceMetrics
	if err := b.reader.Collect(context.Background(), &rm); err != nil {
		t.Fatalf("Collect: %v", err)
	}
	out := map[string]int64{}
	for _, sm := range rm.ScopeMetrics {
		for _, m := range sm.Metrics {
			if m.Name != name {
				continue
			}
			switch data := m.Data.(type) {
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					out[encode(p.Attributes)] += int64(p.Count)
				}
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					out[encode(p.Attributes)] += p.Value
				}
			}
		}
	}
	return out
}

func encode(set attribute.Set) string { return set.Encoded(attribute.DefaultEncoder()) }

// parts of metrics' attributes.
const (
	snsSend = "messaging.destination.name=events,messaging.operation.name=send,messaging.operation.type=send,messaging.system=aws.sns"
	sqsSend = "messaging.destination.name=orders,messaging.operation.name=send,messaging.operation.type=send,messaging.system=aws_sqs"
)

type middlewareStack = middleware.Stack

// setHeader sets a header of every request before it is signed.
func setHeader(name, value string) func(*middleware.Stack) error {
	return func(stack *middleware.Stack) error {
		return stack.Build.Add(middleware.BuildMiddlewareFunc("setHeader", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (
			middleware.BuildOutput, middleware.Metadata, error,
		) {
			if r, ok := in.Request.(*smithyhttp.Request); ok {
				r.Header.Set(name, value)
			}
			return next.HandleBuild(ctx, in)
		}), middleware.After)
	}
}
