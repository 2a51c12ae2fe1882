package interop_test

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// published is a call of node's: which, what it is called with beside where it
// goes, and what the consumers see.
type published struct {
	command     string
	input       object // without its address
	propagators []string
	carrier     carrier
	messages    int
	broken      bool   // node sends no context
	unsampled   bool   // the carrier says so, and node has no spans
	source      string // where it is found; traceparent if empty
}

// sampled is a carrier with the least that there can be.
var sampled = carrier{"traceparent": traceparent}

// publications are the ways of node to send a context, or not to.
var publications = map[string]published{
	"Publish":            {command: "Publish", input: object{"Message": "m"}, carrier: sampled, messages: 1},
	"Publish, unsampled": {command: "Publish", input: object{"Message": "m"}, carrier: carrier{"traceparent": unsampled}, messages: 1, unsampled: true},
	"Publish, all parts": {
		command: "Publish", input: object{"Message": "m", "MessageAttributes": manyAttributes(7)},
		carrier: fullCarrier, messages: 1,
	},
	"SendMessage":      {command: "SendMessage", input: object{"MessageBody": "m"}, carrier: fullCarrier, messages: 1},
	"SendMessage, new": {command: "SendMessage", input: object{"MessageBody": "m"}, messages: 1},
	"SendMessageBatch": {
		command: "SendMessageBatch", input: object{"Entries": []object{
			{"Id": "a", "MessageBody": "1"},
			{"Id": "b", "MessageBody": "2", "MessageAttributes": manyAttributes(1)},
		}},
		carrier: fullCarrier, messages: 2,
	},
	"Publish, X-Ray": {
		command: "Publish", input: object{"Message": "m"},
		propagators: []string{"xray"}, messages: 1, source: semconv.ContextSourceXRayAttribute,
	},
	"SendMessage, X-Ray": {
		command: "SendMessage", input: object{"MessageBody": "m"},
		propagators: []string{"xray"}, messages: 1, source: semconv.ContextSourceXRayAttribute, unsampled: true,
		carrier: carrier{"x-amzn-trace-id": "Root=1-" + traceID[:8] + "-" + traceID[8:] + ";Parent=" + callerID + ";Sampled=0"},
	},
	"SendMessage, W3C and X-Ray": {
		command: "SendMessage", input: object{"MessageBody": "m"},
		propagators: []string{"tracecontext", "baggage", "xray"}, messages: 1,
		carrier: carrier{"traceparent": traceparent, "tracestate": tracestate},
	},

	// What node leaves out breaks the trace, here as everywhere.
	"PublishBatch": {
		command: "PublishBatch", input: object{"PublishBatchRequestEntries": []object{
			{"Id": "a", "Message": "1"},
			{"Id": "b", "Message": "2"},
		}},
		carrier: sampled, messages: 2, broken: true,
	},
	"Publish, eight attributes": {
		command: "Publish", input: object{"Message": "m", "MessageAttributes": manyAttributes(8)},
		carrier: sampled, messages: 1, broken: true,
	},
}

func TestPublish_JavaScript_ContinuedHere(t *testing.T) {
	n := javascript(t)
	for name, p := range publications {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			input, queues := maps.Clone(p.input), []string{b.raw, b.enveloped}
			if p.command == "Publish" || p.command == "PublishBatch" {
				input["TopicArn"] = b.topic
			} else {
				input["QueueUrl"], queues = b.raw, queues[:1]
			}
			request := object{"operation": "call", "command": p.command, "input": input, "carrier": p.carrier}
			if p.propagators != nil {
				request["propagators"] = p.propagators
			}
			a := ask(t, n, request)
			var producer span
			switch {
			case p.unsampled && len(a.Spans) > 0:
				t.Errorf("node has the spans %+v, want none in a trace that is not sampled", a.Spans)
			case !p.unsampled && !p.broken:
				producer = a.one(t, "PRODUCER")
			}
			for i, queue := range queues {
				got := b.receive(t, queue, p.messages, [][]string{nil, {"All"}}[i]...)
				if len(got) != p.messages {
					t.Errorf("%d messages came, want %d", len(got), p.messages)
				}
				for _, m := range got {
					checkReceived(t, p, producer, message.FromSQS(context.Background(), m))
				}
				checkFunction(t, b, p, producer, got)
			}
		})
	}
}

// checkReceived compares what a worker of ours reads with what node has done.
func checkReceived(t *testing.T, p published, producer span, r message.Received) {
	t.Helper()
	sc := trace.SpanContextFromContext(r.Context)
	source := p.source
	switch {
	case p.broken:
		source = semconv.ContextSourceNone
	case source == "":
		source = semconv.ContextSourceTraceparent
	}
	if r.Source != source {
		t.Fatalf("the context was found in %s, want %s", r.Source, source)
	}
	if p.broken {
		return
	}
	if sc.IsSampled() == p.unsampled || !sc.IsRemote() {
		t.Errorf("the context is sampled %v and remote %v, want %v and true", sc.IsSampled(), sc.IsRemote(), !p.unsampled)
	}
	if !p.unsampled && (sc.TraceID().String() != producer.TraceID || sc.SpanID().String() != producer.SpanID) {
		t.Errorf("the parent is %v in %v, node's is %s in %s", sc.SpanID(), sc.TraceID(), producer.SpanID, producer.TraceID)
	}
	if p.carrier != nil && sc.TraceID().String() != traceID {
		t.Errorf("the trace is %v, want the caller's, %s", sc.TraceID(), traceID)
	}
	if got := sc.TraceState().String(); got != p.carrier["tracestate"] {
		t.Errorf("tracestate = %q, want %q", got, p.carrier["tracestate"])
	}
	want := map[string]string{}
	if p.carrier["baggage"] != "" {
		want = map[string]string{"tenant": "acme"}
	}
	if got := baggageOf(r.Context); !maps.Equal(got, want) {
		t.Errorf("baggage = %v, want %v", got, want)
	}
	for name := range r.Attributes {
		if name[:4] != "own-" {
			t.Errorf("%s is handed on as the publisher's own", name)
		}
	}
}

// checkFunction compares the spans of a function of ours with node's.
func checkFunction(t *testing.T, b *bundle, p published, producer span, messages []sqstypes.Message) {
	t.Helper()
	b.spans.Reset()
	handled := 0
	handle := awslambda.SQSEach(func(context.Context, *awslambda.Message) error {
		handled++
		return nil
	}, awslambda.Config{TracerProvider: b.tracers, Logger: slog.New(slog.DiscardHandler)})
	var e events.SQSEvent
	for _, m := range messages {
		e.Records = append(e.Records, record(m))
	}
	response, err := handle(t.Context(), e)
	if err != nil || len(response.BatchItemFailures) > 0 || handled != len(messages) {
		t.Fatalf("%d of %d messages were handled: %+v, %v", handled, len(messages), response, err)
	}
	process, invocation := ofKind(b, trace.SpanKindConsumer), ofKind(b, trace.SpanKindServer)
	if want := len(messages); !p.unsampled && len(process) != want || p.unsampled && len(process) != 0 {
		t.Fatalf("%d process spans of %d messages, sampled %v", len(process), want, !p.unsampled)
	}
	if len(invocation) != 1 {
		t.Fatalf("%d spans of the invocation, want 1", len(invocation))
	}
	for _, s := range process {
		if got, want := linksOf(s), []string{named(invocation[0].SpanContext)}; !slices.Equal(got, want) {
			t.Errorf("the process span is linked to %q, want the invocation, %q", got, want)
		}
		if p.broken {
			if s.Parent.IsValid() {
				t.Errorf("the process span has a parent, %v, that nobody sent", s.Parent)
			}
			continue
		}
		if s.Parent.SpanID().String() != producer.SpanID || s.SpanContext.TraceID().String() != producer.TraceID {
			t.Errorf("the process span is %v's in %v, want node's %s in %s", s.Parent.SpanID(), s.SpanContext.TraceID(), producer.SpanID, producer.TraceID)
		}
	}
	var want []string
	for _, m := range messages {
		sc := trace.SpanContextFromContext(message.FromSQS(context.Background(), m).Context)
		if producer.SpanID != "" && named(sc) != producer.TraceID+" "+producer.SpanID {
			t.Errorf("a message is of %s, want node's %s %s", named(sc), producer.TraceID, producer.SpanID)
		}
		if !p.broken {
			want = append(want, named(sc))
		}
	}
	slices.Sort(want)
	if got := linksOf(invocation[0]); !slices.Equal(got, want) {
		t.Errorf("the invocation is linked to %q, want the context of each message, %q", got, want)
	}
}

// linksOf names what a span is linked to, sorted.
func linksOf(s tracetest.SpanStub) (all []string) {
	for _, l := range s.Links {
		all = append(all, named(l.SpanContext))
	}
	slices.Sort(all)
	return all
}

func named(sc trace.SpanContext) string { return sc.TraceID().String() + " " + sc.SpanID().String() }

// rows is a sink that keeps what it is given.
type rows []*consumer.Record

func (r *rows) Write(_ context.Context, batch []*consumer.Record) ([]consumer.Stored, error) {
	*r = append(*r, batch...)
	return slices.Repeat([]consumer.Stored{consumer.Written}, len(batch)), nil
}

// A row has the trace of who published its event, and the span that hangs from
// node's.
func TestPublish_JavaScript_RowNamesItsTrace(t *testing.T) {
	n, b := javascript(t), setup(t)
	a := ask(t, n, object{
		"operation": "call", "command": "Publish", "carrier": fullCarrier,
		"input": object{"TopicArn": b.topic, "Message": `{"specversion":"1.0","id":"1","source":"/web","type":"order"}`},
	})
	var stored rows
	quiet := slog.New(slog.DiscardHandler)
	c, err := consumer.New(consumer.Config{Sink: &stored, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	handle := awslambda.SQSBatch(c.Handle, awslambda.Config{TracerProvider: b.tracers, Logger: quiet})
	for _, m := range b.receive(t, b.enveloped, 1) {
		response, err := handle(t.Context(), events.SQSEvent{Records: []events.SQSMessage{record(m)}})
		if err != nil || len(response.BatchItemFailures) > 0 {
			t.Fatalf("%+v, %v", response, err)
		}
	}
	process := ofKind(b, trace.SpanKindConsumer)
	if len(stored) != 1 || len(process) != 1 {
		t.Fatalf("%d rows and %d process spans, want one each", len(stored), len(process))
	}
	sc := trace.SpanContextFromContext(stored[0].Context)
	if sc.TraceID().String() != traceID || sc.SpanID() != process[0].SpanContext.SpanID() {
		t.Errorf("the row is in %v, of %v; want %s, of %v", sc.TraceID(), sc.SpanID(), traceID, process[0].SpanContext.SpanID())
	}
	if parent := process[0].Parent.SpanID().String(); parent != a.one(t, "PRODUCER").SpanID {
		t.Errorf("it hangs from %s, want node's %s", parent, a.one(t, "PRODUCER").SpanID)
	}
	if got := baggageOf(stored[0].Context); got["tenant"] != "acme" {
		t.Errorf("baggage = %v", got)
	}
}

// ofKind are the spans of a kind that ended here.
func ofKind(b *bundle, kind trace.SpanKind) tracetest.SpanStubs {
	return slices.DeleteFunc(b.spans.GetSpans(), func(s tracetest.SpanStub) bool { return s.SpanKind != kind })
}
