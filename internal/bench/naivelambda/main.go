// Command naivelambda is the consumer as a team would put it together from
// stock parts: OpenTelemetry's SDK with its OTLP exporters over HTTP, the AWS
// SDK and pgx. It does what the consumer does at its start, and is what the
// consumer's size is measured against.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/trace"
)

func main() {
	h, err := newHandler(context.Background())
	if err != nil {
		fmt.Fprintf(os.Stderr, "naivelambda: %v\n", err)
		os.Exit(1)
	}
	lambda.StartWithOptions(h.handle, lambda.WithEnableSIGTERM(func() { _ = h.spans.Shutdown(context.Background()) }))
}

type handler struct {
	spans   *trace.TracerProvider
	metrics *metric.MeterProvider
	pool    *pgxpool.Pool
	queue   *sqs.Client
	topic   *sns.Client
}

func newHandler(ctx context.Context) (*handler, error) {
	spans, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, err
	}
	metrics, err := otlpmetrichttp.New(ctx)
	if err != nil {
		return nil, err
	}
	h := &handler{
		spans:   trace.NewTracerProvider(trace.WithBatcher(spans)),
		metrics: metric.NewMeterProvider(metric.WithReader(metric.NewPeriodicReader(metrics))),
	}
	otel.SetTracerProvider(h.spans)
	otel.SetMeterProvider(h.metrics)
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, err
	}
	h.queue, h.topic = sqs.NewFromConfig(cfg), sns.NewFromConfig(cfg)
	if h.pool, err = pgxpool.New(ctx, os.Getenv("DATABASE_URL")); err != nil { //nolint:forbidigo // it stands for a command
		return nil, err
	}
	return h, nil
}

// handle stores messages, announces each, and puts aside what the database
// refuses.
func (h *handler) handle(ctx context.Context, e events.SQSEvent) (response events.SQSEventResponse, err error) {
	ctx, span := otel.Tracer("naivelambda").Start(ctx, "process")
	defer func() {
		span.End()
		err = errors.Join(err, h.spans.ForceFlush(ctx), h.metrics.ForceFlush(ctx))
	}()
	topic, deadLetters := os.Getenv("TOPIC_ARN"), os.Getenv("DEAD_LETTER_QUEUE_URL") //nolint:forbidigo // it stands for a command
	for _, m := range e.Records {
		_, err := h.pool.Exec(ctx, "INSERT INTO events (source, id, type, data) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
			m.EventSourceARN, m.MessageId, "message", m.Body)
		if err == nil {
			_, err = h.topic.Publish(ctx, &sns.PublishInput{TopicArn: &topic, Message: &m.MessageId})
		} else {
			_, err = h.queue.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &deadLetters, MessageBody: &m.Body})
		}
		if err != nil {
			response.BatchItemFailures = append(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return response, nil
}
