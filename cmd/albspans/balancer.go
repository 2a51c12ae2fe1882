package main

import (
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

// flushTimeout bounds one delivery of spans: it is what the function is for, and
// nobody waits for its answer.
const flushTimeout = 15 * time.Second

// balancerTelemetry is what the load balancer's spans go through: where the
// function's own go, sampled as those, with a resource that is the load
// balancer's. What the function knows of itself is not in it.
func balancerTelemetry(ctx context.Context, set settings, f lambdamain.Function) (*telemetry.Telemetry, error) {
	c := set.telemetry
	c.ServiceName, c.ServiceVersion = set.balancer, ""
	c.Resource = slices.DeleteFunc(slices.Clone(c.Resource), ofTheFunction)
	c.Credentials = f.AWS.Credentials
	c.Traces.IDs = albspan.IDs()
	c.FlushTimeout = flushTimeout
	c.Metrics.Exporter.Kind, c.Logs.Exporter.Kind = telemetry.ExporterNone, telemetry.ExporterNone
	tel, err := telemetry.Setup(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("telemetry of the load balancer: %w", err)
	}
	return tel, nil
}

func ofTheFunction(a attribute.KeyValue) bool {
	switch a.Key {
	case otelsemconv.ServiceNameKey, otelsemconv.ServiceVersionKey, otelsemconv.CloudPlatformKey:
		return true
	}
	return strings.HasPrefix(string(a.Key), "faas.") || strings.HasPrefix(string(a.Key), "aws.log.")
}
