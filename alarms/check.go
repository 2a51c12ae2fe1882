package alarms

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tracehaul/tracehaul/alarms/metricmath"
	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Limits of CloudWatch. Sources: API reference of CloudWatch, PutMetricAlarm,
// PutCompositeAlarm and MetricDataQuery; "Create a composite alarm" and
// "Alarms on math expressions", CloudWatch user guide.
const (
	maxName        = 255
	maxDescription = 1024
	maxInputs      = 10
	maxRule        = 10240
	maxChildren    = 100
	maxRollbacks   = 10             // AWS CodeDeploy API reference, AlarmConfiguration
	maxShort       = 24 * time.Hour // period x periods, with a period under an hour
	maxLong        = 7 * 24 * time.Hour
)

var (
	keyForm     = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	ownerForm   = keyForm
	inputIDForm = regexp.MustCompile(`^[a-z][a-zA-Z0-9_]*$`)
	runbookForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*\.md$`)
)

// check lists what is wrong with a completed alarm. The alarms before it are in
// s.byKey. Snippets that are right are added to right and not read again: most are
// of several alarms. Their signals are added to signals.
func (s *Set) check(a *Alarm, right map[snippet.Snippet]bool, signals *identities) (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if !keyForm.MatchString(a.Key) {
		say("the key must be lower-case words with hyphens, such as queue-age")
	}
	if _, twice := s.byKey[a.Key]; twice {
		say("there is another one with this key")
	}
	if n := utf8.RuneCountInString(a.Name); n > maxName {
		say("the name %s has %d characters, CloudWatch takes %d", a.Name, n, maxName)
	}
	if n := utf8.RuneCountInString(a.Description); n > maxDescription {
		say("the description has %d characters, CloudWatch takes %d: shorten Meaning or Logs", n, maxDescription)
	}
	if !oneLine(a.Title) || a.Title == "" {
		say("Title must be a text in one line")
	}
	if !oneLine(a.Meaning) || a.Meaning == "" {
		say("Meaning must be a text in one line")
	}
	if !oneLine(a.Logs.Group) || !oneLine(a.Logs.Text) {
		say("Logs must be in one line")
	}
	for _, n := range append([]snippet.Snippet{a.Logs}, a.Next...) {
		if right[n] {
			continue
		}
		if problem := n.Check(); problem != "" {
			say("%s", problem)
		} else {
			right[n] = true
		}
	}
	if !runbookForm.MatchString(a.Runbook) {
		say("Runbook is %q: an alarm needs a runbook, a file of docs/runbooks such as queue-age.md", a.Runbook)
	}
	if !ownerForm.MatchString(a.Owner) {
		say("Owner is %q, want lower-case letters, digits and hyphens, as in the description", a.Owner)
	}
	if a.Notify < NotifySeverity || a.Notify > NotifyAll {
		say("Notify is unknown")
	}
	if a.Rollback != "" && !slices.Contains(s.components(), a.Rollback) {
		say("Rollback is %q, want one of %v", a.Rollback, s.components())
	} else if a.Rollback != "" && len(s.rollbacks(a)) > maxRollbacks {
		say("Rollback: %s has more than %d such alarms, the most that a deployment takes", a.Rollback, maxRollbacks)
	}
	oneOf(&problems, "Severity", a.Severity, pipeline.Severities())
	oneOf(&problems, "Hop", a.Hop, signal.Hops())
	oneOf(&problems, "Board", a.Board, pipeline.Boards())
	switch {
	case (a.Metric == nil) == (a.Composite == nil):
		say("it needs a Metric or a Composite, and not both")
	case a.Metric != nil:
		problems = append(append(problems, a.Metric.check()...), signals.inputs(a.Metric)...)
	default:
		problems = append(problems, s.checkComposite(a)...)
	}
	slices.Sort(problems)
	return problems
}

func oneLine(s string) bool { return !strings.ContainsAny(s, "\n\r") }

// oneOf reports a value that is none of those that are known.
func oneOf[T ~string](problems *[]string, field string, value T, known []T) {
	if !slices.Contains(known, value) {
		*problems = append(*problems, fmt.Sprintf("%s is %q, want one of %v", field, value, known))
	}
}

func (m *Metric) check() (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if n := len(m.Inputs); n < 1 || n > maxInputs {
		say("Metric.Inputs has %d, CloudWatch takes 1 to %d", n, maxInputs)
	}
	problems = append(problems, m.checkInputs()...)
	if m.Comparison < Above || m.Comparison > BelowBand {
		say("Metric.Comparison is unknown")
	}
	if math.IsNaN(m.Threshold) || math.IsInf(m.Threshold, 0) {
		say("Metric.Threshold must be a finite number")
	}
	if m.Comparison.Band() != (m.BandWidth > 0) || math.IsInf(m.BandWidth, 0) {
		say("Metric.BandWidth must be above 0 for a comparison with a band, and 0 otherwise")
	}
	if m.Unit == "" {
		say("Metric.Unit is missing: say what the expression is in")
	} else if bad := badUnit(m.Unit); bad != "" {
		say("Metric.Unit %s", bad)
	}
	if m.Missing < MissingNotBreaching || m.Missing > MissingMissing {
		say("Metric.Missing is unknown")
	}
	if m.Period < time.Minute && slices.ContainsFunc(m.Inputs, func(in Input) bool { return strings.HasPrefix(in.Signal.Metric.Namespace, "AWS/") }) {
		say("Metric.Period is %v: AWS reports its metrics by the minute", m.Period)
	}
	if m.IgnoreFewSamples && (m.Expression != "" || len(m.Inputs) != 1 || !strings.HasPrefix(m.Inputs[0].Signal.Statistic, "p")) {
		say("Metric.IgnoreFewSamples is for a percentile without an expression")
	}
	return append(problems, m.checkPeriods()...)
}

// rollbacks are the alarms, up to this one, that roll the same component back.
func (s *Set) rollbacks(a *Alarm) []string {
	keys := s.Rollback(a.Rollback)
	return keys[:slices.Index(keys, a.Key)+1]
}

func (m *Metric) checkPeriods() (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	high := m.Period == 10*time.Second || m.Period == 20*time.Second || m.Period == 30*time.Second
	if !high && (m.Period < time.Minute || m.Period%time.Minute != 0) {
		say("Metric.Period is %v, CloudWatch takes 10 s, 20 s, 30 s or a number of minutes", m.Period)
		return problems
	}
	if m.Periods < 1 {
		say("Metric.Periods is %d, must be at least 1", m.Periods)
		return problems
	}
	if m.Datapoints < 1 || m.Datapoints > m.Periods {
		say("Metric.Datapoints is %d, must be from 1 to Periods, %d", m.Datapoints, m.Periods)
	}
	limit := maxShort
	if m.Period >= time.Hour {
		limit = maxLong
	}
	if m.Periods > int(limit/m.Period) {
		say("Metric.Period times Periods is %d times %v, CloudWatch takes %v together with such a period", m.Periods, m.Period, limit)
	}
	return problems
}

func (m *Metric) checkInputs() (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	ids := map[string]struct{}{}
	for _, in := range m.Inputs {
		if !inputIDForm.MatchString(in.ID) {
			say("input %q: an id is a lower-case letter, then letters, digits and underscores", in.ID)
		}
		if in.ID == idResult || in.ID == idBand {
			say("input %q: the id is kept for what is made of the inputs", in.ID)
		}
		if _, twice := ids[in.ID]; twice {
			say("input %q is there twice", in.ID)
		}
		ids[in.ID] = struct{}{}
		for _, problem := range CheckSignal(in.Signal) {
			say("input %q: %s", in.ID, problem)
		}
	}
	if m.Expression == "" {
		if len(m.Inputs) > 1 {
			say("Metric.Expression is missing: it says what is made of %d inputs", len(m.Inputs))
		}
		return problems
	}
	return append(problems, m.checkExpression(ids)...)
}

// checkExpression finds ids that do not fit together, and a gap that would
// hide the alarm: where no data means that nothing happened, metric math has no
// result unless the gap is filled.
func (m *Metric) checkExpression(ids map[string]struct{}) (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	e, err := metricmath.Parse(m.Expression)
	if err != nil {
		return []string{"Metric.Expression: " + err.Error()}
	}
	used := e.IDs()
	for _, id := range used {
		if _, known := ids[id]; !known {
			say("Metric.Expression names %q, which is none of the inputs", id)
		}
	}
	unfilled := e.Unfilled(m.sparse)
	for _, in := range m.Inputs {
		if !slices.Contains(used, in.ID) {
			say("input %q is not in Metric.Expression", in.ID)
		}
		if len(m.Inputs) > 1 && slices.Contains(unfilled, in.ID) {
			say("input %q is reported only when there is something to report: fill its gaps, FILL(%s, 0), wherever it stands", in.ID, in.ID)
		}
	}
	return problems
}

// sparse reports whether a gap of an input stands for a zero.
func (m *Metric) sparse(id string) bool {
	i := slices.IndexFunc(m.Inputs, func(in Input) bool { return in.ID == id })
	return i >= 0 && m.Inputs[i].Signal.Filter == nil && m.Inputs[i].Signal.Absent == signal.AbsentNothing
}

func (s *Set) checkComposite(a *Alarm) (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	c := a.Composite
	if !c.Rule.whole() {
		return []string{"Composite.Rule is incomplete: not takes one rule, any and all at least one, and a state is one of CloudWatch's"}
	}
	for _, key := range c.Rule.Keys() {
		if _, known := s.byKey[key]; !known {
			say("Composite.Rule names %q, %s", key, s.unknown(key))
		}
	}
	if _, err := parseRule(c.Rule.Text(s.Pipeline.AlarmName)); err != nil {
		say("Composite.Rule is not one that CloudWatch takes: %v", err)
	}
	if c.Suppressor == "" {
		if c.Wait != 0 || c.Extension != 0 {
			say("Composite.Wait and Extension need a Suppressor")
		}
		return problems
	}
	if _, known := s.byKey[c.Suppressor]; !known {
		say("Composite.Suppressor is %q, %s", c.Suppressor, s.unknown(c.Suppressor))
	}
	for name, d := range map[string]time.Duration{"Wait": c.Wait, "Extension": c.Extension} {
		if d < time.Second || d%time.Second != 0 {
			say("Composite.%s is %v, must be a number of seconds", name, d)
		}
	}
	return problems
}

// unknown says why no alarm stands before with that key.
func (s *Set) unknown(key string) string {
	for known := range s.byKey {
		if s.Pipeline.AlarmName(known) == key {
			return fmt.Sprintf("its name in CloudWatch: want its key, %q", known)
		}
	}
	return "which does not stand before it"
}

// whole reports whether every part of a rule has what it joins.
func (r Rule) whole() bool {
	switch r.Op {
	case OpAny, OpAll:
		if len(r.Rules) == 0 {
			return false
		}
	case OpNot:
		if len(r.Rules) != 1 {
			return false
		}
	case OpState:
		return r.State.String() != ""
	case OpTrue, OpFalse:
	default:
		return false
	}
	return !slices.ContainsFunc(r.Rules, func(part Rule) bool { return !part.whole() })
}
