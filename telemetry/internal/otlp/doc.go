// Package otlp encodes spans, metrics and log records as OTLP requests in
// protobuf's binary form, and reads the responses.
//
// It appends straight from the SDK's types into one buffer. Building the
// generated protobuf structs first, as the stock exporters do, costs an
// allocation for every attribute and link, and links protobuf's reflection
// and its start-up into programs that need neither. Tests decode everything
// with the generated types.
//
// The message definitions are opentelemetry-proto's, v1; field numbers stand
// beside each field. Like the rest of telemetry/internal it knows nothing of
// configuration.
package otlp
