// Package message carries the trace context in the message attributes of SNS
// and SQS: into Publish, PublishBatch, SendMessage and SendMessageBatch, and
// out of messages received by the SDK or by a Lambda function, delivered raw
// or in an SNS envelope.
//
// Start from [FromLambda] or [FromSQS] in a consumer. A publisher seldom
// needs this package: awssdk.Instrument injects on its own. [Injector] is for
// those who build their requests without the instrumented SDK.
//
// Trace context in HTTP headers of an AWS call ends at AWS; message attributes
// reach the consumer. A message has room for few of them, so the injector keeps to
// a [Budget], and drops context before it would make a message fail.
//
// What senders that only know X-Ray leave in a message may name a parent without
// a sampling decision. Of the samplers, only xray.Sampler understands it: see
// [FromLambda].
//
// The package links no AWS client, only the types of messages.
//
// Of this module it imports telemetry/internal, telemetry/semconv and
// telemetry/xray.
package message
