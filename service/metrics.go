package service

import (
	"context"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

const scope = "github.com/tracehaul/tracehaul/service"

// metrics are what the service counts beside the HTTP requests and AWS calls
// that others measure.
type metrics struct {
	accepted metric.Int64Counter
	refused  metric.Int64Counter
	batch    metric.Int64Histogram
	wait     metric.Float64Histogram

	// reasons are the options of refused for each code: a set of attributes
	// takes longer to make than to count.
	reasons map[string][]metric.AddOption
}

func newMetrics(p metric.MeterProvider) *metrics {
	meter := p.Meter(scope)
	m := &metrics{reasons: make(map[string][]metric.AddOption, len(problemKinds))}
	for code := range problemKinds {
		m.reasons[code] = reason(code)
	}
	var errs [4]error
	m.accepted, errs[0] = meter.Int64Counter(semconv.MetricAccepted,
		metric.WithUnit(semconv.UnitEvents),
		metric.WithDescription("Events that the service accepted: SNS has confirmed them."))
	m.refused, errs[1] = meter.Int64Counter(semconv.MetricRefused,
		metric.WithUnit(semconv.UnitEvents),
		metric.WithDescription("Events, or requests that could not be read as events, that the service refused."))
	m.batch, errs[2] = meter.Int64Histogram(semconv.MetricPublishBatchSize,
		metric.WithUnit(semconv.UnitMessages),
		metric.WithExplicitBucketBoundaries(1, 2, 3, 4, 5, 6, 7, 8, 9, 10),
		metric.WithDescription("Messages in one PublishBatch."))
	m.wait, errs[3] = meter.Float64Histogram(semconv.MetricPublishWait,
		metric.WithUnit(semconv.UnitSeconds),
		metric.WithExplicitBucketBoundaries(semconv.DurationBuckets()...),
		metric.WithDescription("Time that the first event of a PublishBatch waited for the call to begin."))
	for _, err := range errs {
		if err != nil {
			otel.Handle(err) // instruments work none the less, as the API promises
		}
	}
	return m
}

// sent records that a batch goes out.
func (m *metrics) sent(ctx context.Context, batch []*entry) {
	m.batch.Record(ctx, int64(len(batch)))
	first := batch[0]
	m.wait.Record(first.submission.ctx, time.Since(first.since).Seconds())
}

// refuse counts n events refused for a reason.
func (m *metrics) refuse(ctx context.Context, n int, code string) {
	options, known := m.reasons[code]
	if !known {
		options = reason(code)
	}
	m.refused.Add(ctx, int64(n), options...)
}

func reason(code string) []metric.AddOption {
	return []metric.AddOption{metric.WithAttributeSet(attribute.NewSet(semconv.ReasonKey.String(code)))}
}
