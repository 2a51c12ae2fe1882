package consumer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"

	"github.com/tracehaul/tracehaul/event"
)

// Config says where events go. Sink is required.
type Config struct {
	// Sink stores the events. Required.
	Sink Sink

	// DeadLetterQueueURL is the queue for messages that can never work. Like any
	// delivery theirs is at least once: one may be there twice.
	//
	// Defaults to none: they are reported as failures until the queue's own
	// redrive policy puts them aside, without a reason.
	DeadLetterQueueURL string

	// SQS sends to the dead-letter queue. Required with DeadLetterQueueURL.
	SQS SQSClient

	// Limits bound the events that are read.
	//
	// Defaults to those of package event.
	Limits event.Limits

	// Freshness is the objective: events stored later than this after their
	// acceptance count as late.
	//
	// Defaults to 60 s.
	Freshness time.Duration

	// MeterProvider makes the instruments.
	//
	// Defaults to OpenTelemetry's global one.
	MeterProvider metric.MeterProvider

	// Logger takes one line for each message that is dead-lettered, one for each
	// batch that fails, and semconv.LogEventsStored, at level info, for each from
	// which new events were stored.
	//
	// Defaults to [slog.Default].
	Logger *slog.Logger
}

// SQSClient is the part of the SQS client that the consumer uses. An
// *sqs.Client is one.
type SQSClient interface {
	SendMessageBatch(ctx context.Context, in *sqs.SendMessageBatchInput, opts ...func(*sqs.Options)) (*sqs.SendMessageBatchOutput, error)
}

// WithDefaults returns c with its unset fields filled in.
func (c Config) WithDefaults() Config {
	c.Limits = c.Limits.WithDefaults()
	if c.Freshness == 0 {
		c.Freshness = 60 * time.Second
	}
	if c.MeterProvider == nil {
		c.MeterProvider = otel.GetMeterProvider()
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

// Validate reports everything that is missing or wrong.
func (c Config) Validate() error {
	var errs []error
	if c.Sink == nil {
		errs = append(errs, errors.New("Sink: want a sink, got none"))
	}
	if c.DeadLetterQueueURL != "" && c.SQS == nil {
		errs = append(errs, errors.New("SQS: want a client for the dead-letter queue, got none"))
	}
	if c.DeadLetterQueueURL == "" && c.SQS != nil {
		errs = append(errs, errors.New("DeadLetterQueueURL: want the URL of a queue, got none"))
	}
	if c.Freshness < 0 {
		errs = append(errs, fmt.Errorf("Freshness: want a duration of more than 0, got %v", c.Freshness)) //nolint:staticcheck // a field has a capital
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("consumer: configuration: %w", err)
	}
	return nil
}
