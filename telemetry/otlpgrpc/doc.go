// Package otlpgrpc lets package telemetry speak OTLP over gRPC:
//
//	cfg.GRPC = otlpgrpc.Dial
//
// It is a package of its own so that programs which speak OTLP over HTTP, a
// Lambda above all, do not link gRPC. Everything but the transport is the
// same: queues, retries, limits, and the count of what was dropped.
//
// Of this module it imports telemetry, telemetry/internal and
// telemetry/semconv.
package otlpgrpc
