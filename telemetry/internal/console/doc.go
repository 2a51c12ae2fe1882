// Package console writes telemetry as log lines, for a person at a desk who
// set OTEL_TRACES_EXPORTER=console. The form of the lines is no contract.
package console
