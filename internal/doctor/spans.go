package doctor

import (
	"context"
	"slices"
	"strings"
	"time"

	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/pipeline/signal"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// part is a span that each event's trace has.
type part struct {
	hop     signal.Hop
	service string // service.name
	what    string
	is      func(trace.Span) bool
}

// parts are the spans that are to come. The load balancer's is made of a log that
// comes minutes later, and is not among them; the wait in the queue can be
// switched off.
func (e *exam) parts(r *row, traceID string) []part {
	p := e.pipeline
	service := p.TelemetryName(p.Service.Name)
	list := []part{
		{signal.HopService, service, "POST /v1/events (SERVER)", func(s trace.Span) bool { return s.Kind == "SERVER" && s.Attributes[string(semconv.ALBIDKey)] == nil }},
		{signal.HopTopic, service, "send " + p.TopicName() + " (PRODUCER)", func(s trace.Span) bool { return s.Kind == "PRODUCER" }},
	}
	if e.DatabaseURL != "" && (r == nil || !r.of(traceID)) {
		return list // the consumer has done nothing, or has done it in another trace
	}
	for _, c := range e.writers() {
		if len(c.FilterPolicy) > 0 && r == nil {
			continue
		}
		list = append(list,
			part{signal.HopConsumer, c.TelemetryName(), "process " + c.QueueName() + " (CONSUMER)", func(s trace.Span) bool { return s.Kind == "CONSUMER" }},
			part{signal.HopDatabase, c.TelemetryName(), "INSERT events (CLIENT)", func(s trace.Span) bool {
				return s.Kind == "CLIENT" && s.Attributes[string(otelsemconv.DBSystemNameKey)] != nil
			}})
	}
	return list
}

// of is the spans of a part.
func (p part) of(spans []trace.Span) (found []trace.Span) {
	for i := range spans {
		if spans[i].Service == p.service && p.is(spans[i]) {
			found = append(found, spans[i])
		}
	}
	return found
}

// judgeSpans waits for the spans, and says which parts of the way made none, and
// which do not hang together.
func (e *exam) judgeSpans(ctx context.Context, w *way, r *row) {
	parts := e.parts(r, w.event.TraceID)
	spans, err := e.waitSpans(ctx, w.event.TraceID, parts)
	if err != nil && len(spans) == 0 {
		w.add(signal.HopService, checkSpans, unknown(err))
		return
	}
	if len(spans) == 0 {
		w.add(signal.HopService, checkSpans, e.silence(parts[0].service, w.event.TraceID, false))
		return
	}
	silent := map[string]bool{} // services with no span at all, by name
	for _, p := range parts {
		silent[p.service] = !slices.ContainsFunc(spans, func(s trace.Span) bool { return s.Service == p.service })
	}
	told := map[string]bool{}
	for _, p := range parts {
		switch {
		case silent[p.service]:
			if !told[p.service] {
				told[p.service] = true
				w.add(p.hop, checkSpans, e.silence(p.service, w.event.TraceID, true))
			}
		case len(p.of(spans)) == 0:
			w.add(p.hop, checkSpans, Finding{
				Verdict: Fault, Subject: p.service, Found: "no span " + p.what, Want: "one, as the others have come",
				Why: "its instrumentation is not in use, or the span was lost on its way", Mend: "look at telemetry dropped in its log", Page: "docs/runbooks/telemetry-dropped.md",
			})
		default:
			w.add(p.hop, checkSpans, good(p.service, p.what))
		}
	}
	w.findings = append(w.findings, e.gaps(spans)...)
}

// silence is the finding of a program that has recorded nothing of a trace that is
// sampled. heard says that others have.
func (e *exam) silence(service, traceID string, heard bool) Finding {
	f := Finding{
		Verdict: Fault, Subject: service, Found: "no span of trace " + traceID + ", which is sampled", Want: "its spans",
		Why:  "no span of anybody is there: the back end is another one than that of the programs, or they export nothing (OTEL_TRACES_EXPORTER, OTEL_SDK_DISABLED, the endpoint, the permission to send)",
		Mend: "look at telemetry dropped in the logs, and at OTEL_* of the programs", Page: "docs/runbooks/telemetry-dropped.md",
	}
	if heard {
		f.Why = "others have recorded it: its sampler does not follow the parent (OTEL_TRACES_SAMPLER is not parentbased_*), or it exports nothing or elsewhere"
		f.Mend = "set OTEL_TRACES_SAMPLER=parentbased_traceidratio as the other programs have it; then look at OTEL_TRACES_EXPORTER, OTEL_SDK_DISABLED and the endpoint"
	}
	return f
}

// gaps are messages' spans that do not hang from the sending, if that is there.
func (e *exam) gaps(spans []trace.Span) (findings []Finding) {
	if !slices.ContainsFunc(spans, func(s trace.Span) bool { return s.Kind == "PRODUCER" }) {
		return nil
	}
	for i := range spans {
		s := &spans[i]
		if s.Kind != "CONSUMER" {
			continue
		}
		from := slices.IndexFunc(spans, func(p trace.Span) bool { return p.SpanID == s.ParentSpanID })
		if from < 0 || spans[from].Kind != "PRODUCER" {
			findings = append(findings, Finding{
				Check: checkSpans, Hop: signal.HopTopic, Verdict: Fault, Subject: s.Service, Found: s.Name + " does not hang from the sending to the topic", Want: "the PRODUCER span as its parent",
				Why: "the context was taken from elsewhere (tracehaul.context.source), or something between has a span of its own", Mend: "look at " + string(semconv.ContextSourceKey) + " of the span", Page: "docs/runbooks/contexts-dropped.md",
			})
		}
	}
	return findings
}

// waitSpans asks until all parts are there, or for as long as spans may take.
func (e *exam) waitSpans(ctx context.Context, traceID string, parts []part) ([]trace.Span, error) {
	patience := e.Settle
	if e.DatabaseURL == "" { // the row has not been waited for
		patience = e.Timeout + e.Settle
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var last []trace.Span
	var failed error // of the last question that the end did not cut off
	for {
		spans, err := e.Traces.Spans(ctx, traceID)
		if len(spans) > 0 {
			last = spans
		}
		missing := missingParts(parts, last)
		if len(missing) == 0 {
			return last, nil
		}
		if ctx.Err() != nil {
			return last, failed
		}
		failed = err
		e.progress(following, "wait for spans of "+strings.Join(missing, ", ")+", at most "+patience.String())
		select {
		case <-ctx.Done():
		case <-time.After(e.SpanPoll):
		}
	}
}

func missingParts(parts []part, spans []trace.Span) (services []string) {
	for _, p := range parts {
		if len(p.of(spans)) == 0 && !slices.Contains(services, p.service) {
			services = append(services, p.service)
		}
	}
	return services
}
