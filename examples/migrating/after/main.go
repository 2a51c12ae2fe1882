// Command forward is a Lambda function that passes messages of a queue on to a
// topic: what ../before does, and each message stays in its own trace.
package main

import (
	"context"
	"log"
	"os"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/awssdk"
)

func main() {
	ctx := context.Background()
	settings, err := telemetry.ConfigFromEnv(os.Getenv)
	if err != nil {
		log.Fatal(err)
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		log.Fatal(err)
	}
	settings.Credentials = cfg.Credentials // CloudWatch's own OTLP addresses need no collector layer
	tel, err := telemetry.Setup(ctx, settings)
	if err != nil {
		log.Fatal(err)
	}
	tel.SetGlobal()
	awssdk.Instrument(&cfg, awssdk.Config{})

	f := &forwarder{sns.NewFromConfig(cfg), os.Getenv("TOPIC_ARN")}
	c := awslambda.Config{Flush: tel.FlushInvocation, Shutdown: tel.Shutdown, Logger: tel.Logger()}
	awslambda.Start(awslambda.SQSEach(f.handle, c), c)
}

type forwarder struct {
	topic *sns.Client
	arn   string
}

// handle fails its message alone.
func (f *forwarder) handle(ctx context.Context, m *awslambda.Message) error {
	_, err := f.topic.Publish(ctx, &sns.PublishInput{TopicArn: &f.arn, Message: &m.Body})
	return err
}
