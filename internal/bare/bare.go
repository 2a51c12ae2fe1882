// Package bare takes the telemetry out of a service, so that benchmarks have
// something to compare with: a [MeterProvider] in service.Config says so.
//
// Of this module it imports nothing.
package bare

import "go.opentelemetry.io/otel/metric/noop"

// MeterProvider leaves spans, metrics and the traceresponse header away.
type MeterProvider struct{ noop.MeterProvider }
