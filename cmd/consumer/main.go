// Command consumer is the Lambda function that takes batches of events from an
// SQS queue and writes them to PostgreSQL: package consumer with the sink of
// consumer/postgres.
//
// It reads DATABASE_URL or DATABASE_HOST and so on (see
// postgres.ConfigFromEnv), DEAD_LETTER_QUEUE_URL, FRESHNESS, WAIT_SPANS,
// DEADLINE_MARGIN, LOG_LEVEL, and the standard variables OTEL_* and AWS_*;
// `consumer help` says what they are for.
//
// Bad settings end it when it starts. A database, queue or collector that is
// away does not: its messages come again.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/consumer/postgres"
	"github.com/tracehaul/tracehaul/internal/lambdamain"
	"github.com/tracehaul/tracehaul/internal/memory"
	"github.com/tracehaul/tracehaul/internal/sdkhttp"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/pgxtrace"
)

// version is set by -ldflags "-X main.version=...". Without it, telemetry
// takes what the go command recorded.
var version string

func main() {
	memory.TuneFunction(os.Getenv)
	lambdamain.Main("consumer", variables, os.Getenv, build)
}

// build puts the function together. It calls nobody: not the database, not
// AWS, not a collector.
func build(ctx context.Context, getenv func(string) string) (handler any, c awslambda.Config, err error) {
	set, err := settingsFrom(getenv)
	if err != nil {
		return nil, c, fmt.Errorf("bad settings:\n%w", err)
	}
	f, err := lambdamain.Setup(ctx, getenv, set.telemetry, version)
	if err != nil {
		return nil, c, err
	}
	tel := f.Telemetry

	set.database.AWS = f.AWS
	set.database.Trace = pgxtrace.Config{TracerProvider: tel.TracerProvider(), MeterProvider: tel.MeterProvider()}
	pool, err := postgres.Open(set.database)
	if err != nil {
		return nil, c, err
	}
	if _, err := pgxtrace.ObservePool(pool, set.database.Trace); err != nil {
		return nil, c, fmt.Errorf("metrics of the pool: %w", err)
	}

	set.consumer.Sink = postgres.New(pool)
	set.consumer.SQS = sqs.NewFromConfig(f.AWS, func(o *sqs.Options) { o.HTTPClient = sdkhttp.New(o.HTTPClient) })
	set.consumer.MeterProvider, set.consumer.Logger = tel.MeterProvider(), tel.Logger()
	consume, err := consumer.New(set.consumer)
	if err != nil {
		return nil, c, err
	}
	c = f.Lambda(set.lambda)
	return awslambda.SQSBatch(consume.Handle, c), c, nil
}
