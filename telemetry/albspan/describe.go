package albspan

import (
	"time"

	"go.opentelemetry.io/otel/attribute"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/alblog"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Span is what the load balancer's span of a request holds.
type Span struct {
	TraceID trace.TraceID
	SpanID  trace.SpanID
	Parent  trace.SpanID // zero if there is none

	Name       string
	Start, End time.Time
	Attributes []attribute.KeyValue
	Events     []Event

	// Failed is whether the status is Error; error.type then is among the
	// attributes.
	Failed bool
}

// Event is a moment within a span.
type Event struct {
	Name string
	Time time.Time
}

// Describe returns the span of an entry. Attributes have the names of the HTTP
// semantic conventions where these have one, and those of package semconv
// otherwise; what a client sent is cut to 1 KiB and made valid UTF-8.
func Describe(e *alblog.Entry) Span {
	h, id := identity(e)
	s := Span{TraceID: h.Root, SpanID: id, Parent: h.Parent, Name: name(e)}
	a := attributes{make([]attribute.KeyValue, 0, 40)}
	a.request(e)
	a.client(e)
	a.tls(e)
	a.target(e)
	a.rules(e)
	s.times(e, &a)
	if errorType := failure(e); errorType != "" {
		s.Failed = true
		a.add(otelsemconv.ErrorTypeKey.String(errorType))
	}
	s.Attributes = a.all
	return s
}

// times sets start and end, and the events between. All come from one clock,
// the processing times rounded to milliseconds: what sticks out by that, or
// because a clock was set, is moved to the end, and an attribute says by how
// much.
func (s *Span) times(e *alblog.Entry, a *attributes) {
	s.Start, s.End = e.Created, e.Time
	if s.End.Before(s.Start) {
		a.add(semconv.ClockClampedKey.Bool(true), semconv.ClockSkewKey.Int64(s.Start.Sub(s.End).Milliseconds()))
		s.End = s.Start
	}
	at := s.Start
	defer func() {
		if out := at.Sub(s.End); len(s.Events) > 0 && out > 0 {
			a.add(semconv.ALBEventsClampedKey.Int64(out.Microseconds()))
		}
	}()
	for _, phase := range []struct {
		took  time.Duration
		event string
		key   attribute.Key
	}{
		{e.RequestProcessing, semconv.EventALBSent, semconv.ALBRequestMillisKey},
		{e.TargetProcessing, semconv.EventALBAnswered, semconv.ALBTargetMillisKey},
		{e.ResponseProcessing, semconv.EventALBResponded, semconv.ALBResponseMillisKey},
	} {
		if phase.took < 0 {
			return // what follows has no beginning
		}
		at = at.Add(phase.took)
		shown := at
		if at.After(s.End) {
			shown = s.End
		}
		s.Events = append(s.Events, Event{phase.event, shown})
		a.add(phase.key.Int64(phase.took.Milliseconds()))
	}
}
