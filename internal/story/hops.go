package story

import (
	otelconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Hop is one station of the event's way and what it knew.
type Hop struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Seen   bool   `json:"seen"`
	Failed bool   `json:"failed"`
	Unseen string `json:"unseen,omitempty"` // why it is not seen, where that is known
	Facts  []Fact `json:"facts"`
}

// Fact is something that a station knew.
type Fact struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

// hops tells the event's way, station by station. A batch passes a station
// more than once: the first span stands for it, and the count is told.
func (t *Story) hops() []Hop {
	spans := t.Trace.Spans()
	for i := range t.Linked {
		if ofBalancer(t.Linked[i]) {
			spans = append(spans, t.Linked[i])
		}
	}
	balancer := station("ALB", "Load balancer", spans, ofBalancer, balancerFacts...)
	service := station("Service", "Accepted", spans, ofRequest, httpFacts...)
	if balancer.Seen && !service.Seen {
		service.Unseen = absence(spans)
	}
	if header, ok := service.value("ALB header"); ok && !balancer.has("X-Amzn-Trace-Id") {
		balancer.Facts = append(balancer.Facts, Fact{"X-Amzn-Trace-Id", header})
		balancer.Seen = true
	}
	balancer.Seen = balancer.Seen || len(t.AccessLog) > 0
	database := station("Aurora", "Row", spans, func(s trace.Span) bool { return has(&s, otelconv.DBSystemNameKey) }, databaseFacts...)
	for _, row := range t.Rows {
		database.Seen = true
		if at := row.Get("written_at"); at != nil {
			database.Facts = append(database.Facts, Fact{"written at", trace.FormatValue(at)})
		}
	}
	queue := station("SQS", "Waited", spans, func(s trace.Span) bool {
		return s.Kind == kindInternal && has(&s, otelconv.MessagingDestinationNameKey)
	}, waitFacts...)
	consumer := station("Consumer", "Processed", spans, func(s trace.Span) bool { return s.Kind == kindConsumer }, processFacts...)
	for _, row := range t.Rows {
		balancer.fill("Root", row.Get("alb_root"))
		service.fill("accepted at", row.Get("accepted_at"))
		queue.fill("arrived at", row.Get("sent_at"))
		queue.fill("message id", row.Get("sqs_message_id"))
		consumer.fill("handed over at", row.Get("received_at"))
		consumer.fill("receive count", row.Get("receive_count"))
	}
	for i := range t.Messages {
		queue.lies(&t.Messages[i])
	}
	return []Hop{
		balancer.Hop,
		service.Hop,
		station("SNS", "Published", spans, t.isPublish, sendFacts...).Hop,
		queue.Hop,
		consumer.Hop,
		database.Hop,
	}
}

// ofBalancer is of spans that were made of the load balancer's access log: it
// is a server as the service is, which may never have seen the request.
func ofBalancer(s trace.Span) bool { return s.Kind == kindServer && has(&s, semconv.ALBIDKey) }

// absence says why a trace of the load balancer has no span of the service.
func absence(spans []trace.Span) string {
	for _, s := range spans {
		if ofBalancer(s) && s.Attributes[string(semconv.ALBTargetReachedKey)] == true {
			return "still to come, or in the client's own trace"
		}
	}
	return "no target answered"
}
