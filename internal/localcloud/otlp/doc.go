// Package otlp receives traces, metrics and logs by OTLP over HTTP and keeps
// the latest of them in bounded memory, for the demo, the page and the tests.
//
// Start from [New]; a [Receiver] is an http.Handler for the paths /v1/traces,
// /v1/metrics and /v1/logs. It takes protobuf, plain or gzipped, as the
// OpenTelemetry Protocol Specification has it ("OTLP/HTTP"); JSON and gRPC are
// refused by name. With Config.Forward, all that comes in is also sent on,
// unchanged, to another receiver.
//
// It is a test bed, not a product. It imports internal/trace and no other
// package of this module.
package otlp
