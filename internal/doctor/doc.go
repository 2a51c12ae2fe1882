// Package doctor examines a pipeline from outside: it sends one marked event
// through the front door and follows it to the row, and it holds what is
// deployed against the description.
//
// Start from [Examine]. What it sees is a [Report] of findings, each of a check
// of [Checks] or of the event's way. Every call to AWS reads; one that is refused
// costs its own check and no other. A client that is not given leaves out what
// needs it, and the report says so.
//
// It may import alarms, dashboards, deploy, pipeline, telemetry,
// internal/story and internal/trace.
package doctor
