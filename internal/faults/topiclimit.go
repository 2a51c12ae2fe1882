//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"go.opentelemetry.io/otel/baggage"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
	"github.com/tracehaul/tracehaul/telemetry/awssdk"
	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// topicLimitScenarios go to the limits of a message, and one beyond.
func topicLimitScenarios() []scenario {
	return []scenario{
		{
			name: "topic/size-limit", what: "Events have a byte less than may be, as many, and one more, alone and in batches.", short: true,
			setup: func(s *settings) { s.config.HoldConsumers = true },
			run: func(ctx context.Context, w *world) error {
				return errors.Join(w.sendSizes(ctx), w.wantContexts(), w.sendEdges(ctx), w.StartConsumers())
			},
			check: wantNoRefusedCalls,
		},
		{
			name: "topic/attribute-limit", what: "Messages have attributes of their own up to the ten that there may be with the context, and one more.", short: true,
			setup: func(s *settings) { s.config.HoldConsumers = true },
			run: func(ctx context.Context, w *world) error {
				return errors.Join(w.sendAttributes(ctx), w.StartConsumers())
			},
		},
	}
}

// mostEvent is how many bytes an event may have: event.Limits.MaxEventBytes.
const mostEvent = 240 << 10

// sized makes an event whose text has exactly so many bytes, and the text.
func (w *world) sized(bytes int) (*entry, []byte) {
	id := fmt.Sprintf("sized-%06d", w.serial.Add(1))
	text := func(data string) string {
		return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":%q,"type":%q,"data":%s}`, id, eventSource, eventType, data)
	}
	data := `"` + strings.Repeat("x", bytes-len(text(`""`))) + `"`
	return w.eventOf(id, json.RawMessage(data)), []byte(text(data))
}

// wide is a context that is larger than what is left of a message beside the
// largest event: as many members, and as long, as W3C allows.
func wide() http.Header {
	var state []string
	for i := range 32 {
		state = append(state, fmt.Sprintf("vendor%d=%s", i, strings.Repeat("s", 256)))
	}
	return http.Header{
		"Tracestate": {strings.Join(state, ",")},
		"Baggage":    {"a=" + strings.Repeat("v", 4090) + ",b=" + strings.Repeat("v", 4090)},
	}
}

// sendSizes sends events around the limit. Every one is a hit.
func (w *world) sendSizes(ctx context.Context) error {
	var errs []error
	want := func(r reply, what string, status int, code string) {
		w.hit()
		if r.status != status || r.code != code {
			errs = append(errs, fmt.Errorf("%s: the answer is %d %q, want %d %q: %s", what, r.status, r.code, status, code, r.text))
		}
	}
	for _, header := range []http.Header{nil, wide()} {
		for bytes, accepted := range map[int]bool{mostEvent - 1: true, mostEvent: true, mostEvent + 1: false} {
			what := fmt.Sprintf("an event of %d bytes with %d headers", bytes, len(header))
			e, text := w.sized(bytes)
			pair, second := w.sized(bytes)
			small, other := w.sized(1000)
			alone := w.postText(ctx, header, event.MediaTypeEvent, text, e)
			together := w.postText(ctx, header, event.MediaTypeBatch, slicesJSON([][]byte{other, second}), small, pair)
			if accepted {
				want(alone, what, http.StatusAccepted, "")
				want(together, what+" in a batch", http.StatusAccepted, "")
				continue
			}
			want(alone, what, http.StatusRequestEntityTooLarge, event.CodeTooLarge)
			want(together, what+" in a batch", http.StatusRequestEntityTooLarge, event.CodeTooLarge)
			if !strings.Contains(together.text, `"index":1`) {
				errs = append(errs, fmt.Errorf("%s in a batch: the answer does not say which: %s", what, together.text))
			}
		}
	}
	return errors.Join(errs...)
}

// wantContexts looks at what travels with the events that are in the queue: the
// largest event leaves room for its traceparent, and of a context that is too
// large the baggage is dropped first.
func (w *world) wantContexts() error {
	queue, _ := w.queues()
	messages, err := w.Broker().Messages(queue, mostLetters)
	if err != nil {
		return err
	}
	withState := 0
	for _, m := range messages {
		if m.Attributes["traceparent"].Value == "" {
			return fmt.Errorf("a message of %d bytes has no traceparent", len(m.Body))
		}
		_, state := m.Attributes["tracestate"]
		_, bags := m.Attributes["baggage"]
		if bags && !state {
			return fmt.Errorf("a message of %d bytes has baggage and no tracestate: baggage is to be dropped first", len(m.Body))
		}
		if state {
			withState++
		}
		if bags && len(m.Body) >= mostEvent-1 {
			return fmt.Errorf("a message of %d bytes has room for all of its context", len(m.Body))
		}
	}
	if withState == 0 {
		return errors.New("no message has its tracestate")
	}
	return nil
}

// wantNoRefusedCalls wants that SNS has never been sent more than it takes: the
// service counts before.
func wantNoRefusedCalls(w *world, a *account) error {
	for _, e := range w.books.all() {
		for id := range e.traces {
			for _, s := range a.spans(id) {
				if s.Kind == kindProducer && s.Status == "ERROR" {
					return fmt.Errorf("SNS has refused a message: span %s (%s) of trace %s: %v", s.SpanID, s.Name, id, s.Attributes)
				}
			}
		}
	}
	return nil
}

// sendAttributes publishes messages with attributes of their own, as a program
// does that uses the SDK with telemetry/awssdk. Each is a hit.
func (w *world) sendAttributes(ctx context.Context) error {
	client := w.instrumented()
	for _, tc := range []struct {
		own  int
		want string // what of the context travels
	}{
		{7, "traceparent tracestate baggage"}, {8, "traceparent tracestate"}, {9, "traceparent"}, {10, ""},
	} {
		e := w.newEvent()
		e.body = string(e.structured())
		if err := w.publishWith(ctx, client, e, tc.own); err != nil {
			return fmt.Errorf("with %d attributes of its own: %w", tc.own, err)
		}
		w.books.answered(e, accepted, "SNS took it")
		if err := w.wantAttributes(e.body, tc.own, tc.want); err != nil {
			return fmt.Errorf("with %d attributes of its own: %w", tc.own, err)
		}
	}
	e := w.newEvent()
	e.body = string(e.structured())
	err := w.publishWith(ctx, client, e, 11)
	w.books.answered(e, refused, fmt.Sprint(err))
	if tooMany := (*message.TooManyAttributesError)(nil); !errors.As(err, &tooMany) || tooMany.Attributes != 11 || tooMany.Limit != 10 {
		return fmt.Errorf("with 11 attributes of its own: the error is %w, want one that says so", err)
	}
	return nil
}

// instrumented is a client of SNS with telemetry/awssdk, whose own spans go
// nowhere: the client of the books is the producer.
func (w *world) instrumented() *sns.Client {
	cfg := aws.Config{
		Region: w.Pipeline().Region, BaseEndpoint: aws.String(w.Addresses().SNS),
		Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	}
	awssdk.Instrument(&cfg, awssdk.Config{
		TracerProvider: tracenoop.NewTracerProvider(), MeterProvider: metricnoop.NewMeterProvider(),
		HeaderPropagator: xray.Propagator{}, Logger: slog.New(slog.DiscardHandler),
	})
	return sns.NewFromConfig(cfg)
}

func (w *world) publishWith(ctx context.Context, client *sns.Client, e *entry, own int) error {
	w.hit()
	traceID, spanID := randomHex(16), randomHex(8)
	w.books.sent(e, traceID, spanID)
	attributes := map[string]snstypes.MessageAttributeValue{}
	for i := range own {
		attributes[fmt.Sprintf("own-%d", i)] = snstypes.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String("mine")}
	}
	ctx, err := clientContext(ctx, traceID, spanID)
	if err != nil {
		return err
	}
	_, err = client.Publish(ctx, &sns.PublishInput{TopicArn: aws.String(w.Addresses().TopicARN), Message: &e.body, MessageAttributes: attributes})
	return err
}

// clientContext is within a client's span, with a state and baggage.
func clientContext(ctx context.Context, traceID, spanID string) (context.Context, error) {
	id, errTrace := trace.TraceIDFromHex(traceID)
	span, errSpan := trace.SpanIDFromHex(spanID)
	state, errState := trace.ParseTraceState("vendor=state")
	bag, errBag := baggage.Parse("customer=c-42")
	ctx = trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: id, SpanID: span, TraceState: state, TraceFlags: trace.FlagsSampled, Remote: true,
	}))
	return baggage.ContextWithBaggage(ctx, bag), errors.Join(errTrace, errSpan, errState, errBag)
}

// wantAttributes looks at the attributes of the message that has a body.
func (w *world) wantAttributes(body string, own int, context string) error {
	queue, _ := w.queues()
	messages, err := w.Broker().Messages(queue, mostLetters)
	if err != nil {
		return err
	}
	var found *messaging.StoredMessage
	for i := range messages {
		if messages[i].Body == body {
			found = &messages[i]
		}
	}
	if found == nil {
		return errors.New("the message is not in the queue")
	}
	mine, travels := 0, []string{}
	for name := range found.Attributes {
		if strings.HasPrefix(name, "own-") {
			mine++
		}
	}
	for _, name := range []string{"traceparent", "tracestate", "baggage"} {
		if _, ok := found.Attributes[name]; ok {
			travels = append(travels, name)
		}
	}
	if got := strings.Join(travels, " "); mine != own || got != context {
		return fmt.Errorf("%d attributes of its own and %q arrive, want %d and %q", mine, got, own, context)
	}
	return nil
}
