package service

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"

	"github.com/tracehaul/tracehaul/telemetry/xray"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testTopic = "arn:aws:sns:eu-west-1:000000000000:dev-shop-orders"

// fakeSNS is an SNS that confirms everything, until answer says otherwise.
type fakeSNS struct {
	// latency is how long a call takes.
	latency time.Duration

	// answer, if set, answers call n, counted from 1. A nil output with a nil
	// error means: confirm.
	answer func(ctx context.Context, n int, in *sns.PublishBatchInput) (*sns.PublishBatchOutput, error)

	mu       sync.Mutex
	calls    [][]snstypes.PublishBatchRequestEntry
	times    []time.Time
	inFlight int
	most     int // the most calls at once
}

func (f *fakeSNS) PublishBatch(ctx context.Context, in *sns.PublishBatchInput, _ ...func(*sns.Options)) (*sns.PublishBatchOutput, error) {
	f.mu.Lock()
	f.calls, f.times = append(f.calls, in.PublishBatchRequestEntries), append(f.times, time.Now())
	n := len(f.calls)
	f.inFlight++
	f.most = max(f.most, f.inFlight)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.inFlight--
	}()
	if f.latency > 0 && !sleep(ctx, f.latency) {
		return nil, ctx.Err()
	}
	if f.answer != nil {
		if out, err := f.answer(ctx, n, in); out != nil || err != nil {
			return out, err
		}
	}
	return confirm(in), nil
}

// confirm takes every entry of a call.
func confirm(in *sns.PublishBatchInput) *sns.PublishBatchOutput {
	out := &sns.PublishBatchOutput{}
	for _, e := range in.PublishBatchRequestEntries {
		out.Successful = append(out.Successful, snstypes.PublishBatchResultEntry{Id: e.Id, MessageId: aws.String("m-" + *e.Id)})
	}
	return out
}

// failing takes every entry of a call but some.
func failing(in *sns.PublishBatchInput, code string, senderFault bool, fails func(body string) bool) *sns.PublishBatchOutput {
	out := &sns.PublishBatchOutput{}
	for _, e := range in.PublishBatchRequestEntries {
		if fails(*e.Message) {
			out.Failed = append(out.Failed, snstypes.BatchResultErrorEntry{
				Id: e.Id, Code: &code, SenderFault: senderFault, Message: aws.String("as the test wants it"),
			})
			continue
		}
		out.Successful = append(out.Successful, snstypes.PublishBatchResultEntry{Id: e.Id})
	}
	return out
}

// sizes are the numbers of entries of the calls so far.
func (f *fakeSNS) sizes() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	sizes := make([]int, len(f.calls))
	for i, c := range f.calls {
		sizes[i] = len(c)
	}
	return sizes
}

// bodies are the messages published so far.
func (f *fakeSNS) bodies() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var bodies []string
	for _, c := range f.calls {
		for _, e := range c {
			bodies = append(bodies, *e.Message)
		}
	}
	return bodies
}

// bundle is a service with everything around it within a test's reach.
type bundle struct {
	*Service

	sns     *fakeSNS
	spans   *tracetest.SpanRecorder
	metrics *sdkmetric.ManualReader
	log     *lockedBuffer
}

// setup makes a service on a fake SNS with every request sampled.
func setup(tb testing.TB, change ...func(*Config)) *bundle {
	tb.Helper()
	b := &bundle{sns: &fakeSNS{}, spans: tracetest.NewSpanRecorder(), metrics: sdkmetric.NewManualReader(), log: &lockedBuffer{}}
	c := Config{
		TopicARN: testTopic,
		SNS:      b.sns,
		Source:   "https://shop.example/web",
		Type:     "com.example.order.placed",
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(b.spans),
			sdktrace.WithSampler(xray.Sampler(sdktrace.AlwaysSample()))),
		MeterProvider: sdkmetric.NewMeterProvider(sdkmetric.WithReader(b.metrics)),
		Propagator: propagation.NewCompositeTextMapPropagator(
			propagation.TraceContext{}, propagation.Baggage{}, xray.Propagator{}),
		Logger: slog.New(slog.NewJSONHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, f := range change {
		f(&c)
	}
	if f, ok := c.SNS.(*fakeSNS); ok {
		b.sns = f
	}
	s, err := New(c)
	if err != nil {
		tb.Fatal(err)
	}
	b.Service = s
	return b
}

// do serves one request.
func (b *bundle) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	b.Handler().ServeHTTP(w, r)
	return w
}

// post makes a request of a single CloudEvent or, given an array, of a batch.
func post(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/v1/events", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/cloudevents+json")
	if strings.HasPrefix(body, "[") {
		r.Header.Set("Content-Type", "application/cloudevents-batch+json")
	}
	return r
}

// cloudEvent is an event with an id.
func cloudEvent(id string) string {
	return `{"specversion":"1.0","id":"` + id + `","source":"/web","type":"com.example.order.placed","data":{"total":12}}`
}

// cloudEvents is a batch.
func cloudEvents(ids ...string) string {
	events := make([]string, len(ids))
	for i, id := range ids {
		events[i] = cloudEvent(id)
	}
	return "[" + strings.Join(events, ",") + "]"
}

// decode reads a JSON answer.
func decode[T any](tb testing.TB, r io.Reader) T {
	tb.Helper()
	var v T
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		tb.Fatalf("the answer is not what is documented: %v", err)
	}
	return v
}

// wantProblem checks an answer that is a problem document.
func wantProblem(tb testing.TB, w *httptest.ResponseRecorder, status int, code string) Problem {
	tb.Helper()
	if w.Code != status {
		tb.Fatalf("status = %d, want %d; body %s", w.Code, status, w.Body)
	}
	if got := w.Header().Get("Content-Type"); got != "application/problem+json" {
		tb.Errorf("Content-Type = %q, want application/problem+json", got)
	}
	p := decode[Problem](tb, w.Body)
	if p.Code != code || p.Status != status {
		tb.Errorf("problem has code %q and status %d, want %q and %d", p.Code, p.Status, code, status)
	}
	if p.Title == "" || p.Detail == "" || p.Type != problemDocs+code {
		tb.Errorf("problem is incomplete: %+v", p)
	}
	return p
}

// counted is the sum of a counter's points, and of those with one reason.
func (b *bundle) counted(tb testing.TB, name, reason string) int64 {
	tb.Helper()
	var all metricdata.ResourceMetrics
	if err := b.metrics.Collect(context.Background(), &all); err != nil {
		tb.Fatal(err)
	}
	n := int64(0)
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			sum, ok := m.Data.(metricdata.Sum[int64])
			if m.Name != name || !ok {
				continue
			}
			for _, p := range sum.DataPoints {
				if v, _ := p.Attributes.Value("tracehaul.reason"); reason == "" || v.AsString() == reason {
					n += p.Value
				}
			}
		}
	}
	return n
}

// lockedBuffer is a log that can be read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// apiError is SNS's answer to a call that failed.
func apiError(code string) error {
	fault := smithy.FaultClient
	if code == "InternalError" {
		fault = smithy.FaultServer
	}
	return &smithy.OperationError{
		ServiceID: "SNS", OperationName: "PublishBatch",
		Err: &smithy.GenericAPIError{Code: code, Message: "as the test wants it", Fault: fault},
	}
}
