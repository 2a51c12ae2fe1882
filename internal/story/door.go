package story

import (
	"cmp"
	"fmt"
	"slices"

	otelconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// atTheDoor is for what no message is known of.
func (t *Story) atTheDoor(v Verdict) Verdict {
	service, balancer := t.request(), t.balancer()
	switch invocation := t.invocation(); {
	case invocation != nil:
		v.Place = PlaceNone
		v.Headline = "This is the trace of an invocation of " + invocation.Name + ", not of an event."
		for _, l := range invocation.Links[:min(len(invocation.Links), 20)] {
			v.Next = append(v.Next, "It links to the trace "+l.TraceID)
		}
	case service != nil && t.elsewhere(service):
		v.Place = PlaceNone
		v.Headline = fmt.Sprintf("This is a request of %s that brings no event.", service.Service)
	case service != nil && number(service.Attributes[string(otelconv.HTTPResponseStatusCodeKey)]) >= 400:
		v.Place = PlaceRefused
		v.Headline = fmt.Sprintf("The service did not take it: it answered %s.", attr(service, otelconv.HTTPResponseStatusCodeKey))
		v.Why = append(v.Why, t.refusal(service)...)
		v.Next = append(v.Next, "What each code means, and what to do: service/PROBLEMS.md.")
	case service != nil:
		v.Headline = "The service has it, and nothing is known of a message."
		v.Why = append(v.Why, "There is no span of a publish beneath the request: it is still to come, or was lost.")
		v.Next = append(v.Next, "Ask again in a minute; then see docs/runbooks/spans-lost.md.")
	case balancer != nil && balancer.Attributes[string(semconv.ALBTargetReachedKey)] != true:
		v.Place = PlaceRefused
		v.Headline = fmt.Sprintf("It did not reach the service: the load balancer answered %s itself.", attr(balancer, otelconv.HTTPResponseStatusCodeKey))
		if reason := cmp.Or(attr(balancer, semconv.ALBErrorReasonKey), attr(balancer, otelconv.ErrorTypeKey)); reason != "" {
			v.Why = append(v.Why, "Its access log says "+reason+".")
		}
		v.Next = append(v.Next, "No target, a target that closed or was slow, or AWS WAF: docs/runbooks/elb-5xx.md.")
	case balancer != nil:
		v.Headline = fmt.Sprintf("A target answered %s, and the service says nothing of it.", cmp.Or(attr(balancer, semconv.ALBTargetStatusKey), "it"))
		v.Why = append(v.Why, "The client sent a traceparent of its own, so the service's spans are in that trace; or the trace was not sampled, or spans are still to come.")
		v.Next = append(v.Next, "Find the row by alb_root: `tracehaul trace --as trace` with the database configured.")
	case len(t.AccessLog) > 0:
		v.Headline = "The load balancer has seen it, and nothing else is known."
	case len(t.Logs) > 0:
		v.Headline = "There are log lines of it, and nothing else is known."
		v.Next = append(v.Next, "Read the lines below: their last one is how far it came.")
	case len(t.Spans) > 0:
		v.Headline = "There are spans, and none of them is of the pipeline's way of an event."
	default:
		v.Headline = "Nothing was found."
	}
	return v
}

// elsewhere reports whether a request brings no event: it reads, or another
// program than the pipeline's service has answered it.
func (t *Story) elsewhere(service *trace.Span) bool {
	switch attr(service, otelconv.HTTPRequestMethodKey) {
	case "GET", "HEAD", "OPTIONS":
		return true
	}
	return t.expect.Service != "" && service.Service != t.expect.Service
}

// invocation is the span of a function's invocation, in a trace that has
// nothing of an event's way.
func (t *Story) invocation() *trace.Span {
	if len(t.Deliveries) > 0 || t.request() != nil || t.balancer() != nil {
		return nil
	}
	for _, s := range t.spansOf(kindServer) {
		if ofInvocation(*s) {
			return s
		}
	}
	return nil
}

// ofEvent is of spans of an event's way to its consumer.
func ofEvent(s trace.Span) bool {
	return s.Kind == kindConsumer || s.Kind == kindProducer && !toQueue(&s)
}

func ofInvocation(s trace.Span) bool {
	return s.Kind == kindServer && has(&s, otelconv.FaaSInvocationIDKey)
}

func ofRequest(s trace.Span) bool {
	return s.Kind == kindServer && has(&s, otelconv.HTTPRequestMethodKey) && !ofBalancer(s)
}

// request is the span of the service's request, or nil. Of several it is that of
// the pipeline's own service, if that is known: who called it may have one, too.
func (t *Story) request() (request *trace.Span) {
	for _, s := range t.spansOf(kindServer) {
		if ofRequest(*s) && (request == nil || request.Service != t.expect.Service && s.Service == t.expect.Service) {
			request = s
		}
	}
	return request
}

// balancer is the load balancer's span, or nil. Where the client's traceparent
// won, it is in another trace.
func (t *Story) balancer() *trace.Span {
	for _, s := range t.spansOf(kindServer) {
		if ofBalancer(*s) {
			return s
		}
	}
	if i := slices.IndexFunc(t.Linked, ofBalancer); i >= 0 {
		return &t.Linked[i]
	}
	return nil
}

// refusal is what the service's log says of why.
func (t *Story) refusal(service *trace.Span) (why []string) {
	for i := range t.Logs {
		l := &t.Logs[i]
		if l.SpanID == service.SpanID && text(l.Attributes["code"]) != "" {
			reason := text(l.Attributes["code"])
			if detail := cmp.Or(text(l.Attributes["detail"]), text(l.Attributes["error"])); detail != "" {
				reason += ": " + detail
			}
			why = append(why, "Its log says "+reason)
		}
	}
	if service.StatusText != "" {
		why = append(why, service.StatusText)
	}
	return why
}
