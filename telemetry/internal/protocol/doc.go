// Package protocol has the names of HTTP's versions by OpenTelemetry's conventions,
// for the spans of a server and for those of the load balancer before it.
//
// It imports nothing.
package protocol
