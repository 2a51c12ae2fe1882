// Package service is the ingest service of a pipeline: it takes CloudEvents
// over HTTP and publishes them to an SNS topic.
//
// Start from [New], then [Service.Run], or mount [Service.Handler]:
//
//	POST /v1/events   one event or a batch, in the forms of package event
//	GET  /healthz     the process is alive
//	GET  /readyz      send requests here: it is not draining and keeps up;
//	                  keeping up does not count with ?exclude=overloaded
//
// With [Config.Bearer] whoever sends events shows a token first: package bearer.
//
// # Answers
//
// 202 means that SNS has confirmed every event of the request, and nothing
// less. Its body is an [Accepted] for a single event and a [Batch] for a
// batch, and the traceresponse header names the trace. Any other answer is a
// problem document (RFC 9457, application/problem+json): [Problem]. It has a
// stable code, described in PROBLEMS.md beside this file, and the trace id.
//
// A batch whose events are not all valid is refused as a whole. When SNS takes
// some events of a batch and not others, the answer is a 5xx whose results say
// which: a client that looks at the status alone must never take a lost event
// for an accepted one. Sending a request again with the same ids is always
// safe, since (source, id) makes an event unique, and so is sending only the
// refused ones.
//
// # Publishing
//
// Requests share PublishBatch calls. At low load an event goes out at once.
// Events that come close together while calls are on their way travel
// together: when ten of them or 262,144 bytes wait, when no call is on its way
// any more, or after [Config.PublishDelay]. Everything that waits is bounded.
// Beyond the bounds a request is refused with 503 and Retry-After, and costs
// next to nothing: each is counted and measured, and has a trace id, but only a
// few a second have a span.
//
// Of this module it imports event, internal/bare, internal/sdkhttp,
// internal/spoilt, service/bearer, service/internal, telemetry/httpserver,
// telemetry/message, telemetry/semconv and telemetry/xray.
package service
