package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/internal/lambdamain"
	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/albspan"
)

// exportTimeout is how long one export may take, unless the environment says
// otherwise: OpenTelemetry's default.
const exportTimeout = 10 * time.Second

// flushTimeout bounds one delivery of spans: time for an export that hangs, and
// for those behind it. It is what the function is for, and nobody waits for its
// answer.
func flushTimeout(c telemetry.ExporterConfig) time.Duration {
	return cmp.Or(c.Timeout, exportTimeout) * 3 / 2
}

const (
	// flushEvery is how many spans are made before they are sent, where the
	// queue holds twice as many.
	flushEvery = 1024

	// spanBytes is more than a span takes whose every text is as long as
	// package albspan lets it be.
	spanBytes = 24 << 10
)

// balancerTelemetry is what the load balancer's spans go through: where the
// function's own go, sampled as those, with a resource that is the load
// balancer's. What the function knows of itself is not in it.
func balancerTelemetry(ctx context.Context, set settings, f lambdamain.Function) (delivery, error) {
	c := set.telemetry
	c.ServiceName, c.ServiceVersion, c.ForeignResource = set.balancer, "", true
	c.Resource = slices.DeleteFunc(slices.Clone(c.Resource), ofTheFunction)
	c.Credentials = f.AWS.Credentials
	c.Traces.IDs = albspan.IDs()
	c.FlushTimeout, c.Traces.Batch.AlwaysWait = flushTimeout(c.Traces.Exporter), true
	c.Traces.Batch.QueueSize = cmp.Or(c.Traces.Batch.QueueSize, 2*flushEvery)
	c.Traces.QueueBytes = beforeFlush(c.Traces.Batch) * spanBytes
	c.Metrics.Exporter.Kind, c.Logs.Exporter.Kind = telemetry.ExporterNone, telemetry.ExporterNone
	tel, err := telemetry.Setup(ctx, c)
	if err != nil {
		return delivery{}, fmt.Errorf("telemetry of the load balancer: %w", err)
	}
	return delivery{Telemetry: tel, every: int64(beforeFlush(c.Traces.Batch))}, nil
}

// beforeFlush is how many spans are made before they are sent: fewer than the
// queue holds, so that none is dropped.
func beforeFlush(c telemetry.BatchConfig) int { return min(flushEvery, max(1, c.QueueSize/2)) }

func ofTheFunction(a attribute.KeyValue) bool {
	switch a.Key {
	case otelsemconv.ServiceNameKey, otelsemconv.ServiceVersionKey, otelsemconv.CloudPlatformKey:
		return true
	}
	return strings.HasPrefix(string(a.Key), "faas.") || strings.HasPrefix(string(a.Key), "aws.log.")
}
