// Package awslambda traces and measures AWS Lambda functions, and hands SQS
// batches over message by message.
//
// Start from [SQSBatch] or [SQSEach] for a queue, from [Wrap] for anything
// else, and give the result to [Start]:
//
//	c := awslambda.Config{Flush: tel.FlushInvocation, Shutdown: tel.Shutdown}
//	awslambda.Start(awslambda.SQSEach(handle, c), c)
//
// An invocation is a SERVER span named after the function, in a trace of its
// own. It has no parent because a batch has many: each message continues the
// trace that its attributes carry, as `process <queue>` (CONSUMER), and as
// `wait <queue>` for the time it lay in the queue; one that carries none starts
// a trace of its own. Links lead from the invocation to every message's context,
// as many as the provider's span limits allow, and from each message back.
//
// The X-Ray header that Lambda gives an invocation becomes a link and an
// attribute. Config.XRayParent makes it the parent instead.
//
// # Providers of your own
//
// With active tracing off, Lambda writes Sampled=0 into every X-Ray header,
// whatever was decided before: into an invocation's, and into the AWSTraceHeader
// of a message. It is taken for no decision, which leaves a parent that nobody has
// decided on. The samplers of OpenTelemetry's SDK know none: ParentBased drops
// the spans. Providers of telemetry.Setup ask the root sampler; for any other,
// wrap its sampler:
//
//	sdktrace.WithSampler(xray.Sampler(sdktrace.ParentBased(sdktrace.AlwaysSample())))
//
// It matters for Config.XRayParent, and for messages that have no traceparent.
//
// A batch always answers with the messages that failed, never with an error,
// so that one bad message does not bring its neighbours back. One log line
// counts its outcomes, for CloudWatch's metric filters. Telemetry is
// flushed before the answer, inside the deadline, because Lambda freezes the
// process right after; and on SIGTERM.
//
// Several invocations may run at once in one process. [Register], called first
// in main, takes what SIGTERM needs off the time to start.
//
// Of this module it imports telemetry/internal, telemetry/message,
// telemetry/semconv and telemetry/xray.
package awslambda
