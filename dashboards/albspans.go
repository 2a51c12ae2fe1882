package dashboards

import (
	"github.com/tracehaul/tracehaul/pipeline/signal"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// spansPanels are about the function that makes the load balancer's spans.
func (b *builder) spansPanels(s *signal.ALBSpans) []Panel {
	if s == nil {
		return nil
	}
	function := selector("albspans")
	return []Panel{
		{
			Key: "edge-spans", Title: "Files of the access log in 5 minutes", Unit: "short", Width: 6,
			Description: "Files that were made into the load balancer's spans, those that failed at a try, and those that were given up and wait. Good is one for each node of the load balancer while there are requests, and none that failed. Given up: traces of that time have no top.",
			Queries: join(b.watch("spans-lost", "given up, or waiting"),
				list(Metric(s.Invocations, "read").Every(5*minute), Metric(s.Errors, "failed").Every(5*minute))),
		},
		{
			Key: "edge-lines", Title: "Lines of the access log", Unit: "short", Width: 6,
			Description: "Lines a second by what became of them. Good is spans and those that are not sampled, and as many as there are requests. A bad one has no span: the function's log says which field, and what would be right.",
			Queries:     list(PromQL(albLines.seldom(function, label(semconv.OutcomeKey)), "{{"+label(semconv.OutcomeKey)+"}}")),
		},
		{
			Key: "edge-lines-unread", Title: "Lines that cannot be read, in 15 minutes", Unit: "short", Width: 6,
			Description: "Lines of the access log that could not be read, and those of which a part could not. Good is none. Many at once: AWS has changed the format.",
			Queries: join(b.watch("access-log-unread", "both"),
				list(Metric(s.BadLines, "not read").Every(15*minute), Metric(s.FaultyLines, "read in part").Every(15*minute))),
		},
		{
			Key: "edge-spans-telemetry", Title: "Spans of the load balancer dropped", Width: 6,
			Description: "Spans, data points and log records that the function could not deliver at a try. Good is none. Its files are tried again: what is lost in the end is among the files given up.",
			Queries:     b.watch("albspans-telemetry-dropped", "dropped"), Otherwise: list(PromQL(telemetryDropped.seldom(function, label(semconv.SignalKey)), "{{"+label(semconv.SignalKey)+"}}")),
		},
	}
}
