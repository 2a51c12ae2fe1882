// Package awssdk instruments every client of aws-sdk-go-v2 in one line:
//
//	cfg, err := config.LoadDefaultConfig(ctx)
//	awssdk.Instrument(&cfg, awssdk.Config{})
//
// Start from [Instrument]. Every call of every client that is made from cfg
// afterwards gets a CLIENT span, named like SNS.CreateTopic, and a duration in
// rpc.client.call.duration. Calls of DynamoDB tell their tables, and those of S3
// their bucket. What sends or receives messages is told in the
// words of the messaging conventions instead:
//
//   - Publish, PublishBatch, SendMessage, SendMessageBatch: a PRODUCER span
//     `send <topic or queue>` whose context goes into the message's
//     attributes (see package message for the budget). With
//     message.WithEntries each entry of a batch has a span of its own, in its
//     own trace, with its own outcome.
//   - ReceiveMessage: `receive <queue>`, linked to the messages' traces. The
//     attributes that carry the context are asked for on the way.
//   - DeleteMessage, DeleteMessageBatch: `settle <queue>`.
//
// Bodies, secrets, phone numbers, receipt handles, keys of objects and the texts
// of errors are never recorded. error.type holds the service's error code, the
// status of an answer without one, or what went wrong before there was an
// answer: no_credentials, signing_failed, no_endpoint, invalid_input,
// too_many_attributes, connection_failed, timeout, deadline_exceeded, canceled;
// invalid_response and, for an entry of a batch, not_confirmed after it. It is
// the type of the value when something panics: spans end then too.
//
// A call can succeed although some messages of its batch fail. Then
// rpc.client.call.duration has no error, messaging.client.operation.duration
// that of the first of them, and messaging.client.sent.messages each one's.
//
// rpc.* and server.address are on the CLIENT spans of calls: there may be a
// PRODUCER span for each message, and all would say the same.
//
// The package imports no client. What sends or receives messages it knows by
// the names of the SDK's types, and their fields by theirs: a program links,
// and initialises, only the clients that it uses itself.
//
// Of this module it imports telemetry/internal, telemetry/message,
// telemetry/semconv and telemetry/xray.
package awssdk
