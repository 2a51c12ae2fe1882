//go:build unix

package localpipeline

import (
	"errors"
	"fmt"
	"slices"

	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// step is a span that every event's trace has, and what it hangs from.
type step struct {
	what, kind, parentKind string
}

// steps are the span tree of one event, from the service on. The load
// balancer's span, where it makes some, is one of the SERVER spans.
var steps = []step{
	{"the service's request", "SERVER", ""},
	{"the sending to the topic", "PRODUCER", "SERVER"},
	{"the wait in the queue", "INTERNAL", "PRODUCER"},
	{"the processing of the message", "CONSUMER", "PRODUCER"},
	{"the INSERT", "CLIENT", "CONSUMER"},
}

// CheckTrace holds a trace against the span tree of one event, and names what
// is missing or hangs from the wrong place. linked are the spans of other
// traces that it links to: among them must be the Lambda invocation, with a
// link back.
func CheckTrace(t *trace.Trace, linked []trace.Span) error {
	spans := t.Spans()
	var errs []error
	for _, s := range steps {
		found := slices.DeleteFunc(slices.Clone(spans), func(span trace.Span) bool { return span.Kind != s.kind })
		if len(found) == 0 {
			errs = append(errs, fmt.Errorf("%s is missing: no %s span", s.what, s.kind))
		}
		for _, span := range found {
			if err := s.checkParent(span, spans); err != nil {
				errs = append(errs, err)
			}
		}
	}
	for _, span := range spans {
		switch span.Kind {
		case "CONSUMER":
			errs = append(errs, CheckLinks(span, linked), CheckWait(span, spans))
		case "SERVER":
			errs = append(errs, checkBalancer(span, spans))
		}
	}
	if len(t.Roots) != 1 {
		errs = append(errs, fmt.Errorf("the trace has %d roots, want 1", len(t.Roots)))
	}
	return errors.Join(errs...)
}

func (s step) checkParent(span trace.Span, spans []trace.Span) error {
	if s.parentKind == "" {
		return nil // a root, or the child of a client's or the balancer's span
	}
	for _, parent := range spans {
		if parent.SpanID == span.ParentSpanID && parent.Kind == s.parentKind {
			return nil
		}
	}
	return fmt.Errorf("%s (%s) does not hang from a %s span", s.what, span.Name, s.parentKind)
}

// checkBalancer wants the load balancer's span, where a request's span hangs
// from it.
func checkBalancer(span trace.Span, spans []trace.Span) error {
	raw, _ := span.Attributes[string(semconv.AmznTraceIDKey)].(string)
	header, _ := xray.Parse(raw)
	if id := header.ALBSpanID(); !id.IsValid() || id.String() != span.ParentSpanID {
		return nil
	}
	if !slices.ContainsFunc(spans, func(s trace.Span) bool { return s.SpanID == span.ParentSpanID }) {
		return fmt.Errorf("the load balancer's span is missing, from which %s hangs", span.Name)
	}
	return nil
}

// CheckLinks wants a link from a message's processing to an invocation among
// the linked spans, and one from there back to the sending of the message, from
// which the processing hangs.
func CheckLinks(process trace.Span, linked []trace.Span) error {
	for _, link := range process.Links {
		for _, invocation := range linked {
			if invocation.SpanID != link.SpanID || invocation.TraceID != link.TraceID || invocation.Kind != "SERVER" {
				continue
			}
			if !slices.ContainsFunc(invocation.Links, func(back trace.Link) bool {
				return back.TraceID == process.TraceID && back.SpanID == process.ParentSpanID
			}) {
				return fmt.Errorf("the invocation %s does not link back to the sending of what %s processed", invocation.Name, process.Name)
			}
			return nil
		}
	}
	return fmt.Errorf("%s has no link to an invocation", process.Name)
}

// CheckWait wants the wait that led to a message's processing: it hangs from
// the sending, too, is of the same message, and ends when the processing begins.
func CheckWait(process trace.Span, spans []trace.Span) error {
	message := process.Attributes[string(otelsemconv.MessagingMessageIDKey)]
	for _, s := range spans {
		if s.Kind == "INTERNAL" && s.ParentSpanID == process.ParentSpanID && s.End.Equal(process.Start) &&
			s.Attributes[string(otelsemconv.MessagingMessageIDKey)] == message {
			return nil
		}
	}
	return fmt.Errorf("no wait of message %v leads to %s", message, process.Name)
}
