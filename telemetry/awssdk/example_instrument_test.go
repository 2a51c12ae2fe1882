package awssdk_test

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/tracehaul/tracehaul/telemetry/awssdk"
)

// One line between loading the configuration and making clients.
func ExampleInstrument() {
	cfg, spans := load() // config.LoadDefaultConfig(ctx), and a place for spans
	awssdk.Instrument(&cfg, awssdk.Config{TracerProvider: spans.provider})

	client := sns.NewFromConfig(cfg)
	_, err := client.Publish(context.Background(), &sns.PublishInput{
		TopicArn: aws.String("arn:aws:sns:eu-west-1:123456789012:events"),
		Message:  aws.String("hello"),
	})
	fmt.Println(err)
	for _, span := range spans.Ended() {
		fmt.Println(span.SpanKind(), span.Name())
	}
	// Output:
	// <nil>
	// producer send events
}

type recorded struct {
	*tracetest.SpanRecorder
	provider *sdktrace.TracerProvider
}

// load stands for config.LoadDefaultConfig. Its clients call nobody.
func load() (aws.Config, recorded) {
	r := tracetest.NewSpanRecorder()
	return aws.Config{
		Region: "eu-west-1", HTTPClient: nowhere,
		Credentials: credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
	}, recorded{r, sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(r))}
}
