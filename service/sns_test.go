package service

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/trace"
	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
	"github.com/tracehaul/tracehaul/internal/sdkhttp"
	"github.com/tracehaul/tracehaul/telemetry/awssdk"
)

// topic is a local SNS topic with a queue subscribed to it, and the calls it
// got.
type topic struct {
	broker *messaging.Broker
	config aws.Config // for clients of it

	mu    sync.Mutex
	calls []messaging.Call
}

// newTopic makes a topic. fault, if not nil, says what goes wrong with call n,
// counted from 1.
func newTopic(tb testing.TB, fault func(n int, c messaging.Call) *messaging.Fault) *topic {
	tb.Helper()
	top := &topic{}
	top.broker = messaging.New(messaging.Config{Fault: func(c messaging.Call) *messaging.Fault {
		if c.Action != "PublishBatch" {
			return nil
		}
		top.mu.Lock()
		top.calls = append(top.calls, c)
		n := len(top.calls)
		top.mu.Unlock()
		if fault == nil {
			return nil
		}
		return fault(n, c)
	}})
	if _, err := top.broker.CreateTopic("dev-shop-orders"); err != nil {
		tb.Fatal(err)
	}
	if _, err := top.broker.CreateQueue(messaging.QueueConfig{Name: "orders"}); err != nil {
		tb.Fatal(err)
	}
	if _, err := top.broker.Subscribe(messaging.SubscriptionConfig{Topic: "dev-shop-orders", Queue: "orders", RawMessageDelivery: true}); err != nil {
		tb.Fatal(err)
	}
	server := httptest.NewServer(top.broker.SNS())
	client := awshttp.NewBuildableClient()
	top.config = aws.Config{
		Region: "eu-west-1", BaseEndpoint: &server.URL, HTTPClient: client,
		Credentials: credentials.NewStaticCredentialsProvider("id", "secret", ""),
	}
	tb.Cleanup(func() {
		top.broker.Close()
		server.CloseClientConnections()
		server.Close()
	})
	return top
}

// use makes a service publish to the topic through the real, instrumented SDK
// client.
func (top *topic) use(tb testing.TB) func(*Config) {
	tb.Helper()
	return func(c *Config) {
		cfg := top.config.Copy()
		awssdk.Instrument(&cfg, awssdk.Config{TracerProvider: c.TracerProvider, MeterProvider: c.MeterProvider})
		client := NewSNS(cfg)
		c.SNS = client
		tb.Cleanup(func() {
			// The client that NewSNS made has connections of its own.
			if b, ok := client.Options().HTTPClient.(sdkhttp.Client).HTTPClient.(*awshttp.BuildableClient); ok {
				b.GetTransport().CloseIdleConnections()
			}
		})
	}
}

// messages are those in the queue, by body.
func (top *topic) messages(tb testing.TB) map[string]messaging.StoredMessage {
	tb.Helper()
	stored, err := top.broker.Messages("orders", 10_000)
	if err != nil {
		tb.Fatal(err)
	}
	messages := make(map[string]messaging.StoredMessage)
	for _, m := range stored {
		if _, twice := messages[m.Body]; twice {
			tb.Errorf("twice in the queue: %s", m.Body)
		}
		messages[m.Body] = m
	}
	return messages
}

// sizes are the numbers of entries of the calls so far.
func (top *topic) sizes() []int {
	top.mu.Lock()
	defer top.mu.Unlock()
	var sizes []int
	for _, c := range top.calls {
		sizes = append(sizes, c.Entries)
	}
	return sizes
}

func TestSNS_RequestsOfDifferentTraces_EachMessageKeepsItsOwn(t *testing.T) {
	// The first call takes its time, so that the other ten share one.
	top := newTopic(t, func(n int, _ messaging.Call) *messaging.Fault {
		if n == 1 {
			return &messaging.Fault{Delay: 200 * time.Millisecond}
		}
		return nil
	})
	b := setup(t, top.use(t), func(c *Config) { c.PublishDelay = time.Minute })
	var group sync.WaitGroup
	traces := make([]string, 11)
	for i := range traces {
		group.Go(func() {
			r := post(cloudEvent(strconv.Itoa(i)))
			r.Header.Set("X-Amzn-Trace-Id", albHeader[:len(albHeader)-2]+fmt.Sprintf("%02d", i))
			r.Header.Set("Baggage", fmt.Sprintf("tenant=%d", i))
			traces[i] = decode[Accepted](t, b.do(r).Body).TraceID
		})
		if i == 0 {
			eventually(t, "the first call", func() bool { return len(top.sizes()) == 1 })
		}
	}
	group.Wait()
	if sizes := top.sizes(); !slices.Equal(sizes, []int{1, 10}) {
		t.Fatalf("calls had %v entries, want 1 and 10", sizes)
	}
	spans := map[string]map[string]trace.ReadOnlySpan{} // by trace and kind
	for _, s := range b.spans.Ended() {
		id := s.SpanContext().TraceID().String()
		if spans[id] == nil {
			spans[id] = map[string]trace.ReadOnlySpan{}
		}
		spans[id][s.SpanKind().String()] = s
	}
	messages := top.messages(t)
	for i, id := range traces {
		want := albTrace[:len(albTrace)-2] + fmt.Sprintf("%02d", i)
		if id != want {
			t.Errorf("event %d: trace %s, want that of the load balancer, %s", i, id, want)
		}
		server, send := spans[id][oteltrace.SpanKindServer.String()], spans[id][oteltrace.SpanKindProducer.String()]
		if len(spans[id]) != 2 || server == nil || send == nil {
			t.Errorf("event %d: its trace has %d spans, want POST and send: %v", i, len(spans[id]), spans[id])
			continue
		}
		if server.Name() != "POST /v1/events" || send.Name() != "send dev-shop-orders" ||
			send.Parent().SpanID() != server.SpanContext().SpanID() {
			t.Errorf("event %d: spans %q and %q", i, server.Name(), send.Name())
		}
		m := messages[cloudEvent(strconv.Itoa(i))]
		if got, want := m.Attributes["traceparent"].Value, "00-"+id+"-"+send.SpanContext().SpanID().String()+"-01"; got != want {
			t.Errorf("event %d: traceparent %q, want that of its send span, %q", i, got, want)
		}
		if got, want := m.Attributes["baggage"].Value, fmt.Sprintf("tenant=%d", i); got != want {
			t.Errorf("event %d: baggage %q, want %q", i, got, want)
		}
		if got := m.Attributes["alb-root"].Value; !strings.HasSuffix(got, fmt.Sprintf("%02d", i)) {
			t.Errorf("event %d: alb-root %q", i, got)
		}
	}
}

// A batch that fills calls to the byte leaves room for every trace.
func TestSNS_LargeEvents_KeepTheirTraces(t *testing.T) {
	top := newTopic(t, nil)
	b := setup(t, top.use(t))
	var events []string
	for i := range 30 {
		events = append(events, strings.Replace(cloudEvent(strconv.Itoa(i)), `:12`, `:"`+strings.Repeat("x", 20_000+i*137)+`"`, 1))
	}
	r := post("[" + strings.Join(events, ",") + "]")
	r.Header.Set("Baggage", "tenant="+strings.Repeat("7", 4000))
	r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	r.Header.Set("Tracestate", "vendor=value")
	if w := b.do(r); w.Code != http.StatusAccepted {
		t.Fatalf("status = %d; body %s", w.Code, w.Body)
	}
	messages := top.messages(t)
	if len(messages) != len(events) {
		t.Fatalf("%d messages in the queue, want %d", len(messages), len(events))
	}
	for _, m := range messages {
		if !strings.HasPrefix(m.Attributes["traceparent"].Value, "00-0af7651916cd43dd8448eb211c80319c-") ||
			m.Attributes["tracestate"].Value != "vendor=value" || len(m.Attributes["baggage"].Value) != len("tenant=")+4000 {
			t.Errorf("a message lost context: %v", m.Attributes)
		}
	}
}

func TestSNS_ThousandEventsInBatches_HundredCalls(t *testing.T) {
	top := newTopic(t, nil)
	b := setup(t, top.use(t))
	for batch := range 10 {
		var ids []string
		for i := range 100 {
			ids = append(ids, fmt.Sprintf("%d-%d", batch, i))
		}
		if w := b.do(post(cloudEvents(ids...))); w.Code != http.StatusAccepted {
			t.Fatalf("status = %d; body %s", w.Code, w.Body)
		}
	}
	if calls, messages := len(top.sizes()), len(top.messages(t)); calls != 100 || messages != 1000 {
		t.Errorf("%d messages in %d calls, want 1000 in 100", messages, calls)
	}
}

func TestNewSNS_Throttled_IsTriedAgain(t *testing.T) {
	for code, status := range map[string]int{
		"Throttled":     http.StatusTooManyRequests,
		"KMSThrottling": http.StatusBadRequest, // of a topic that is encrypted
	} {
		t.Run(code, func(t *testing.T) {
			top := newTopic(t, func(n int, _ messaging.Call) *messaging.Fault {
				if n == 1 {
					return &messaging.Fault{Error: &messaging.Error{Code: code, Message: "Rate exceeded", Status: status}}
				}
				return nil
			})
			b := setup(t, top.use(t))
			if w := b.do(post(cloudEvent("1"))); w.Code != http.StatusAccepted {
				t.Errorf("status = %d; body %s", w.Code, w.Body)
			}
			if n := len(top.sizes()); n != 2 {
				t.Errorf("%d attempts, want 2", n)
			}
		})
	}
}

func TestNewSNS_ConnectionsDropped_EventLandsOnce(t *testing.T) {
	top := newTopic(t, func(n int, _ messaging.Call) *messaging.Fault {
		if n <= 2 {
			return &messaging.Fault{Drop: messaging.DropBefore}
		}
		return nil
	})
	b := setup(t, top.use(t))
	if w := b.do(post(cloudEvent("1"))); w.Code != http.StatusAccepted {
		t.Errorf("status = %d; body %s", w.Code, w.Body)
	}
	if n := len(top.messages(t)); n != 1 {
		t.Errorf("%d messages, want 1", n)
	}
}

func TestNewSNS_AttemptHangs_NextOneSucceeds(t *testing.T) {
	top := newTopic(t, func(n int, _ messaging.Call) *messaging.Fault {
		if n == 1 {
			return &messaging.Fault{Delay: time.Minute}
		}
		return nil
	})
	top.config.HTTPClient = awshttp.NewBuildableClient().WithTimeout(2 * time.Second) // the next one has as much
	b := setup(t, top.use(t))
	if w := b.do(post(cloudEvent("1"))); w.Code != http.StatusAccepted {
		t.Errorf("status = %d; body %s", w.Code, w.Body)
	}
}

func TestNewSNS_EntryFails_ItAloneIsSentAgain(t *testing.T) {
	top := newTopic(t, func(n int, _ messaging.Call) *messaging.Fault {
		if n == 1 {
			return &messaging.Fault{FailEntries: []int{1}}
		}
		return nil
	})
	b := setup(t, top.use(t))
	if w := b.do(post(cloudEvents("a", "b", "c"))); w.Code != http.StatusAccepted {
		t.Errorf("status = %d; body %s", w.Code, w.Body)
	}
	if sizes := top.sizes(); !slices.Equal(sizes, []int{3, 1}) {
		t.Errorf("calls had %v entries, want 3, then the one that failed", sizes)
	}
	messages := top.messages(t)
	if n := len(messages); n != 3 {
		t.Errorf("%d messages, want 3", n)
	}
	// The one that was sent again carries the span of its second call.
	sends := map[string]bool{}
	for _, s := range b.spans.Ended() {
		if s.SpanKind() == oteltrace.SpanKindProducer && s.Status().Code != codes.Error {
			sends["00-"+s.SpanContext().TraceID().String()+"-"+s.SpanContext().SpanID().String()+"-01"] = true
		}
	}
	for _, m := range messages {
		if parent := m.Attributes["traceparent"].Value; !sends[parent] || len(m.Attributes) != 4 {
			t.Errorf("attributes = %v, want the parent among the spans that did not fail, %v", m.Attributes, sends)
		}
	}
}

func TestNewSNS_NotThere_503InTime(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	top := newTopic(t, nil)
	top.config.BaseEndpoint = &gone.URL
	b := setup(t, top.use(t))
	began := time.Now()
	wantProblem(t, b.do(post(cloudEvent("1"))), http.StatusServiceUnavailable, codePublishUnavailable)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestNewSNS_ManyCallsAtOnce_ConnectionsAreKept(t *testing.T) {
	var opened atomic.Int64
	top := newTopic(t, func(int, messaging.Call) *messaging.Fault { return &messaging.Fault{Delay: 20 * time.Millisecond} })
	server := httptest.NewUnstartedServer(top.broker.SNS())
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			opened.Add(1)
		}
	}
	server.Start()
	defer server.Close()
	defer server.CloseClientConnections()
	top.config.BaseEndpoint = &server.URL
	b := setup(t, top.use(t))
	for batch := range 5 {
		var ids []string
		for i := range 100 {
			ids = append(ids, fmt.Sprintf("%d-%d", batch, i))
		}
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() { b.do(post(cloudEvents(ids...))) })
		}
		group.Wait()
	}
	// A few more than 16, since net/http dials ahead.
	if n := opened.Load(); n > 24 {
		t.Errorf("%d connections for 16 calls at once: they are not kept", n)
	}
}

func TestNewSNS_OwnRetryer_IsKept(t *testing.T) {
	own := aws.NopRetryer{}
	client := NewSNS(aws.Config{Region: "eu-west-1", Retryer: func() aws.Retryer { return own }})
	if got := client.Options().Retryer; got != aws.Retryer(own) {
		t.Errorf("retryer = %T, want that of the configuration", got)
	}
}
