// Command forward is a Lambda function that passes messages of a queue on to a
// topic, with OpenTelemetry's packages for AWS, which have no owner any more.
// The same with Tracehaul's is in ../after.
package main

import (
	"context"
	"log"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-lambda-go/otellambda"
	"go.opentelemetry.io/contrib/instrumentation/github.com/aws/aws-sdk-go-v2/otelaws"
	"go.opentelemetry.io/contrib/propagators/aws/xray"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

func main() {
	ctx := context.Background()
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		log.Fatal(err)
	}
	tp := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithIDGenerator(xray.NewIDGenerator()))
	otel.SetTracerProvider(tp)
	otel.SetTextMapPropagator(xray.Propagator{})

	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	otelaws.AppendMiddlewares(&cfg.APIOptions)

	f := &forwarder{sns.NewFromConfig(cfg), os.Getenv("TOPIC_ARN")}
	lambda.Start(otellambda.InstrumentHandler(f.handle, otellambda.WithTracerProvider(tp), otellambda.WithFlusher(tp), otellambda.WithPropagator(xray.Propagator{})))
}

type forwarder struct {
	topic *sns.Client
	arn   string
}

// handle fails the whole batch if one of its messages fails.
func (f *forwarder) handle(ctx context.Context, event events.SQSEvent) error {
	for _, m := range event.Records {
		if _, err := f.topic.Publish(ctx, &sns.PublishInput{TopicArn: &f.arn, Message: &m.Body}); err != nil {
			return err
		}
	}
	return nil
}
