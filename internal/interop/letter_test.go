package interop_test

import (
	"context"
	"log/slog"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
)

type letterVector struct {
	about
	Message queued `json:"message"`
	Want    struct {
		Attributes values            `json:"attributes"`
		System     map[string]string `json:"system"`
	} `json:"want"`
}

// unused is a sink to which nothing comes.
type unused struct{}

func (unused) Write(context.Context, []*consumer.Record) ([]consumer.Stored, error) { panic("unused") }

func TestLetter_EveryVector(t *testing.T) {
	for _, v := range vectorsOf[letterVector](t, "letter") {
		t.Run(v.Name, func(t *testing.T) {
			b := setup(t)
			quiet := slog.New(slog.DiscardHandler)
			c, err := consumer.New(consumer.Config{Sink: unused{}, SQS: b.sqs, DeadLetterQueueURL: b.raw, Logger: quiet})
			if err != nil {
				t.Fatal(err)
			}
			handle := awslambda.SQSBatch(c.Handle, awslambda.Config{TracerProvider: b.tracers, Logger: quiet})
			response, err := handle(t.Context(), events.SQSEvent{Records: []events.SQSMessage{record(v.Message.sqs(t))}})
			if err != nil || len(response.BatchItemFailures) > 0 {
				t.Fatalf("%+v, %v", response, err)
			}
			for _, s := range b.spans.GetSpans() {
				if a, ok := v.Want.Attributes["traceparent"]; ok && s.SpanKind == trace.SpanKindProducer {
					a.Value = strings.Replace(a.Value, "SEND", s.SpanContext.SpanID().String(), 1)
					v.Want.Attributes["traceparent"] = a
				}
			}
			for _, m := range b.receive(t, b.raw, 1, "All") {
				if got := sqsValues(m.MessageAttributes); !reflect.DeepEqual(got, v.Want.Attributes) {
					t.Errorf("the letter has\n%v, want\n%v", got, v.Want.Attributes)
				}
				got := maps.Clone(m.Attributes)
				maps.DeleteFunc(got, func(name, _ string) bool { return name != "AWSTraceHeader" })
				if !maps.Equal(got, v.Want.System) {
					t.Errorf("the letter has the system attributes %v, want %v", got, v.Want.System)
				}
				if *m.Body != v.Message.Body {
					t.Errorf("the letter's body is %s, want it as it came", *m.Body)
				}
			}
		})
	}
}
