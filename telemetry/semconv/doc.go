// Package semconv holds the names that Tracehaul adds to OpenTelemetry's
// semantic conventions: attribute keys, metric names with their units and
// histogram buckets, and the fixed values they take.
//
// Where OpenTelemetry has a name, go.opentelemetry.io/otel/semconv is used
// and nothing is repeated here. Everything that dashboards, alarms and
// queries refer to by name stands in this package, so that a name is written
// once.
//
// Of this module it imports nothing.
// Of others it imports the attribute API alone.
package semconv
