package dashboards

import (
	"strings"

	"github.com/tracehaul/tracehaul/pipeline"
)

// failuresRow lists what failed last.
func (b *builder) failuresRow() Row {
	row := Row{Title: "Latest failures", Panels: []Panel{
		{
			Key: "failing-traces", Title: "Latest failing traces (Tempo)", Kind: Traces, Width: 12, Height: 10,
			Description: "Traces with a span that failed. Good is an empty list. Open one: its deepest failing span names the cause.",
			Queries:     list(TraceQL("{ " + b.traceSelector() + " && status = error }")),
		},
		{
			Key: "failing-xray", Title: "Latest failing traces (X-Ray)", Kind: Traces, Width: 12, Height: 10,
			Description: "Traces with a fault or an error. Good is an empty list. Open one: its deepest failing segment names the cause.",
			Queries:     list(XRayTraces(b.xrayFailing())),
		},
		{
			Key: "service-log", Title: "Latest errors of the service", Kind: Logs, Width: 12, Height: 10,
			Description: "Warnings and errors of the service, newest first, each with its trace id. Good is an empty list.",
			Queries:     list(LogsInsights(b.serviceLogs(), errorLines)),
		},
	}}
	for i := range b.pipeline.Consumers {
		c := &b.pipeline.Consumers[i]
		row.Panels = append(row.Panels, Panel{
			Key: c.Name + "-log", Title: "Latest errors of " + c.Name, Kind: Logs, Width: 12, Height: 10,
			Description: "Warnings and errors of the consumer, newest first, each with its trace id. Good is an empty list.",
			Queries:     list(LogsInsights(pipeline.LogGroupName(pipeline.KindFunction, c.FunctionName()), errorLines)),
		})
	}
	row.Panels = append(row.Panels, Panel{
		Key: "loki-log", Title: "Latest errors (Loki)", Kind: Logs, Width: 24, Height: 10,
		Description: "Warnings and errors of the service and the consumers, newest first. Good is an empty list.",
		Queries:     list(LogQL(b.lokiErrors())),
	})
	return row
}

// traceSelector selects the spans of the pipeline's programs.
func (b *builder) traceSelector() string {
	return `resource.deployment.environment.name = "${` + varEnvironment + `}" && resource.service.name =~ "${` + varPipeline + `}-.+"`
}

// xrayFailing is a filter expression of X-Ray. ("Using filter expressions", X-Ray
// developer guide.)
func (b *builder) xrayFailing() string {
	services := make([]string, 0, 1+len(b.pipeline.Consumers))
	for _, name := range b.programs() {
		services = append(services, `service("${`+varPipeline+`}-`+name+`") { fault = true OR error = true }`)
	}
	return strings.Join(services, " OR ")
}

// programs are the components that make traces.
func (b *builder) programs() []string {
	names := []string{b.pipeline.Service.Name}
	for i := range b.pipeline.Consumers {
		names = append(names, b.pipeline.Consumers[i].Name)
	}
	return names
}

func (b *builder) lokiErrors() string {
	return `{` + b.selectorAll() + `} | detected_level=~"error|warn"`
}

// errorLines are the latest lines that say that something is wrong.
const errorLines = `fields @timestamp, level, msg, trace_id, span_id, @message | filter level in ["ERROR", "WARN"] | sort @timestamp desc | limit 50`

// rowLinks lead from a trace id in a table to the trace.
func (b *builder) rowLinks(column string) []Link {
	var links []Link
	if b.uids.has(fromTempo) {
		links = append(links, Link{column, "Trace in Tempo", explore(fromTempo, map[string]any{"queryType": "traceql", "query": "${__value.raw}"})})
	}
	if b.uids.has(fromXRay) {
		links = append(links, Link{column, "Trace in X-Ray", explore(fromXRay, map[string]any{"queryType": "getTrace", "region": b.pipeline.Region, "query": "${__value.raw}"})})
	}
	return links
}
