// Package messaging is a small local SNS and SQS: exactly the calls and the
// rules that the pipeline relies on, so that the service and the consumer can
// run on a laptop over the real AWS SDK clients and cannot tell the difference.
//
// Start from [New]. It gives a [Broker], whose [Broker.SNS] and [Broker.SQS]
// are HTTP handlers in the wire formats of today's SDKs: AWS Query with XML
// answers for SNS, AWS JSON 1.0 for SQS. Topics, queues and subscriptions are
// made over those calls or in Go ([Broker.CreateTopic], [Broker.CreateQueue],
// [Broker.Subscribe]). [Config.Fault] lets a test delay, refuse, fail in part
// or cut off any call.
//
// It is a test bed and a demo, never a product. Everything is held in memory
// and bounded, nothing survives a restart, no signature or policy is checked,
// and envelopes are not signed. Whoever binds the handlers must bind loopback.
// Only standard topics and queues exist, and sqs is the only protocol a
// subscription can have. A call that is not here answers NotImplemented and
// names itself.
//
// Where AWS leaves room the broker is strict, so that what works here works
// there: queues default to messages of 256 KiB as topics do, to which SNS's
// envelope counts, a receipt handle that is not the latest deletes nothing, and
// the visibility of a message that is not in flight cannot be changed. Standard
// queues may repeat and reorder messages; this one does on demand,
// [Config.DuplicateRate] and [Config.Shuffle].
//
// Rules carry the name of the page of AWS's documentation that states them,
// as "SQS API, ReceiveMessage" (docs.aws.amazon.com/AWSSimpleQueueService/
// latest/APIReference), "SNS API, Publish" (docs.aws.amazon.com/sns/latest/api),
// "SQS guide, Visibility timeout" and "SNS guide, Raw message delivery" (the
// developer guides).
//
// Time is package time's; a test that needs to move it runs in a
// testing/synctest bubble.
//
// The package imports the standard library alone.
package messaging
