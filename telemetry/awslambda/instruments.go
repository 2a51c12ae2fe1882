package awslambda

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/faasconv"
	"go.opentelemetry.io/otel/semconv/v1.43.0/messagingconv"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// instruments are what is measured of invocations and messages.
type instruments struct {
	invocations faasconv.Invocations
	errors      faasconv.Errors
	timeouts    faasconv.Timeouts
	coldstarts  faasconv.Coldstarts
	duration    faasconv.InvokeDuration
	initialised faasconv.InitDuration

	consumed  messagingconv.ClientConsumedMessages
	process   messagingconv.ProcessDuration
	dwell     metric.Float64Histogram
	batchSize metric.Int64Histogram
	outcomes  metric.Int64Counter
}

// newInstruments makes the instruments. One that cannot be made is a no-op,
// and told to OpenTelemetry's error handler.
func newInstruments(mp metric.MeterProvider) *instruments {
	var (
		i    instruments
		errs [11]error
	)
	m := mp.Meter(scopeName, metric.WithSchemaURL(otelsemconv.SchemaURL))
	calls := metric.WithExplicitBucketBoundaries(semconv.DurationBuckets()...)
	i.invocations, errs[0] = faasconv.NewInvocations(m)
	i.errors, errs[1] = faasconv.NewErrors(m)
	i.timeouts, errs[2] = faasconv.NewTimeouts(m)
	i.coldstarts, errs[3] = faasconv.NewColdstarts(m)
	i.duration, errs[4] = faasconv.NewInvokeDuration(m, calls)
	i.initialised, errs[5] = faasconv.NewInitDuration(m, calls)
	i.consumed, errs[6] = messagingconv.NewClientConsumedMessages(m)
	i.process, errs[7] = messagingconv.NewProcessDuration(m, calls)
	i.dwell, errs[8] = m.Float64Histogram(semconv.MetricDwellTime,
		metric.WithUnit(semconv.UnitSeconds),
		metric.WithDescription("Time from a message's arrival in the queue until the consumer was handed it."),
		metric.WithExplicitBucketBoundaries(semconv.QueueBuckets()...))
	i.batchSize, errs[9] = m.Int64Histogram(semconv.MetricBatchSize,
		metric.WithUnit(semconv.UnitMessages),
		metric.WithDescription("Messages handed over at once."),
		metric.WithExplicitBucketBoundaries(semconv.BatchBuckets()...))
	i.outcomes, errs[10] = m.Int64Counter(semconv.MetricOutcomes,
		metric.WithUnit(semconv.UnitMessages),
		metric.WithDescription("Messages by what became of them, and why."))
	if err := errors.Join(errs[:]...); err != nil {
		otel.Handle(fmt.Errorf("make instruments of %s: %w", scopeName, err))
	}
	return &i
}
