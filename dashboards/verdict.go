package dashboards

import (
	"strconv"
	"strings"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/internal/figure"
	"github.com/tracehaul/tracehaul/pipeline/signal"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// verdict counts which of the alarms are breached. Nothing is filled in: what is
// missing adds nothing to a sum, and a minute that CloudWatch does not show yet
// says nothing.
func verdict(list []*alarms.Alarm, label string) Query {
	var inputs []alarms.Input
	terms := make([]string, 0, len(list))
	for i, a := range list {
		m := a.Metric
		expression := m.Expression
		if expression == "" {
			expression = m.Inputs[0].ID
		}
		own, expression := apart(m.Inputs, expression, i+1)
		inputs = append(inputs, own...)
		terms = append(terms, "("+expression+" "+operators[m.Comparison]+" "+figure.Number(m.Threshold)+")")
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

// strictest are the limits of alarms that roll a component back: of a share, in
// percent, and of a time, in seconds.
func strictest(watched []*alarms.Alarm) (share, slow float64) {
	for _, a := range watched {
		switch m := a.Metric; m.Unit {
		case signal.UnitPercent:
			share = max(share, m.Threshold)
		case signal.UnitSeconds:
			slow = max(slow, m.Threshold)
		default:
		}
	}
	return share, slow
}

// serviceVerdict says the same as [verdict] by OpenTelemetry's metrics: how many
// versions are beyond a limit.
func serviceVerdict(component string, watched []*alarms.Alarm) string {
	of := selector(component)
	share, slow := strictest(watched)
	v := promVerdict{rate: httpRequests.rate(of, versionLabel), all: httpRequests.rate(of), floor: alarms.RollbackRequests}
	return v.beyond(failing(of, versionLabel), share) + " + " + v.beyond(httpRequests.quantile(0.99, of, versionLabel), slow) + " + " + v.tooFew()
}

// consumerVerdict is that of a consumer: messages that fail or are put aside.
func consumerVerdict(component string, watched []*alarms.Alarm) string {
	of, outcome := selector(component), label(semconv.OutcomeKey)
	share, _ := strictest(watched)
	v := promVerdict{rate: outcomes.seldom(of, versionLabel), all: outcomes.seldom(of), floor: alarms.RollbackMessages}
	bad := outcomes.seldom(of+`, `+outcome+`=~"`+semconv.OutcomeFailed+`|`+semconv.OutcomeDeadLettered+`"`, versionLabel)
	return v.beyond("100 * "+bad+" / "+v.rate, share) + " + " + v.tooFew()
}

// promVerdict judges the versions of a component.
type promVerdict struct {
	rate, all string // how much there is a second, by version and in all
	floor     int    // of a minute: a version that has no more is not judged
}

func (v promVerdict) beyond(query string, limit float64) string {
	return "(sum((" + query + " unless (" + v.rate + " * 60 <= " + strconv.Itoa(v.floor) + ")) > bool " + figure.Number(limit) + ") or 0 * " + v.all + ")"
}

func (v promVerdict) tooFew() string {
	return unsure + " * (count((" + v.rate + " * 60 > 0) <= " + strconv.Itoa(v.floor) + ") or 0 * " + v.all + ")"
}
