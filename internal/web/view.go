package web

import (
	"fmt"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	otelconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// summary is a trace's line in the list.
type summary struct {
	TraceID    string    `json:"trace_id"`
	Name       string    `json:"name"`
	Start      time.Time `json:"start"`
	DurationUS int64     `json:"duration_us"`
	Spans      int       `json:"span_count"`
	Services   []string  `json:"services"`
	Errors     int       `json:"error_count"`
	Complete   bool      `json:"complete"` // one root and no missing parent
}

// detail is all that the page shows of one trace.
type detail struct {
	summary
	Hops        []hop        `json:"hops"`
	Spans       []spanView   `json:"spans"`
	Linked      []trace.Span `json:"linked"`
	AccessLog   []string     `json:"access_log"`
	Rows        []trace.Row  `json:"rows"`
	RowsProblem string       `json:"rows_problem,omitempty"`
}

// spanView is a span with its place in the tree.
type spanView struct {
	trace.Span
	Depth      int   `json:"depth"`
	Orphan     bool  `json:"orphan"`
	OffsetUS   int64 `json:"offset_us"` // from the trace's start
	DurationUS int64 `json:"duration_us"`
}

// hop is one station of the event's way and what it knew.
type hop struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Seen   bool   `json:"seen"`
	Failed bool   `json:"failed"`
	Unseen string `json:"unseen,omitempty"` // why it is not seen, where that is known
	Facts  []fact `json:"facts"`
}

type fact struct {
	Label string `json:"label"`
	Value string `json:"value"`
}

func summarise(t *trace.Trace) summary {
	start, end := t.Bounds()
	s := summary{TraceID: t.ID, Start: start, DurationUS: end.Sub(start).Microseconds(), Services: []string{}, Complete: len(t.Roots) == 1}
	services := map[string]bool{}
	t.Walk(func(n *trace.Node, depth int) {
		if s.Spans == 0 {
			s.Name = n.Span.Name
		}
		s.Spans++
		if n.Span.Status == "ERROR" {
			s.Errors++
		}
		if n.Orphan && n.Span.Kind != "SERVER" { // a request's parent is its client's, and elsewhere
			s.Complete = false
		}
		if !services[n.Span.Service] {
			services[n.Span.Service] = true
			s.Services = append(s.Services, n.Span.Service)
		}
	})
	return s
}

func flatten(t *trace.Trace) []spanView {
	start, _ := t.Bounds()
	views := []spanView{}
	t.Walk(func(n *trace.Node, depth int) {
		views = append(views, spanView{
			Span: n.Span, Depth: depth, Orphan: n.Orphan,
			OffsetUS:   n.Span.Start.Sub(start).Microseconds(),
			DurationUS: n.Span.Duration().Microseconds(),
		})
	})
	return views
}

// hops tells the event's way, station by station. A batch passes a station
// more than once: the first span stands for it, and the count is told.
func hops(t *trace.Trace, accessLog []string, rows []trace.Row) []hop {
	spans := t.Spans()
	balancer := station("ALB", "Load balancer", spans, ofBalancer, balancerFacts...)
	service := station("Service", "Accepted", spans, func(s trace.Span) bool {
		return s.Kind == "SERVER" && has(s, otelconv.HTTPRequestMethodKey) && !ofBalancer(s)
	}, httpFacts...)
	if balancer.Seen && !service.Seen {
		service.Unseen = absence(spans)
	}
	if header, ok := service.value("ALB header"); ok && !balancer.has("X-Amzn-Trace-Id") {
		balancer.Facts = append(balancer.Facts, fact{"X-Amzn-Trace-Id", header})
		balancer.Seen = true
	}
	balancer.Seen = balancer.Seen || len(accessLog) > 0
	if len(accessLog) > 0 {
		balancer.Facts = append(balancer.Facts, fact{"access log", accessLog[0]})
	}
	database := station("Aurora", "Row", spans, func(s trace.Span) bool { return has(s, otelconv.DBSystemNameKey) }, databaseFacts...)
	for _, row := range rows {
		database.Seen = true
		if at := row.Get("written_at"); at != nil {
			database.Facts = append(database.Facts, fact{"written at", trace.FormatValue(at)})
		}
	}
	return []hop{
		balancer.hop,
		service.hop,
		station("SNS", "Published", spans, func(s trace.Span) bool { return s.Kind == "PRODUCER" }, sendFacts...).hop,
		station("SQS", "Waited", spans, func(s trace.Span) bool {
			return s.Kind == "INTERNAL" && has(s, otelconv.MessagingDestinationNameKey)
		}, waitFacts...).hop,
		station("Consumer", "Processed", spans, func(s trace.Span) bool { return s.Kind == "CONSUMER" }, processFacts...).hop,
		database.hop,
	}
}

// ofBalancer is of spans that were made of the load balancer's access log: it
// is a server as the service is, which may never have seen the request.
func ofBalancer(s trace.Span) bool { return s.Kind == "SERVER" && has(s, semconv.ALBIDKey) }

// absence says why a trace of the load balancer has no span of the service.
func absence(spans []trace.Span) string {
	for _, s := range spans {
		if ofBalancer(s) && s.Attributes[string(semconv.ALBTargetReachedKey)] == true {
			return "still to come, or in the client's own trace"
		}
	}
	return "no target answered"
}

// wanted names an attribute as the page calls it.
type wanted struct {
	label string
	key   attribute.Key
}

var (
	balancerFacts = []wanted{
		{"status", otelconv.HTTPResponseStatusCodeKey},
		{"target answered", semconv.ALBTargetReachedKey},
		{"target", semconv.ALBTargetKey},
		{"error", otelconv.ErrorTypeKey},
		{"X-Amzn-Trace-Id", semconv.AmznTraceIDKey},
	}
	httpFacts = []wanted{
		{"status", otelconv.HTTPResponseStatusCodeKey},
		{"ALB header", semconv.AmznTraceIDKey},
		{"client", otelconv.ClientAddressKey},
		{"user agent", otelconv.UserAgentOriginalKey},
	}
	sendFacts = []wanted{
		{"topic", otelconv.MessagingDestinationNameKey},
		{"message id", otelconv.MessagingMessageIDKey},
		{"request id", otelconv.AWSRequestIDKey},
		{"attempts", semconv.AttemptsKey},
	}
	waitFacts = []wanted{
		{"queue", otelconv.MessagingDestinationNameKey},
		{"clock skew, ms", semconv.ClockSkewKey},
	}
	processFacts = []wanted{
		{"message id", otelconv.MessagingMessageIDKey},
		{"SNS message id", semconv.SNSMessageIDKey},
		{"receive count", semconv.ReceiveCountKey},
		{"delivery", semconv.MessageShapeKey},
		{"context from", semconv.ContextSourceKey},
		{"outcome", semconv.OutcomeKey},
		{"reason", semconv.ReasonKey},
	}
	databaseFacts = []wanted{
		{"database", otelconv.DBNamespaceKey},
		{"error", otelconv.DBResponseStatusCodeKey},
	}
)

type stationHop struct{ hop }

func (h stationHop) value(label string) (string, bool) {
	for _, f := range h.Facts {
		if f.Label == label {
			return f.Value, true
		}
	}
	return "", false
}

func (h stationHop) has(label string) bool {
	_, ok := h.value(label)
	return ok
}

func station(name, title string, spans []trace.Span, match func(trace.Span) bool, want ...wanted) stationHop {
	h := hop{Name: name, Title: title, Facts: []fact{}}
	var count int
	for _, s := range spans {
		if !match(s) {
			continue
		}
		count++
		h.Failed = h.Failed || s.Status == "ERROR"
		if count > 1 {
			continue
		}
		h.Seen = true
		h.Facts = append(h.Facts, fact{"took", trace.FormatDuration(s.Duration())})
		for _, w := range want {
			if v, ok := s.Attributes[string(w.key)]; ok {
				h.Facts = append(h.Facts, fact{w.label, fmt.Sprint(v)})
			}
		}
	}
	if count > 1 {
		h.Facts = append(h.Facts, fact{"spans", strconv.Itoa(count)})
	}
	return stationHop{h}
}

func has(s trace.Span, key attribute.Key) bool {
	_, ok := s.Attributes[string(key)]
	return ok
}
