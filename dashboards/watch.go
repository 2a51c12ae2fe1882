package dashboards

import (
	"strconv"
	"strings"

	"github.com/tracehaul/tracehaul/alarms"
)

// watch asks for what the alarm with a key watches. There is nothing to ask
// for where the pipeline has no such alarm.
func (b *builder) watch(key, label string) []Query {
	a := b.byKey[key]
	if a == nil || a.Metric == nil {
		return nil
	}
	return []Query{Watched(*a, label)}
}

// join puts queries together.
func join(lists ...[]Query) []Query {
	var all []Query
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

func list(queries ...Query) []Query { return queries }

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
	if b.uids.has(Tempo) {
		links = append(links, Link{column, "Trace in Tempo", explore(Tempo, map[string]any{"queryType": "traceql", "query": "${__value.raw}"})})
	}
	if b.uids.has(XRay) {
		links = append(links, Link{column, "Trace in X-Ray", explore(XRay, map[string]any{"queryType": "getTrace", "region": b.pipeline.Region, "query": "${__value.raw}"})})
	}
	return links
}

// verdict counts which of the alarms would be breached by the latest datapoint.
// A gap breaches none.
func verdict(list []*alarms.Alarm, label string) Query {
	var inputs []alarms.Input
	terms := make([]string, 0, len(list))
	for i := range list {
		m := list[i].Metric
		names := make(map[string]string, len(m.Inputs))
		for _, in := range m.Inputs {
			id := in.ID + "_" + strconv.Itoa(i+1)
			names[in.ID] = id
			inputs = append(inputs, alarms.Input{ID: id, Signal: in.Signal})
		}
		expression := m.Expression
		if expression == "" {
			expression = m.Inputs[0].ID
		}
		terms = append(terms, breached(rename(expression, names), m))
	}
	q := Math(inputs, strings.Join(terms, " + "), label)
	q.period = list[0].Metric.Period
	return q
}

var operators = map[alarms.Comparison]string{alarms.Above: ">", alarms.AtLeast: ">=", alarms.Below: "<", alarms.AtMost: "<="}

// breached is 1 where the threshold is, and 0 elsewhere.
func breached(expression string, m *alarms.Metric) string {
	fill := m.Threshold
	switch m.Comparison {
	case alarms.AtLeast:
		fill--
	case alarms.AtMost:
		fill++
	case alarms.Above, alarms.Below, alarms.OutsideBand, alarms.AboveBand, alarms.BelowBand:
	}
	return "(FILL(" + expression + ", " + number(fill) + ") " + operators[m.Comparison] + " " + number(m.Threshold) + ")"
}

// known are those of the keys that name alarms.
func (b *builder) known(keys ...string) []string {
	var all []string
	for _, key := range keys {
		if b.byKey[key] != nil {
			all = append(all, key)
		}
	}
	return all
}

// orElse are the queries or, where there are none, another one.
func (b *builder) orElse(queries []Query, other Query) []Query {
	if len(queries) > 0 {
		return queries
	}
	return list(other)
}
