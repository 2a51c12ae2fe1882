package story

import (
	"fmt"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	otelconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

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

// stationHop is a station that is being filled.
type stationHop struct {
	Hop

	bySpan bool // a span told of it
}

// fill adds what the row knows of a station that no span told of.
func (h *stationHop) fill(label string, v any) {
	if v == nil || h.bySpan || h.has(label) {
		return
	}
	h.Seen = true
	h.Facts = append(h.Facts, Fact{label, trace.FormatValue(v)})
}

// lies adds where a message lies now.
func (h *stationHop) lies(m *Message) {
	h.Seen = true
	h.Failed = h.Failed || m.DeadLetter
	h.Facts = append(h.Facts, Fact{"lies in", m.Queue})
	if reason := strings.TrimSpace(m.Reason + " " + m.Code); reason != "" {
		h.Facts = append(h.Facts, Fact{"reason", reason})
	}
}

func (h *stationHop) value(label string) (string, bool) {
	for _, f := range h.Facts {
		if f.Label == label {
			return f.Value, true
		}
	}
	return "", false
}

func (h *stationHop) has(label string) bool {
	_, ok := h.value(label)
	return ok
}

func station(name, title string, spans []trace.Span, match func(trace.Span) bool, want ...wanted) stationHop {
	h := Hop{Name: name, Title: title, Facts: []Fact{}}
	var count int
	last := map[string]trace.Span{} // by what they hang from: of what was tried again the last counts
	for _, s := range spans {
		if !match(s) {
			continue
		}
		count++
		if before := last[s.ParentSpanID]; !s.Start.Before(before.Start) {
			last[s.ParentSpanID] = s
		}
		if count > 1 {
			continue
		}
		h.Seen = true
		h.Facts = append(h.Facts, Fact{"took", trace.FormatDuration(s.Duration())})
		for _, w := range want {
			if v, ok := s.Attributes[string(w.key)]; ok {
				h.Facts = append(h.Facts, Fact{w.label, fmt.Sprint(v)})
			}
		}
	}
	for _, s := range last {
		h.Failed = h.Failed || s.Status == statusError
	}
	if count > 1 {
		h.Facts = append(h.Facts, Fact{"spans", strconv.Itoa(count)})
	}
	return stationHop{h, count > 0}
}
