package simulator

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/internal/figure"
)

// reason words a change as CloudWatch does. ("StateReason", DescribeAlarms,
// CloudWatch API reference, and the examples of "Alarm events and EventBridge",
// CloudWatch user guide.) Where some datapoints were filled in and others were
// there, AWS shows no example: both are named.
func (r *metricRun) reason(v verdict) string {
	if v.state == alarms.StateInsufficientData {
		return fmt.Sprintf("Insufficient Data: %s unknown.", were(r.n, "datapoint"))
	}
	var parts []string
	if listed := r.listed(v.state); len(listed) > 0 {
		parts = append(parts, fmt.Sprintf("%d out of the last %d datapoints [%s] %s %s",
			len(listed), v.real, strings.Join(listed, ", "), wasWere(len(listed)), r.relation(v.state)))
	}
	switch filled := r.filling(v); {
	case filled != "" && v.real == 0:
		return fmt.Sprintf("Threshold Crossed: no datapoints were received for %s and %s.", figure.Counted(r.n, "period"), filled)
	case filled != "":
		parts = append(parts, filled)
	}
	return fmt.Sprintf("%s: %s (minimum %s).", r.crossed(), strings.Join(parts, " and "), r.minimum(v.state))
}

// listed are the datapoints that speak for the state, newest first.
func (r *metricRun) listed(state alarms.State) []string {
	var listed []string
	wanted, evaluated := good, 0
	if state == alarms.StateAlarm {
		wanted = breaching
	}
	for k, p := range r.points {
		if p == missing {
			continue
		}
		if evaluated++; evaluated > r.n {
			break
		}
		if p == wanted {
			at := r.timestamp(r.end - k*r.datapoints.period)
			listed = append(listed, fmt.Sprintf("%s (%s)", double(r.values[k]), at.UTC().Format("02/01/06 15:04:05")))
		}
	}
	return listed
}

// filling says how missing datapoints were treated, if that led to the state.
func (r *metricRun) filling(v verdict) string {
	switch {
	case v.filled == 0:
	case r.treatment == alarms.MissingBreaching && v.state == alarms.StateAlarm:
		return wereMissing(v.filled) + " treated as [Breaching]"
	case r.treatment == alarms.MissingNotBreaching && v.state == alarms.StateOK:
		return wereMissing(v.filled) + " treated as [NonBreaching]"
	}
	return ""
}

func wereMissing(n int) string { return were(n, "missing datapoint") }

func (r *metricRun) crossed() string {
	if r.band != nil {
		return "Thresholds Crossed"
	}
	return "Threshold Crossed"
}

// relation says what the listed datapoints were.
func (r *metricRun) relation(state alarms.State) string {
	not := "not "
	if state == alarms.StateAlarm {
		not = ""
	}
	threshold := "the threshold (" + double(r.threshold) + ")"
	lower, upper := "", ""
	if r.band != nil { // of the newest datapoint: others may have had another one
		end := r.end - r.newestAge()*r.datapoints.period
		lower = "the lower threshold [" + double(r.band.lower[end]) + "]"
		upper = "the upper threshold [" + double(r.band.upper[end]) + "]"
	}
	switch r.comparison {
	case alarms.Above:
		return not + "greater than " + threshold
	case alarms.AtLeast:
		return not + "greater than or equal to " + threshold
	case alarms.Below:
		return not + "less than " + threshold
	case alarms.AtMost:
		return not + "less than or equal to " + threshold
	case alarms.OutsideBand:
		return not + "less than " + lower + " or greater than " + upper
	case alarms.AboveBand:
		return not + "greater than " + upper
	case alarms.BelowBand:
		return not + "less than " + lower
	}
	return ""
}

// minimum says how many datapoints a change into the state takes. CloudWatch
// names the same change whatever the state was before.
func (r *metricRun) minimum(state alarms.State) string {
	if state == alarms.StateAlarm {
		return figure.Counted(r.m, "datapoint") + " for OK -> ALARM transition"
	}
	return figure.Counted(r.n-r.m+1, "datapoint") + " for ALARM -> OK transition"
}

// newest returns the newest datapoint that there is.
func (r *metricRun) newest() (float64, bool) {
	if k := r.newestAge(); k >= 0 {
		return r.values[k], true
	}
	return 0, false
}

// newestAge returns the age of the newest datapoint that there is, in periods, or
// -1.
func (r *metricRun) newestAge() int {
	return slices.IndexFunc(r.points, func(p point) bool { return p != missing })
}

// transitioned is the reason for a change of a composite. CloudWatch names the
// alarm that caused it by its ARN, here it is its name.
func transitioned(name string, state alarms.State, at time.Time) string {
	return fmt.Sprintf("%s transitioned to %s at %s", name, state, at.UTC().Format("Monday 02 January, 2006 15:04:05 UTC"))
}

// created is the reason for the first state of a composite.
func created(name string, state alarms.State) string {
	return fmt.Sprintf("%s was created and its alarm rule evaluates to %s", name, state)
}

func wasWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

func were(n int, noun string) string { return figure.Counted(n, noun) + " " + wasWere(n) }

// double writes a number as CloudWatch does, which is Java's way: 12.0, 1.0E7.
func double(x float64) string {
	abs := max(x, -x)
	if abs == 0 || abs >= 1e-3 && abs < 1e7 {
		s := strconv.FormatFloat(x, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(x, 'e', -1, 64), "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	n, _ := strconv.Atoi(exponent)
	return mantissa + "E" + strconv.Itoa(n)
}
