package story

import (
	"slices"
	"strings"

	otelconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// Missing is a span that should be there and is not.
type Missing struct {
	What string `json:"what"`
	// Why are the usual reasons.
	Why string `json:"why"`
}

// missing holds the spans against the tree of one event, as far as the event
// came. Without any span, or of no event, there is no tree to hold them against.
func (t *Story) missing() []Missing {
	all := []Missing{}
	if len(t.Spans) == 0 || t.Verdict.Place == PlaceNone {
		return all
	}
	lack := func(what, why string) { all = append(all, Missing{what, why}) }
	if t.broughtNone() {
		lack(missingSend, "The message brought no trace: the service did not send it, or its attributes were lost on the way (docs/runbooks/contexts-dropped.md).")
	} else {
		t.missingAtTheDoor(lack)
	}
	for i := range t.Deliveries {
		t.missingDelivery(&t.Deliveries[i], lack)
	}
	for _, queue := range t.expect.Queues {
		sent := slices.ContainsFunc(t.Deliveries, func(d Delivery) bool { return d.span != "" && !d.SendFailed })
		if sent && !slices.ContainsFunc(t.Deliveries, func(d Delivery) bool { return d.Queue == queue }) {
			lack("process "+queue, "The message still waits in the queue, the consumer does not run, its spans are still to come, or the trace context was lost on the way (docs/runbooks/contexts-dropped.md).")
		}
	}
	for _, n := range t.Trace.Roots {
		if n.Orphan && n.Span.Kind != kindServer && !t.told(n, all) {
			lack("the parent "+n.Span.ParentSpanID+" of "+n.Span.Name, "It was not sampled, was dropped before it was sent (docs/runbooks/spans-lost.md), or is still to come.")
		}
	}
	return all
}

// broughtNone reports whether the trace begins at the consumer.
func (t *Story) broughtNone() bool {
	roots := t.Trace.Roots
	return len(roots) == 1 && roots[0].Span.Kind == kindConsumer && roots[0].Span.ParentSpanID == ""
}

// told reports whether the parent of an orphan is among what is missing
// already.
func (t *Story) told(n *trace.Node, all []Missing) bool {
	return (n.Span.Kind == kindConsumer || n.Span.Kind == kindInternal) && slices.ContainsFunc(all, func(m Missing) bool { return m.What == missingSend }) ||
		n.Span.Kind == kindProducer && slices.ContainsFunc(all, func(m Missing) bool { return m.What == missingRequest })
}

const (
	missingSend    = "send, the publish to SNS"
	missingRequest = "the service's request"
)

func (t *Story) missingAtTheDoor(lack func(what, why string)) {
	service, balancer := t.request(), t.balancer()
	hangs := service != nil && hangsFromBalancer(service)
	if balancer == nil && (hangs || t.expect.ALBSpans && service == nil) {
		lack("the load balancer's span", "It is made of the access log, which S3 gets every five minutes; later than that, see docs/runbooks/access-log-unread.md.")
	}
	if service == nil && (balancer == nil || balancer.Attributes[string(semconv.ALBTargetReachedKey)] == true) {
		lack(missingRequest, "It was not sampled; the client's own traceparent won, so it is in that trace; the task was killed before it sent its spans; or it is still to come.")
	}
	if len(t.published()) == 0 && (len(t.Deliveries) > 0 || service != nil && number(service.Attributes[string(otelconv.HTTPResponseStatusCodeKey)]) < 400) {
		lack(missingSend, "It was not sampled, was dropped before it was sent (docs/runbooks/telemetry-dropped.md), or is still to come.")
	}
}

// hangsFromBalancer reports whether a request names the load balancer's span
// as its parent.
func hangsFromBalancer(service *trace.Span) bool {
	header, _ := xray.Parse(attr(service, semconv.AmznTraceIDKey))
	id := header.ALBSpanID()
	return id.IsValid() && id.String() == service.ParentSpanID
}

func (t *Story) missingDelivery(d *Delivery, lack func(what, why string)) {
	receives := slices.DeleteFunc(slices.Clone(d.Receives), func(r Receive) bool { return r.line })
	if len(receives) == 0 {
		if len(d.Receives) == 0 && d.held(t.At) {
			return // it is being worked on
		}
		received := len(d.Receives) > 0 || d.Message != nil && d.Message.ReceiveCount > 0 && d.Message.Reason != reasonUndelivered
		told := d.Queue == "" && len(t.expect.Queues) > 0 // of every queue
		if !told && (!d.WrittenAt.IsZero() || received) {
			lack(strings.TrimSpace("process "+d.Queue), "The consumer did not sample it, the function was killed before it sent its spans, the trace context was lost on the way (docs/runbooks/contexts-dropped.md), or it is still to come.")
		}
		return
	}
	for _, r := range receives {
		if !t.hasWait(r) && !t.broughtNone() {
			lack("wait "+d.Queue, "The wait span is switched off (NoWaitSpan), or the message had no SentTimestamp.")
			break
		}
	}
	for _, r := range receives {
		inserted := slices.ContainsFunc(t.Spans, func(v SpanView) bool { return v.ParentSpanID == r.SpanID && v.Kind == kindClient })
		if r.Outcome == semconv.OutcomeWritten && !inserted {
			lack("INSERT events", "The consumer was killed before it sent it, it was dropped, it is still to come, or the sink has no spans.")
			break
		}
	}
	for _, r := range receives {
		if !t.hasInvocation(r) {
			lack("the invocation of the function", "Its trace was not sampled, it is still to come, or this back end keeps no links.")
			break
		}
	}
}

// hasWait reports whether a wait of the message ends where a receive begins: of a
// batch all begin at once, and of a message that comes again each has its own.
func (t *Story) hasWait(r Receive) bool {
	process := t.span(r.SpanID)
	if process == nil {
		return true
	}
	return slices.ContainsFunc(t.Spans, func(v SpanView) bool {
		return v.Kind == kindInternal && v.End.Sub(r.At).Abs() < tolerance && v.ParentSpanID == process.ParentSpanID &&
			attr(&v.Span, otelconv.MessagingMessageIDKey) == attr(&process.Span, otelconv.MessagingMessageIDKey)
	})
}

// hasInvocation reports whether the span is there of the invocation that a
// receive links to.
func (t *Story) hasInvocation(r Receive) bool {
	process := t.span(r.SpanID)
	if process == nil {
		return true
	}
	return slices.ContainsFunc(process.Links, func(l trace.Link) bool {
		return slices.ContainsFunc(t.Linked, func(s trace.Span) bool { return s.SpanID == l.SpanID })
	})
}
