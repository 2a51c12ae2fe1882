package scenario

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// mutant is an alarm with one small fault in it, such as somebody might make.
type mutant struct {
	alarm  string // the key
	change string // what is wrong, in a few words: it names the mutant
	apply  func(*alarms.Alarm)
}

func (m mutant) String() string { return m.alarm + ": " + m.change }

// of returns the alarm with the fault. The alarm stays as it is.
func (m mutant) of(a alarms.Alarm) alarms.Alarm {
	if a.Metric != nil {
		metric := *a.Metric
		metric.Inputs = slices.Clone(metric.Inputs)
		a.Metric = &metric
	}
	if a.Composite != nil {
		composite := *a.Composite
		a.Composite = &composite
	}
	m.apply(&a)
	return a
}

// valid reports whether CloudWatch, and the checks of alarms, take the mutant.
// added are the alarms of its set that are not of the kit.
func (m mutant) valid(p *pipeline.Pipeline, a alarms.Alarm, added []alarms.Alarm) bool {
	a = m.of(a)
	a.Key += "-mutant"
	_, err := alarms.For(p, append(slices.Clone(added), a)...)
	return err == nil
}

// added are the alarms of a set that are not of the kit.
func added(set *alarms.Set) ([]alarms.Alarm, error) {
	kit, err := alarms.For(set.Pipeline)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(set.Alarms(), func(a alarms.Alarm) bool {
		_, ofTheKit := kit.Find(a.Key)
		return ofTheKit
	}), nil
}

// mutants are the faults of an alarm that are worth to be noticed.
func mutants(a alarms.Alarm) []mutant {
	var all []mutant
	add := func(apply func(*alarms.Alarm), format string, args ...any) {
		all = append(all, mutant{a.Key, fmt.Sprintf(format, args...), apply})
	}
	if a.Metric != nil {
		mutateThreshold(a.Metric, add)
		mutatePeriods(a.Metric, add)
		mutateMissing(a.Metric, add)
		mutateInputs(a.Metric, add)
		mutateExpression(a.Metric, add)
	} else {
		mutateComposite(a.Composite, add)
	}
	switch a.Notify {
	case alarms.NotifySeverity, alarms.NotifyWatchdog:
		add(func(a *alarms.Alarm) { a.Notify = alarms.NotifyNobody }, "nobody is told")
		if a.Notify == alarms.NotifySeverity && a.Severity == pipeline.SeverityPage {
			add(func(a *alarms.Alarm) { a.Severity = pipeline.SeverityTicket }, "severity %s", pipeline.SeverityTicket)
		}
	case alarms.NotifyAll:
		add(func(a *alarms.Alarm) { a.Notify = alarms.NotifyNobody }, "nobody is told")
		add(func(a *alarms.Alarm) { a.Notify = alarms.NotifySeverity }, "only %s is told", a.Severity)
	case alarms.NotifyNobody:
	}
	return all
}

// adder notes a mutant.
type adder func(apply func(*alarms.Alarm), format string, args ...any)

func mutateThreshold(m *alarms.Metric, add adder) {
	if m.Comparison.Band() {
		for _, factor := range []float64{.5, 2} {
			add(func(a *alarms.Alarm) { a.Metric.BandWidth *= factor }, "band width x%v", factor)
		}
		return
	}
	var to []float64
	for _, factor := range []float64{.5, .9, 1.1, 2, 10} {
		to = append(to, times6(m.Threshold, factor))
	}
	if m.Threshold >= 0 && m.Threshold <= 1 && m.Unit == signal.UnitCount {
		to = []float64{m.Threshold + 1}
		if m.Threshold == 1 {
			to = append(to, 0)
		}
	}
	for _, threshold := range to {
		if threshold != m.Threshold {
			add(func(a *alarms.Alarm) { a.Metric.Threshold = threshold }, "threshold %v", threshold)
		}
	}
	// Values sit at a threshold where it is a small number of something, or where
	// the comparison says so.
	var flipped alarms.Comparison
	switch {
	case m.Comparison == alarms.AtLeast:
		flipped = alarms.Above
	case m.Comparison == alarms.AtMost:
		flipped = alarms.Below
	case m.Unit != signal.UnitCount || m.Threshold != 0 && m.Threshold != 1:
		return
	case m.Comparison == alarms.Above:
		flipped = alarms.AtLeast
	default:
		flipped = alarms.AtMost
	}
	add(func(a *alarms.Alarm) { a.Metric.Comparison = flipped }, "%s", flipped)
}

// times6 multiplies, to six digits.
func times6(x, factor float64) float64 {
	product, _ := strconv.ParseFloat(strconv.FormatFloat(x*factor, 'g', 6, 64), 64) // what it wrote itself can be read
	return product
}

func mutatePeriods(m *alarms.Metric, add adder) {
	period := func(d time.Duration) {
		add(func(a *alarms.Alarm) { a.Metric.Period = d }, "period %s", short(d))
	}
	period(5 * m.Period)
	if m.Period > time.Minute {
		period(max(time.Minute, (m.Period / 5).Truncate(time.Minute)))
	}
	of := func(datapoints, periods int) {
		add(func(a *alarms.Alarm) { a.Metric.Datapoints, a.Metric.Periods = datapoints, periods }, "%d of %d datapoints", datapoints, periods)
	}
	of(3*m.Datapoints, 3*m.Periods)
	if m.Datapoints < m.Periods {
		of(m.Datapoints+1, m.Periods)
	}
	if m.Datapoints > 1 {
		of(1, m.Periods)
	}
}

// mutateMissing takes gaps differently, where there can be any.
func mutateMissing(m *alarms.Metric, add adder) {
	if !hasGaps(m) {
		return
	}
	for _, missing := range []alarms.Missing{alarms.MissingNotBreaching, alarms.MissingBreaching, alarms.MissingIgnore, alarms.MissingMissing} {
		if missing != m.Missing {
			add(func(a *alarms.Alarm) { a.Metric.Missing = missing }, "missing data %s", missing)
		}
	}
}

var (
	fillForm   = regexp.MustCompile(`FILL\(([a-z][a-zA-Z0-9_]*), *([0-9.]+|REPEAT|LINEAR)\)`)
	numberForm = regexp.MustCompile(`(^|[^a-zA-Z0-9_.])([0-9]+(?:\.[0-9]+)?)`)
)

func mutateInputs(m *alarms.Metric, add adder) {
	for i, in := range m.Inputs {
		other := map[string]string{
			"Maximum": "Average", "Minimum": "Maximum", "Average": "Maximum", "Sum": "Average", "p99": "Average",
		}[in.Signal.Statistic]
		if bound, found := strings.CutPrefix(in.Signal.Statistic, "PR(:"); found {
			mutateRank(i, strings.TrimSuffix(bound, ")"), add)
		}
		// Only the time of a sample matters to a function of time.
		if other == "" || strings.Contains(m.Expression, "MINUTE("+in.ID+")") {
			continue
		}
		add(func(a *alarms.Alarm) { a.Metric.Inputs[i].Signal.Statistic = other }, "%s of %s", other, in.Signal.ID)
	}
}

// mutateRank changes the bound of a share of fast requests.
func mutateRank(input int, bound string, add adder) {
	n, err := strconv.ParseFloat(bound, 64)
	if err != nil {
		return
	}
	for _, factor := range []float64{.5, 2} {
		rank := "PR(:" + strconv.FormatFloat(n*factor, 'g', 12, 64) + ")"
		add(func(a *alarms.Alarm) { a.Metric.Inputs[input].Signal.Statistic = rank }, "%s instead of PR(:%s)", rank, bound)
	}
}

func mutateExpression(m *alarms.Metric, add adder) {
	expression := func(text, format string, args ...any) {
		if same(m, text) {
			return // it is no fault
		}
		add(func(a *alarms.Alarm) { a.Metric.Expression = text }, format, args...)
	}
	for nth, at := range numberForm.FindAllStringSubmatchIndex(m.Expression, -1) {
		from, to := at[4], at[5]
		literal := m.Expression[from:to]
		n, err := strconv.ParseFloat(literal, 64)
		if err != nil || n == 0 || n == 1 {
			continue
		}
		for _, factor := range []float64{.1, 10} {
			changed := strconv.FormatFloat(n*factor, 'g', 12, 64)
			expression(m.Expression[:from]+changed+m.Expression[to:], "%s instead of %s, number %d of the expression", changed, literal, nth+1)
		}
	}
	for nth, at := range fillForm.FindAllStringSubmatchIndex(m.Expression, -1) {
		id := m.Expression[at[2]:at[3]]
		expression(m.Expression[:at[0]]+id+m.Expression[at[1]:], "no FILL of %s, number %d of the expression", id, nth+1)
	}
}

func mutateComposite(c *alarms.Composite, add adder) {
	rule := c.Rule
	mutateRule(rule, func(changed alarms.Rule, format string, args ...any) {
		add(func(a *alarms.Alarm) { a.Composite.Rule = changed }, format, args...)
	})
	if c.Suppressor == "" {
		return
	}
	add(func(a *alarms.Alarm) { *a.Composite = alarms.Composite{Rule: rule} }, "not suppressed by %s", c.Suppressor)
	// A second is none, as alarms are evaluated once a minute; zero stands for the
	// default.
	add(func(a *alarms.Alarm) { a.Composite.Wait = time.Second }, "no wait for %s", c.Suppressor)
	add(func(a *alarms.Alarm) { a.Composite.Extension = time.Second }, "no extension after %s", c.Suppressor)
}

// mutateRule leaves out each part of a rule, and swaps OR and AND, at every
// depth. made is called with the whole rule.
func mutateRule(rule alarms.Rule, made func(changed alarms.Rule, format string, args ...any)) {
	if rule.Op != alarms.OpAny && rule.Op != alarms.OpAll || len(rule.Rules) < 2 {
		return
	}
	for i, part := range rule.Rules {
		made(alarms.Rule{Op: rule.Op, Rules: slices.Delete(slices.Clone(rule.Rules), i, i+1)}, "without %s", part)
	}
	made(alarms.Rule{Op: alarms.OpAny + alarms.OpAll - rule.Op, Rules: rule.Rules}, "OR and AND swapped in %s", rule)
	for i, part := range rule.Rules {
		mutateRule(part, func(changed alarms.Rule, format string, args ...any) {
			rules := slices.Clone(rule.Rules)
			rules[i] = changed
			made(alarms.Rule{Op: rule.Op, Rules: rules}, format, args...)
		})
	}
}
