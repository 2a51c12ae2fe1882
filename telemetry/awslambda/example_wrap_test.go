package awslambda_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-lambda-go/events"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
)

// A function with any event, traced. In a program, awslambda.Start(handler, c)
// takes the place of the last lines.
func ExampleWrap() {
	spans := tracetest.NewSpanRecorder() // a real function has telemetry.Setup
	tp := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	c := awslambda.Config{TracerProvider: tp, FunctionName: "prod-shop-notifier", Flush: tp.ForceFlush}

	handler := awslambda.Wrap(func(_ context.Context, e events.SNSEvent) (int, error) {
		return len(e.Records), nil
	}, c)

	_, _ = handler(context.Background(), events.SNSEvent{})
	for _, span := range spans.Ended() {
		fmt.Println(span.SpanKind(), span.Name())
	}
	// Output:
	// server prod-shop-notifier
}
