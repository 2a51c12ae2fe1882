// Package otlphttp sends OTLP requests over HTTP, in protobuf's binary form,
// and signs those to CloudWatch with SigV4.
//
// Start from [New], which makes the client of one signal. Retries are not made
// here: see package export. The protocol is OTLP's specification, section
// "OTLP/HTTP".
package otlphttp
