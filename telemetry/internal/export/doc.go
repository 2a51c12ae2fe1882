// Package export delivers encoded telemetry through a transport: it encodes
// batches, splits those that are too large, retries while a collector may
// recover, and counts what it had to give up, by reason.
//
// Start from [Uploader]. The transports are in otlphttp and in the public
// package otlpgrpc.
package export
