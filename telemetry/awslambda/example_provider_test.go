package awslambda_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-lambda-go/events"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// A function with a provider of its own instead of telemetry.Setup's: the sampler
// is in xray.Sampler, so that it understands the headers of Lambda and of messages.
func ExampleConfig_providerOfYourOwn() {
	spans := tracetest.NewSpanRecorder() // a real function has an exporter
	tp := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans),
		sdktrace.WithSampler(xray.Sampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(1)))))
	c := awslambda.Config{TracerProvider: tp, FunctionName: "prod-shop-writer", Flush: tp.ForceFlush, Shutdown: tp.Shutdown}

	handler := awslambda.SQSEach(func(context.Context, *awslambda.Message) error { return nil }, c)

	_, _ = handler(context.Background(), events.SQSEvent{Records: []events.SQSMessage{{
		EventSourceARN: "arn:aws:sqs:eu-west-1:123456789012:orders",
		Attributes:     map[string]string{"AWSTraceHeader": "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=0"},
	}}})
	fmt.Println(spans.Ended()[0].Name(), spans.Ended()[0].SpanContext().TraceID())
	// Output:
	// process orders 67891233abcdef012345678912345678
}

// A function behind a load balancer goes on with the trace of its request.
func ExampleHeaders() {
	spans := tracetest.NewSpanRecorder()
	tp := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(spans))
	propagator := propagation.NewCompositeTextMapPropagator( // telemetry.Setup has one
		propagation.TraceContext{}, propagation.Baggage{}, xray.Propagator{})
	c := awslambda.Config{TracerProvider: tp, FunctionName: "prod-shop-api", Flush: tp.ForceFlush}
	c.Parent = func(ctx context.Context, event any) context.Context {
		request, ok := event.(events.ALBTargetGroupRequest)
		if !ok {
			return ctx
		}
		return propagator.Extract(ctx, awslambda.Headers(request.Headers, request.MultiValueHeaders))
	}
	handler := awslambda.Wrap(func(context.Context, events.ALBTargetGroupRequest) (events.ALBTargetGroupResponse, error) {
		return events.ALBTargetGroupResponse{StatusCode: 200}, nil
	}, c)

	_, _ = handler(context.Background(), events.ALBTargetGroupRequest{
		Headers: map[string]string{"x-amzn-trace-id": "Root=1-67891233-abcdef012345678912345678"},
	})
	fmt.Println(spans.Ended()[0].SpanContext().TraceID())
	// Output:
	// 67891233abcdef012345678912345678
}
