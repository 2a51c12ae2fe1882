// Command consumer is the Lambda function that takes batches of events from an
// SQS queue and writes them to PostgreSQL: package consumer with the sink of
// consumer/postgres.
//
// It reads DATABASE_URL or DATABASE_HOST and so on (see
// postgres.ConfigFromEnv), DEAD_LETTER_QUEUE_URL, FRESHNESS, WAIT_SPANS,
// DEADLINE_MARGIN, LOG_LEVEL, and the standard variables OTEL_* and AWS_*.
//
// Bad settings end it when it starts. A database, queue or collector that is
// away does not: its messages come again.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/consumer/postgres"
	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/awssdk"
	"github.com/tracehaul/tracehaul/telemetry/pgxtrace"
)

// version is set by -ldflags "-X main.version=...". Without it, telemetry
// takes what the go command recorded.
var version string

func main() {
	handler, c, err := build(context.Background(), os.Getenv)
	if err != nil {
		fmt.Fprintf(os.Stderr, "consumer: %v\n", err)
		os.Exit(1)
	}
	tuneMemory(os.Getenv)
	awslambda.Start(handler, c)
}

// tuneMemory lets garbage grow further than Go does by itself, within four
// fifths of the function's memory: collecting it costs a large batch more time
// than its spans. GOGC and GOMEMLIMIT win.
func tuneMemory(getenv func(string) string) {
	megabytes, err := strconv.ParseInt(getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), 10, 32)
	if err != nil || getenv("GOGC") != "" || getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetMemoryLimit(megabytes << 20 / 5 * 4)
	debug.SetGCPercent(400)
}

// build puts the function together. It calls nobody: not the database, not
// AWS, not a collector.
func build(ctx context.Context, getenv func(string) string) (handler any, c awslambda.Config, err error) {
	set, err := settingsFrom(getenv)
	if err != nil {
		return nil, c, fmt.Errorf("bad settings:\n%w", err)
	}
	awsConfig, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, c, fmt.Errorf("AWS settings: %w", err)
	}
	set.telemetry.Credentials = awsConfig.Credentials
	if version != "" {
		set.telemetry.ServiceVersion = version
	}
	tel, err := telemetry.Setup(ctx, set.telemetry)
	if err != nil {
		return nil, c, fmt.Errorf("telemetry: %w", err)
	}
	tel.SetGlobal()
	slog.SetDefault(tel.Logger())
	awssdk.Instrument(&awsConfig, awssdk.Config{TracerProvider: tel.TracerProvider(), MeterProvider: tel.MeterProvider(), Logger: tel.Logger()})

	set.database.AWS = awsConfig
	set.database.Trace = pgxtrace.Config{TracerProvider: tel.TracerProvider(), MeterProvider: tel.MeterProvider()}
	pool, err := postgres.Open(set.database)
	if err != nil {
		return nil, c, err
	}
	if _, err := pgxtrace.ObservePool(pool, set.database.Trace); err != nil {
		return nil, c, fmt.Errorf("metrics of the pool: %w", err)
	}

	set.consumer.Sink = postgres.New(pool)
	set.consumer.SQS = sqs.NewFromConfig(awsConfig)
	set.consumer.MeterProvider, set.consumer.Logger = tel.MeterProvider(), tel.Logger()
	consume, err := consumer.New(set.consumer)
	if err != nil {
		return nil, c, err
	}
	c = set.lambda
	c.TracerProvider, c.MeterProvider, c.Logger = tel.TracerProvider(), tel.MeterProvider(), tel.Logger()
	c.Flush, c.Shutdown = tel.FlushInvocation, tel.Shutdown
	return awslambda.SQSBatch(consume.Handle, c), c, nil
}
