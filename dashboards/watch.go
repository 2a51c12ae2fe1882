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
