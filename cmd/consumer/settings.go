package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/consumer/postgres"
	"github.com/tracehaul/tracehaul/internal/setting"
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

// variables are those that this program reads itself.
var variables = []setting.Variable[settings]{
	{
		Name: "DEAD_LETTER_QUEUE_URL", Help: "queue for messages that can never work; required",
		Set: func(s *settings, v string) error {
			s.consumer.DeadLetterQueueURL = v
			if u, err := url.Parse(v); err != nil || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
				return errQueueURL
			}
			return nil
		},
	},
	{
		Name: "WAIT_SPANS", Fallback: "true", Help: "whether to make `wait <queue>` spans",
		Set: func(s *settings, v string) error {
			on, err := setting.Bool(v)
			s.lambda.NoWaitSpan = !on
			return err
		},
	},
	{
		Name: "DEADLINE_MARGIN", Fallback: "1s", Help: "how long before Lambda's deadline to stop working on a batch",
		Set: func(s *settings, v string) (err error) {
			s.lambda.DeadlineMargin, err = setting.Duration(v, "1s")
			return err
		},
	},
	{
		Name: "FRESHNESS", Fallback: "60s", Help: "how long after its acceptance by the service an event counts as late",
		Set: func(s *settings, v string) (err error) {
			s.consumer.Freshness, err = setting.Duration(v, "60s")
			return err
		},
	},
	setting.LogLevel(func(s *settings, level slog.Level) { s.telemetry.LogLevel = level }),
	{
		Name: "AWS_LAMBDA_MAX_CONCURRENCY", Help: "set by Lambda where a process works on several batches at a time: each needs a connection",
		Set: func(s *settings, v string) error {
			n, err := strconv.Atoi(v)
			if err != nil || n < 1 {
				return errors.New("a number from 1")
			}
			if n > 1 {
				s.database.MaxConns = min(n, maxConns)
			}
			return nil
		},
	},
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
	if err := setting.Read(&s, variables, getenv); err != nil {
		errs = append(errs, err)
	}
	if s.consumer.DeadLetterQueueURL == "" {
		errs = append(errs, fmt.Errorf("DEAD_LETTER_QUEUE_URL: want %w", errQueueURL))
	}
	return s, errors.Join(errs...)
}
