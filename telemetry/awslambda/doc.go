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
// attribute. Its sampled flag decides nothing: with active tracing off it is
// always 0. Config.XRayParent makes it the parent instead.
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
