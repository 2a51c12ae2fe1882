package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"time"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/consumer/postgres"
	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
)

// settings are what the environment says.
type settings struct {
	database  postgres.Config
	consumer  consumer.Config
	lambda    awslambda.Config
	telemetry telemetry.Config
}

// variable is an environment variable that this program reads itself. The
// database's are read by package postgres, OTEL_* by package telemetry, AWS_*
// by the AWS SDK.
type variable struct {
	name string

	// set puts a value, which is not empty, into the settings. Its error says
	// what would be accepted.
	set func(s *settings, value string) error
}

var variables = []variable{
	// The queue for messages that can never work. Required.
	{"DEAD_LETTER_QUEUE_URL", func(s *settings, v string) error {
		s.consumer.DeadLetterQueueURL = v
		if u, err := url.Parse(v); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
			return errQueueURL
		}
		return nil
	}},
	// Whether to make `wait <queue>` spans. Defaults to true.
	{"WAIT_SPANS", func(s *settings, v string) error {
		on, err := strconv.ParseBool(v)
		if err != nil {
			return errors.New("true or false")
		}
		s.lambda.NoWaitSpan = !on
		return nil
	}},
	// How long before Lambda's deadline to stop working on a batch. Defaults
	// to 1s.
	{"DEADLINE_MARGIN", func(s *settings, v string) (err error) {
		if s.lambda.DeadlineMargin, err = time.ParseDuration(v); err != nil || s.lambda.DeadlineMargin <= 0 {
			return errors.New("a duration of more than 0, such as 1s")
		}
		return nil
	}},
	// How long after its acceptance by the service an event counts as late.
	// Defaults to 60s.
	{"FRESHNESS", func(s *settings, v string) (err error) {
		if s.consumer.Freshness, err = time.ParseDuration(v); err != nil || s.consumer.Freshness <= 0 {
			return errors.New("a duration of more than 0, such as 60s")
		}
		return nil
	}},
	// The lowest level of log lines. Defaults to info.
	{"LOG_LEVEL", func(s *settings, v string) error {
		var level slog.Level
		if level.UnmarshalText([]byte(v)) != nil {
			return errors.New("debug, info, warn or error")
		}
		s.telemetry.LogLevel = level
		return nil
	}},
	// Set by Lambda where a process works on several batches at a time: each
	// needs a connection.
	{"AWS_LAMBDA_MAX_CONCURRENCY", func(s *settings, v string) error {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return errors.New("a number from 1")
		}
		if n > 1 {
			s.database.MaxConns = min(n, maxConns)
		}
		return nil
	}},
}

var errQueueURL = errors.New("the URL of an SQS queue")

const (
	// maxConns bounds the connections of one process.
	maxConns = 16

	// A batch of 1,000 messages makes 3,000 spans within milliseconds, and
	// Lambda hands over up to 10,000 at once. OpenTelemetry's default queue of
	// 2,048 would drop most of them.
	spanQueue, spanBatch = 32768, 4096
)

// settingsFrom reads the environment. The error names every variable that is
// wrong, and what would be right.
func settingsFrom(getenv func(string) string) (s settings, err error) {
	var errs []error
	if s.database, err = postgres.ConfigFromEnv(getenv); err != nil {
		errs = append(errs, err)
	}
	if s.telemetry, err = telemetry.ConfigFromEnv(getenv); err != nil {
		errs = append(errs, err)
	}
	if getenv("OTEL_BSP_MAX_QUEUE_SIZE") == "" {
		s.telemetry.Traces.Batch.QueueSize = spanQueue
	}
	if getenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE") == "" {
		s.telemetry.Traces.Batch.BatchSize = min(spanBatch, s.telemetry.Traces.Batch.QueueSize)
	}
	for _, v := range variables {
		value := getenv(v.name)
		if value == "" {
			continue
		}
		if err := v.set(&s, value); err != nil {
			errs = append(errs, fmt.Errorf("%s=%q: want %w", v.name, value, err))
		}
	}
	if s.consumer.DeadLetterQueueURL == "" {
		errs = append(errs, fmt.Errorf("DEAD_LETTER_QUEUE_URL: want %w", errQueueURL))
	}
	return s, errors.Join(errs...)
}
