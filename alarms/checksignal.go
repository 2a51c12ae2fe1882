package alarms

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tracehaul/tracehaul/alarms/internal/statistic"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Limits of metrics and metric filters. Sources: PutMetricAlarm and Dimension,
// CloudWatch API reference; PutMetricFilter and MetricTransformation, CloudWatch
// Logs API reference.
const (
	maxDimensions     = 30
	maxMetricName     = 255 // of a dimension's name, too
	maxDimensionValue = 1024
	maxFilterName     = 512
	maxFilterValue    = 100
)

var (
	namespaceForm = regexp.MustCompile(`^[0-9A-Za-z./_# -][0-9A-Za-z./_#: -]{0,254}$`) // "Namespaces", CloudWatch user guide
	groupForm     = regexp.MustCompile(`^[.\-_/#A-Za-z0-9]{1,512}$`)
)

// units are those that CloudWatch knows. (StandardUnit, CloudWatch API reference.)
var units = strings.Fields(`Seconds Microseconds Milliseconds
	Bytes Kilobytes Megabytes Gigabytes Terabytes Bits Kilobits Megabits Gigabits Terabits
	Bytes/Second Kilobytes/Second Megabytes/Second Gigabytes/Second Terabytes/Second
	Bits/Second Kilobits/Second Megabits/Second Gigabits/Second Terabits/Second
	Percent Count Count/Second None`)

// unitOf is CloudWatch's name of a unit.
func unitOf(u signal.Unit) string {
	if slices.Contains(units, string(u)) {
		return string(u)
	}
	return "None"
}

// badUnit says what is wrong with a unit, or nothing.
func badUnit(u signal.Unit) string {
	if u == signal.UnitDays || u == signal.UnitCapacity || slices.Contains(units, string(u)) {
		return ""
	}
	return fmt.Sprintf("is %q, want one of CloudWatch's such as Count, Bytes or None, or %s or %s", u, signal.UnitDays, signal.UnitCapacity)
}

// CheckSignal says what is wrong with the metric, the statistic, the unit and the
// filter of a signal, or nothing. Without a unit it is right.
func CheckSignal(s signal.Signal) []string {
	problems := checkMetric(s.Metric)
	if _, err := statistic.Parse(s.Statistic); err != nil {
		problems = append(problems, err.Error())
	}
	if bad := badUnit(s.Unit); bad != "" && s.Unit != "" {
		problems = append(problems, "the unit "+bad)
	}
	if s.Filter != nil {
		problems = append(problems, checkFilter(s.Metric, s.Filter)...)
	}
	return problems
}

// printable reports whether CloudWatch takes a text as a name or a value.
func printable(text string, most int) bool {
	control := func(r rune) bool { return r < ' ' || r > '~' }
	return len(text) <= most && strings.TrimSpace(text) != "" && !strings.ContainsFunc(text, control)
}

func checkMetric(m signal.Metric) (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if m.Namespace == "" || m.Name == "" {
		say("there is no metric")
	}
	if m.Namespace != "" && (!namespaceForm.MatchString(m.Namespace) || strings.TrimSpace(m.Namespace) == "") {
		say("the namespace is %q, want 1 to %d letters, digits, spaces and . - _ / # :, the first no colon", m.Namespace, maxMetricName)
	}
	if m.Name != "" && !printable(m.Name, maxMetricName) {
		say("the name of the metric is %q, want 1 to %d printable ASCII characters", m.Name, maxMetricName)
	}
	if len(m.Dimensions) > maxDimensions {
		say("%d dimensions, CloudWatch takes %d", len(m.Dimensions), maxDimensions)
	}
	for i, d := range m.Dimensions {
		problems = append(problems, checkDimension(d)...)
		if slices.ContainsFunc(m.Dimensions[:i], func(other signal.Dimension) bool { return other.Name == d.Name }) {
			say("dimension %q is there twice", d.Name)
		}
	}
	return problems
}

func checkDimension(d signal.Dimension) (problems []string) {
	say := func(format string, args ...any) {
		problems = append(problems, fmt.Sprintf("dimension %q", d.Name)+fmt.Sprintf(format, args...))
	}
	if d.Name == "" || (d.Value == "") == (d.Input == "") {
		say(" needs a name, and a value or an input")
	}
	if d.Name != "" && (!printable(d.Name, maxMetricName) || d.Name[0] == ':') {
		say(": want a name of 1 to %d printable ASCII characters, the first no colon", maxMetricName)
	}
	if d.Value != "" && !printable(d.Value, maxDimensionValue) {
		say(": the value is %q, want 1 to %d printable ASCII characters", d.Value, maxDimensionValue)
	}
	if d.Input != "" && !slices.Contains(signal.Inputs(), d.Input) {
		say(": the input is %q, want one of %v", d.Input, signal.Inputs())
	}
	return problems
}

// checkFilter says what is wrong with a filter and with the metric for it. Only a
// filter without dimensions can count 0 for lines that are no match.
func checkFilter(m signal.Metric, f *signal.LogFilter) (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if len(m.Dimensions) > 0 {
		say("a metric of log lines has no dimensions: make them part of the namespace")
	}
	if strings.ContainsAny(m.Namespace+m.Name, ":*$") {
		say("a metric of log lines has no : * $ in its namespace and name, which are %q and %q", m.Namespace, m.Name)
	}
	if !printable(f.Name, maxFilterName) || strings.ContainsAny(f.Name, ":*") {
		say("the name of the filter is %q, want 1 to %d printable ASCII characters without : and *", f.Name, maxFilterName)
	}
	if !groupForm.MatchString(f.LogGroup) {
		say("the log group of the filter is %q, want 1 to 512 letters, digits and . - _ / #", f.LogGroup)
	}
	if len(f.Value) > maxFilterValue {
		say("the value of the filter has %d characters, CloudWatch takes %d", len(f.Value), maxFilterValue)
	}
	if _, err := f.Parse(); err != nil {
		say("the filter: %v", err)
	}
	return problems
}
