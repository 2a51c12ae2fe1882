package xray

import (
	"go.opentelemetry.io/otel/trace"
)

// HeaderName is the HTTP header, in the spelling of AWS's documentation.
const HeaderName = "X-Amzn-Trace-Id"

// MaxLength is the longest header that is read, in bytes. A load balancer
// rewrites the header with Root alone when the request's headers exceed 7 KB
// ("Request tracing for your Application Load Balancer", Limitations).
const MaxLength = 7 << 10

// Decision is the Sampled field of a header.
type Decision uint8

// The decisions a header can carry.
const (
	Undecided  Decision = iota // no Sampled field, or Sampled=?: whoever starts the trace decides
	NotSampled                 // Sampled=0
	Sampled                    // Sampled=1
)

// Header is a parsed X-Amzn-Trace-Id. The zero value of a field means that
// the header does not have it.
type Header struct {
	// Root is the trace id.
	Root trace.TraceID
	// Self is what a load balancer adds to a header that came with a Root:
	// the id of this one request.
	Self trace.TraceID
	// Parent is the span that the request comes from.
	Parent trace.SpanID
	// Sampled is the sampling decision.
	Sampled Decision
	// Lineage is what Lambda counts recursive invocations with.
	Lineage string
}

// Parse reads a header.
func Parse(header string) (Header, error) { return Header{}, nil }

// String writes the header in the order that AWS uses. It is empty when there
// is no Root.
func (h Header) String() string { return "" }

// ALBSpanID is the id of the span that stands for the load balancer's part of
// this request, see the function [ALBSpanID].
func (h Header) ALBSpanID() trace.SpanID { return trace.SpanID{} }

// ALBSpanID derives the id of a load balancer's span from the id that the
// load balancer gave the request.
func ALBSpanID(request trace.TraceID) trace.SpanID { return trace.SpanID{} }

// TraceIDFromRoot reads the value of a Root or Self field:
// 1-<8 hex digits>-<24 hex digits>. It returns false when it is anything else.
func TraceIDFromRoot(root string) (trace.TraceID, bool) { return trace.TraceID{}, false }

// RootFromTraceID writes a trace id as the value of a Root field.
func RootFromTraceID(id trace.TraceID) string { return "" }
