package simulator

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/internal/statistic"
	"github.com/tracehaul/tracehaul/alarms/metricmath"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Limits of CloudWatch that a simulation relies on. (PutMetricAlarm, CloudWatch
// API reference; "Alarms on math expressions", CloudWatch user guide.)
const (
	maxInputs = 10
	maxShort  = 24 * time.Hour // periods together, each under an hour
	maxLong   = 7 * 24 * time.Hour
	maxDepth  = 100 // of a rule: AWS publishes no limit
)

// Defaults of alarms.Composite.
const (
	defaultWait      = 2 * time.Minute
	defaultExtension = 3 * time.Minute
)

// compiler turns alarms into what can be evaluated, and collects what is wrong.
type compiler struct {
	alarms []alarms.Alarm
	errs   []error
	before map[string]string // keys and names of the alarms so far, to the key
	all    map[string]string // of all alarms
	key    string            // the alarm at hand
}

func compile(c Config) ([]alarm, error) {
	k := &compiler{alarms: c.Alarms, before: map[string]string{}, all: map[string]string{}}
	for _, a := range slices.Backward(c.Alarms) {
		k.note(k.all, a)
	}
	compiled := make([]alarm, 0, len(c.Alarms))
	for _, a := range c.Alarms {
		compiled = append(compiled, k.alarm(a))
		k.note(k.before, a)
	}
	k.key = ""
	for _, key := range slices.Sorted(maps.Keys(c.States)) {
		k.state(key, c.States[key])
	}
	if c.Delay < 0 || c.Delay > maxLong {
		k.say("Config.Delay is %v, want 0 to %v", c.Delay, maxLong)
	}
	return compiled, errors.Join(k.errs...)
}

// note enters an alarm by its name and its key. Keys win.
func (k *compiler) note(into map[string]string, a alarms.Alarm) {
	if _, taken := into[a.Name]; a.Name != "" && !taken {
		into[a.Name] = a.Key
	}
	into[a.Key] = a.Key
}

func (k *compiler) say(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	if k.key != "" {
		err = fmt.Errorf("alarm %q: %w", k.key, err)
	}
	k.errs = append(k.errs, err)
}

func (k *compiler) state(key string, s alarms.State) {
	if _, known := k.all[key]; !known {
		k.say("Config.States names %q, which is none of the alarms", key)
	}
	if s.String() == "" {
		k.say("Config.States has %d for %q, which is no state", s, key)
	}
}

func (k *compiler) alarm(a alarms.Alarm) alarm {
	if k.key = a.Key; a.Key == "" {
		k.key = "without a key"
		k.say("the key is missing")
	}
	if before, twice := k.before[a.Key]; twice && before == a.Key {
		k.say("there is another one with this key")
	}
	out := alarm{key: a.Key, name: a.Name, silent: a.Notify == alarms.NotifyNobody}
	if out.name == "" {
		out.name = a.Key
	}
	switch {
	case (a.Metric == nil) == (a.Composite == nil):
		k.say("it needs a Metric or a Composite, and not both")
	case a.Metric != nil:
		out.metric = k.metric(a.Metric)
	default:
		out.composite = k.composite(a.Composite)
	}
	return out
}

func (k *compiler) metric(m *alarms.Metric) *metricAlarm {
	out := &metricAlarm{
		comparison: m.Comparison, threshold: m.Threshold, width: m.BandWidth,
		n: max(m.Periods, 1), m: m.Datapoints, treatment: treatment(m),
	}
	if m.Datapoints == 0 {
		out.m = out.n
	}
	k.inputs(m, out)
	k.periods(m, out)
	k.comparison(m)
	if out.treatment < alarms.MissingNotBreaching || out.treatment > alarms.MissingMissing {
		k.say("Missing is unknown")
	}
	if m.IgnoreFewSamples {
		if m.Expression != "" || len(out.inputs) != 1 || out.inputs[0].statistic.Kind != statistic.Percentile {
			k.say("IgnoreFewSamples is for one percentile without an expression")
		} else {
			out.few = few(out.inputs[0].statistic)
		}
	}
	return out
}

// treatment is how missing data is taken: what the gaps of the inputs mean where
// the alarm does not say.
func treatment(m *alarms.Metric) alarms.Missing {
	if m.Missing != alarms.MissingDefault {
		return m.Missing
	}
	if slices.ContainsFunc(m.Inputs, func(i alarms.Input) bool { return i.Signal.Absent == signal.AbsentFault }) {
		return alarms.MissingBreaching
	}
	return alarms.MissingNotBreaching
}

func (k *compiler) inputs(m *alarms.Metric, out *metricAlarm) {
	if n := len(m.Inputs); n < 1 || n > maxInputs {
		k.say("it has %d inputs, CloudWatch takes 1 to %d", n, maxInputs)
	}
	ids := map[string]bool{} // whether the expression uses them
	for _, in := range m.Inputs {
		if _, twice := ids[in.ID]; twice {
			k.say("input %q is there twice", in.ID)
		}
		ids[in.ID] = false
		s, err := statistic.Parse(in.Signal.Statistic)
		if err != nil {
			k.say("input %q: %w", in.ID, err)
		}
		if in.Signal.Metric.Name == "" {
			k.say("input %q has no metric", in.ID)
		}
		out.inputs = append(out.inputs, input{in.ID, in.Signal.Metric, s})
	}
	if len(m.Inputs) > 0 {
		out.signal = m.Inputs[0].Signal
	}
	if m.Expression == "" {
		if len(m.Inputs) > 1 {
			k.say("the expression is missing: it says what is made of %d inputs", len(m.Inputs))
		}
		return
	}
	k.expression(m.Expression, ids, out)
}

func (k *compiler) expression(text string, ids map[string]bool, out *metricAlarm) {
	e, err := metricmath.Parse(text)
	if err != nil {
		k.say("expression %q: %w", text, err)
		return
	}
	out.expression = e
	for _, id := range e.IDs() {
		if _, known := ids[id]; !known {
			k.say("expression %q names %q, which is none of the inputs", text, id)
		}
		ids[id] = true
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if !ids[id] {
			k.say("expression %q does not use the input %q", text, id)
		}
	}
}

func (k *compiler) periods(m *alarms.Metric, out *metricAlarm) {
	period := m.Period
	if period == 0 {
		period = time.Minute
	}
	if out.period = int(period / time.Minute); period < time.Minute || period%time.Minute != 0 {
		k.say("the period is %v, a history by the minute takes minutes", period)
		return
	}
	if m.Periods < 0 || out.m < 1 || out.m > out.n {
		k.say("%d datapoints of %d periods: want at least 1, of as many periods or more", out.m, m.Periods)
	}
	limit := maxShort
	if period >= time.Hour {
		limit = maxLong
	}
	if period > limit || out.n > int(limit/period) {
		k.say("%d periods of %v, CloudWatch takes %v together with such a period", out.n, period, limit)
	}
}

func (k *compiler) comparison(m *alarms.Metric) {
	switch {
	case m.Comparison.String() == "":
		k.say("the comparison %d is unknown", m.Comparison)
	case !m.Comparison.Band():
		if math.IsNaN(m.Threshold) || math.IsInf(m.Threshold, 0) {
			k.say("the threshold is %v, want a finite number", m.Threshold)
		}
	case len(m.Inputs) > 1:
		k.say("a band over %d inputs is not simulated: want one", len(m.Inputs))
	case !(m.BandWidth > 0) || math.IsInf(m.BandWidth, 0):
		k.say("the width of the band is %v, want a number above 0", m.BandWidth)
	}
}
