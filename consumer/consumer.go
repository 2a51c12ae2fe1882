package consumer

import (
	"context"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

const scope = "github.com/tracehaul/tracehaul/consumer"

// Consumer handles batches of messages. It is made by [New] and safe for
// concurrent use.
type Consumer struct {
	cfg      Config
	endToEnd metric.Float64Histogram
	now      func() time.Time
}

// New returns a consumer, or says everything that is wrong with c.
func New(c Config) (*Consumer, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.WithDefaults()
	endToEnd, err := c.MeterProvider.Meter(scope).Float64Histogram(semconv.MetricEndToEnd,
		metric.WithUnit(semconv.UnitSeconds),
		metric.WithDescription("Time from the service's acceptance of an event until it was stored."),
		metric.WithExplicitBucketBoundaries(semconv.QueueBuckets()...))
	if err != nil {
		otel.Handle(err) // the histogram works none the less, as the API promises
	}
	return &Consumer{cfg: c, endToEnd: endToEnd, now: time.Now}, nil
}

// Handle settles every message of a batch; see the package's comment for how.
// It is the function for [awslambda.SQSBatch] and returns no error: what went
// wrong is in the messages.
func (c *Consumer) Handle(ctx context.Context, messages []*awslambda.Message) error {
	if len(messages) == 0 {
		return nil
	}
	b := &batch{Consumer: c, ctx: ctx}
	defer b.letters.sending.wait() // also when the sink panics: nothing is sent after the answer
	records := b.decode(messages)
	for len(records) > 0 {
		first, again := split(records)
		b.write(first)
		b.record(first)
		records = b.follow(again)
	}
	b.logStored()
	b.logFailure(len(messages))
	return nil
}

// record counts new events and measures how long they took from end to end,
// each in the context of its trace so that it can become an exemplar.
func (b *batch) record(records []*Record) {
	now := b.now()
	options := []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(
		otelsemconv.MessagingDestinationName(queueName(records[0].message.Record.EventSourceARN))))}
	for _, r := range records {
		if r.outcome != outcomeWritten {
			continue
		}
		b.stored++
		took, ok := r.took(now)
		if !ok {
			continue
		}
		b.endToEnd.Record(r.Context, took.Seconds(), options...)
		b.slowest = max(b.slowest, took)
		if took > b.cfg.Freshness {
			b.late++
		}
	}
}

// took is how long an event took until now, if that is known. Clocks differ:
// a negative time is no time.
func (r *Record) took(now time.Time) (time.Duration, bool) {
	if r.AcceptedAt.IsZero() {
		return 0, false
	}
	return max(0, now.Sub(r.AcceptedAt)), true
}

// queueName is the last part of a queue's ARN.
func queueName(arn string) string { return arn[strings.LastIndexByte(arn, ':')+1:] }
