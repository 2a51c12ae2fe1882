package dashboards

import (
	"strconv"
	"strings"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline/signal"
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

// verdict counts which of the alarms are breached. Nothing is filled in: what is
// missing adds nothing to a sum, and a minute that CloudWatch does not show yet
// says nothing.
func verdict(list []*alarms.Alarm, label string) Query {
	var inputs []alarms.Input
	terms := make([]string, 0, len(list))
	for i, a := range list {
		m := a.Metric
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
		terms = append(terms, "("+rename(expression, names)+" "+operators[m.Comparison]+" "+number(m.Threshold)+")")
	}
	q := Math(inputs, strings.Join(terms, " + "), label)
	q.period = list[0].Metric.Period
	return q
}

var operators = map[alarms.Comparison]string{alarms.Above: ">", alarms.AtLeast: ">=", alarms.Below: "<", alarms.AtMost: "<="}

// unsure is what a verdict grows by for each part of which there is too little to
// judge.
const unsure = "0.01"

// orTooFew adds to a verdict that there is too little of a signal to judge:
// something, but no more than the floor of the alarms.
func (q Query) orTooFew(s signal.Signal, floor int) Query {
	id := "few_" + strconv.Itoa(len(q.inputs)+1)
	q.inputs = append(q.inputs, alarms.Input{ID: id, Signal: s})
	q.text += " + IF(" + id + " > 0 AND " + id + " <= " + strconv.Itoa(floor) + ", " + unsure + ", 0)"
	return q
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
