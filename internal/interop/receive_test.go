package interop_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/service"
	"github.com/tracehaul/tracehaul/telemetry/awssdk"
	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// sent is a way of ours to send messages: each has a PRODUCER span of its own,
// in the context that is given.
type sent struct {
	toTopic  bool
	messages int
	send     func(ctx context.Context, b *bundle) error
}

var deliveries = map[string]sent{
	"Publish": {toTopic: true, messages: 1, send: func(ctx context.Context, b *bundle) error {
		_, err := b.sns.Publish(ctx, &sns.PublishInput{TopicArn: &b.topic, Message: aws.String("m")})
		return err
	}},
	"PublishBatch": {toTopic: true, messages: 2, send: func(ctx context.Context, b *bundle) error {
		_, err := b.sns.PublishBatch(message.WithEntries(context.Background(), []context.Context{ctx, ctx}), &sns.PublishBatchInput{
			TopicArn: &b.topic, PublishBatchRequestEntries: []snstypes.PublishBatchRequestEntry{
				{Id: aws.String("a"), Message: aws.String("1")}, {Id: aws.String("b"), Message: aws.String("2")},
			},
		})
		return err
	}},
	"SendMessage": {messages: 1, send: func(ctx context.Context, b *bundle) error {
		_, err := b.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &b.raw, MessageBody: aws.String("m")})
		return err
	}},
	"SendMessageBatch": {messages: 2, send: func(ctx context.Context, b *bundle) error {
		_, err := b.sqs.SendMessageBatch(message.WithEntries(context.Background(), []context.Context{ctx, ctx}), &sqs.SendMessageBatchInput{
			QueueUrl: &b.raw, Entries: []sqstypes.SendMessageBatchRequestEntry{
				{Id: aws.String("a"), MessageBody: aws.String("1")}, {Id: aws.String("b"), MessageBody: aws.String("2")},
			},
		})
		return err
	}},
	"the service": {toTopic: true, messages: 2, send: serve},
}

// serve has the service take two events from a client that is in a trace.
func serve(ctx context.Context, b *bundle) error {
	s, err := service.New(service.Config{
		TopicARN: b.topic, SNS: service.NewSNS(withEndpoint(b.cfg, shared.snsURL)),
		TracerProvider: b.tracers, Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	r := httptest.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodPost, "/v1/events", strings.NewReader(
		`[{"specversion":"1.0","id":"1","source":"/web","type":"order"},{"specversion":"1.0","id":"2","source":"/web","type":"order"}]`))
	r.Header.Set("Content-Type", "application/cloudevents-batch+json")
	for name, value := range fullCarrier {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusAccepted {
		return fmt.Errorf("the service answers %d: %s", w.Code, w.Body)
	}
	return nil
}

func withEndpoint(cfg aws.Config, url string) aws.Config {
	cfg.BaseEndpoint = &url
	return cfg
}

var fullCarrier = carrier{"traceparent": traceparent, "tracestate": tracestate, "baggage": tenant}

func TestReceive_JavaScript_ContinuesOurs(t *testing.T) {
	n := javascript(t)
	for name, d := range deliveries {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			if err := d.send(extracted(fullCarrier), b); err != nil {
				t.Fatal(err)
			}
			ours := ofKind(b, trace.SpanKindProducer)
			if len(ours) != d.messages {
				t.Fatalf("%d producer spans, want %d", len(ours), d.messages)
			}
			for _, queue := range []string{b.raw, b.enveloped} {
				if queue == b.enveloped && !d.toTopic {
					continue
				}
				a := ask(t, n, object{"operation": "receive", "queue": queue, "payload": queue == b.enveloped})
				if a.Messages != d.messages {
					t.Fatalf("node received %d messages, want %d", a.Messages, d.messages)
				}
				checkContinued(t, ours, a)
			}
		})
	}
}

// checkContinued compares the spans of a receive in node with what sent the
// messages here.
func checkContinued(t *testing.T, ours tracetest.SpanStubs, a answer) {
	t.Helper()
	var links, parents []string
	for _, s := range a.Spans {
		switch {
		case s.Kind == "CONSUMER" && strings.HasSuffix(s.Name, " receive"):
			for _, l := range s.Links {
				links = append(links, l.TraceID+" "+l.SpanID+" "+l.Tracestate)
			}
		case s.Kind == "CONSUMER":
			if !s.Sampled || s.TraceID != traceID {
				t.Errorf("node handles a message in trace %s, sampled %v, want %s", s.TraceID, s.Sampled, traceID)
			}
			parents = append(parents, s.TraceID+" "+s.ParentSpanID+" "+s.Tracestate)
		}
	}
	var want []string
	for _, s := range ours {
		want = append(want, traceID+" "+s.SpanContext.SpanID().String()+" "+tracestate)
	}
	slices.Sort(want)
	slices.Sort(links)
	slices.Sort(parents)
	if !slices.Equal(links, want) {
		t.Errorf("node's receive is linked to %q, want %q", links, want)
	}
	if !slices.Equal(parents, want) {
		t.Errorf("node's spans have the parents %q, want %q", parents, want)
	}
}

// In its default settings the instrumentation in node leaves SNS's envelopes
// closed. docs/propagation.md says what to set.
func TestReceive_JavaScriptByDefault_SeesNoContextInAnEnvelope(t *testing.T) {
	n := javascript(t)
	b := setup(t)
	if err := deliveries["Publish"].send(extracted(fullCarrier), b); err != nil {
		t.Fatal(err)
	}
	a := ask(t, n, object{"operation": "receive", "queue": b.enveloped})
	for _, s := range a.Spans {
		if strings.HasSuffix(s.Name, " receive") && len(s.Links) > 0 {
			t.Errorf("the receive is linked to %+v: say so in docs/propagation.md", s.Links)
		}
	}
}

// From here by node and back: one trace, with all that travels in it.
func TestForward_ByJavaScript_IsOneTrace(t *testing.T) {
	n := javascript(t)
	for _, enveloped := range []bool{false, true} {
		from, to := setup(t), setup(t)
		if err := deliveries["Publish"].send(extracted(fullCarrier), from); err != nil {
			t.Fatal(err)
		}
		queue := from.raw
		if enveloped {
			queue = from.enveloped
		}
		a := ask(t, n, object{"operation": "receive", "queue": queue, "payload": enveloped, "forward": to.raw})
		producer := a.one(t, "PRODUCER")
		if producer.TraceID != traceID {
			t.Errorf("node sends in trace %s, want %s", producer.TraceID, traceID)
		}
		for _, m := range to.receive(t, to.raw, 1) {
			checkReceived(t, published{carrier: fullCarrier}, producer, message.FromSQS(context.Background(), m))
		}
	}
}

// A call's own header reaches the queue as AWSTraceHeader, which ours reads and
// node does not.
func TestHeader_AWSTraceHeader_IsReadHereAlone(t *testing.T) {
	n := javascript(t)
	b := setup(t)
	// The carrier is X-Ray's, and the messages have no attributes.
	cfg := b.cfg
	cfg.APIOptions = nil
	awssdk.Instrument(&cfg, awssdk.Config{
		TracerProvider: b.tracers, Logger: slog.New(slog.DiscardHandler),
		HeaderPropagator: xray.Propagator{}, Propagator: nothing{},
	})
	client := sns.NewFromConfig(withEndpoint(cfg, shared.snsURL))
	if _, err := client.Publish(extracted(fullCarrier), &sns.PublishInput{TopicArn: &b.topic, Message: aws.String("m")}); err != nil {
		t.Fatal(err)
	}
	producer := ofKind(b, trace.SpanKindProducer)[0]
	for _, m := range b.receive(t, b.enveloped, 1) {
		sc := trace.SpanContextFromContext(message.FromSQS(context.Background(), m).Context)
		if sc.TraceID().String() != traceID || sc.SpanID() != producer.SpanContext.SpanID() {
			t.Errorf("the parent is %v in %v, want %v in %s", sc.SpanID(), sc.TraceID(), producer.SpanContext.SpanID(), traceID)
		}
	}
	a := ask(t, n, object{"operation": "receive", "queue": b.raw, "propagators": []string{"tracecontext", "xray"}})
	for _, s := range a.Spans {
		if s.TraceID == traceID || len(s.Links) > 0 {
			t.Errorf("node continues the trace in %+v: say so in docs/propagation.md", s)
		}
	}
}
