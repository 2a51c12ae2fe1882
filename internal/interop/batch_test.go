package interop_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/internal/localcloud/otlp"
	localtrace "github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// All messages of the vectors in one batch: each has its own parent, the
// invocation has none, and links lead both ways. With the SDK's spans, and with
// those of telemetry.Setup.
func TestExtract_EveryVectorInOneBatch_EachContinuesItsOwn(t *testing.T) {
	for name, handle := range map[string]func(*testing.T, events.SQSEvent) []localtrace.Span{
		"SDK": handledBySDK, "Setup": handledBySetup,
	} {
		t.Run(name, func(t *testing.T) { checkBatch(t, handle) })
	}
}

func checkBatch(t *testing.T, handle func(*testing.T, events.SQSEvent) []localtrace.Span) {
	t.Helper()
	var e events.SQSEvent
	want := map[string]parent{}
	var contexts []string // of all messages
	for _, v := range vectorsOf[extractVector](t, "extract") {
		r := record(v.Message.sqs(t))
		r.MessageId = v.Name
		e.Records = append(e.Records, r)
		w := v.inLambda().parent
		if w.ParentSpanID != "" {
			contexts = append(contexts, w.TraceID+" "+w.ParentSpanID)
		}
		if w.Sampling != "not_sampled" {
			want[v.Name] = w
		}
	}
	slices.Sort(contexts)
	all := handle(t, e)
	of := func(s localtrace.Span) bool { return s.Kind == "SERVER" }
	i := slices.IndexFunc(all, of)
	if i < 0 || slices.ContainsFunc(all[i+1:], of) {
		t.Fatalf("%d spans, want one of the invocation among them", len(all))
	}
	invocation := all[i]
	if got := linkedTo(invocation); invocation.ParentSpanID != "" || !slices.Equal(got, contexts) {
		t.Errorf("the invocation has the parent %q, want none, and is linked to\n%q, want the context of each message,\n%q", invocation.ParentSpanID, got, contexts)
	}
	for _, s := range all {
		if s.Kind != "CONSUMER" {
			continue
		}
		id, _ := s.Attributes[string(otelsemconv.MessagingMessageIDKey)].(string)
		w, wanted := want[id]
		if !wanted || w.TraceID != "" && s.TraceID != w.TraceID || s.ParentSpanID != w.ParentSpanID {
			t.Errorf("%s: the span is %q's in %s, want %+v", id, s.ParentSpanID, s.TraceID, w)
		}
		if got := linkedTo(s); !slices.Equal(got, []string{invocation.TraceID + " " + invocation.SpanID}) {
			t.Errorf("%s: the span is linked to %q, want the invocation, %s in %s", id, got, invocation.SpanID, invocation.TraceID)
		}
		delete(want, id)
	}
	if len(want) > 0 {
		t.Errorf("no process span of %v", want)
	}
}

// linkedTo names what a span is linked to, sorted.
func linkedTo(s localtrace.Span) (all []string) {
	for _, l := range s.Links {
		all = append(all, l.TraceID+" "+l.SpanID)
	}
	slices.Sort(all)
	return all
}

// handled has a function handle a batch.
func handled(t *testing.T, e events.SQSEvent, c awslambda.Config) {
	t.Helper()
	c.Logger = slog.New(slog.DiscardHandler)
	handle := awslambda.SQSBatch(func(_ context.Context, batch []*awslambda.Message) error {
		for _, m := range batch {
			m.Written()
		}
		return nil
	}, c)
	if response, err := handle(t.Context(), e); err != nil || len(response.BatchItemFailures) > 0 {
		t.Fatalf("%+v, %v", response, err)
	}
}

func handledBySDK(t *testing.T, e events.SQSEvent) (all []localtrace.Span) {
	t.Helper()
	exported := tracetest.NewInMemoryExporter()
	tp := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exported), sdktrace.WithSampler(xray.Sampler(sdktrace.ParentBased(sdktrace.AlwaysSample()))))
	handled(t, e, awslambda.Config{TracerProvider: tp})
	kinds := map[trace.SpanKind]string{trace.SpanKindServer: "SERVER", trace.SpanKindConsumer: "CONSUMER"}
	for _, s := range exported.GetSpans() {
		span := localtrace.Span{
			TraceID: s.SpanContext.TraceID().String(), SpanID: s.SpanContext.SpanID().String(), Kind: kinds[s.SpanKind], Attributes: map[string]any{},
		}
		for _, l := range s.Links {
			span.Links = append(span.Links, localtrace.Link{TraceID: l.SpanContext.TraceID().String(), SpanID: l.SpanContext.SpanID().String()})
		}
		if s.Parent.HasSpanID() {
			span.ParentSpanID = s.Parent.SpanID().String()
		}
		for _, a := range s.Attributes {
			span.Attributes[string(a.Key)] = a.Value.AsInterface()
		}
		all = append(all, span)
	}
	return all
}

// handledBySetup sends the spans to a collector, as a function does.
func handledBySetup(t *testing.T, e events.SQSEvent) (all []localtrace.Span) {
	t.Helper()
	receiver, err := otlp.New(otlp.Config{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(receiver)
	defer server.Close()
	settings := map[string]string{
		"OTEL_SERVICE_NAME": "interop", "OTEL_EXPORTER_OTLP_ENDPOINT": server.URL, "OTEL_TRACES_SAMPLER": "parentbased_always_on",
		"OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none",
	}
	cfg, err := telemetry.ConfigFromEnv(func(name string) string { return settings[name] })
	if err != nil {
		t.Fatal(err)
	}
	tel, err := telemetry.Setup(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	handled(t, e, awslambda.Config{TracerProvider: tel.TracerProvider(), MeterProvider: tel.MeterProvider()})
	if err := tel.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, found := range receiver.Latest(1000) {
		all = append(all, receiver.Spans(found.ID)...)
	}
	return all
}
