// Package telemetry sets up OpenTelemetry for a Go program on AWS: providers
// of traces, metrics and logs, the propagator and a logger, from the standard
// OTEL_* variables.
//
//	cfg, err := telemetry.ConfigFromEnv(os.Getenv)
//	if err != nil {
//		return err // names every bad setting at once
//	}
//	tel, err := telemetry.Setup(ctx, cfg)
//	if err != nil {
//		return err
//	}
//	defer tel.Shutdown(context.Background())
//	tel.SetGlobal()
//
// Start from [ConfigFromEnv] and [Setup].
//
// # What it promises
//
// A collector that is down, slow, hung or answers nonsense never blocks,
// fails or grows the program. Ended spans and log records go into queues that
// are bounded, those of spans in bytes as well; what does not fit, or cannot be delivered, is dropped and counted
// by signal and reason in the metric tracehaul.telemetry.dropped.
// [Telemetry.ForceFlush], [Telemetry.FlushInvocation] and [Telemetry.Shutdown]
// are bounded, and a flush after one that ran out of time returns at once
// until the collector answers again, so that a Lambda does not pay for a dead
// collector with every invocation.
//
// OTLP over HTTP is built in, with neither gRPC nor protobuf linked. OTLP over gRPC is one import away: see package otlpgrpc. Requests to
// CloudWatch's own OTLP endpoints are signed with SigV4.
//
// # Imports
//
// Of this module it imports telemetry/internal, telemetry/semconv,
// telemetry/slogtrace and telemetry/xray.
// It reads no environment itself: ConfigFromEnv is handed a getenv.
package telemetry
