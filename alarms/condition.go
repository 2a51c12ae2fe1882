package alarms

import (
	"strconv"
	"strings"

	"github.com/tracehaul/tracehaul/internal/figure"
)

// Condition says in words when the alarm is on, such as "above 300 s, 5 of 5
// datapoints of a minute". It is empty for an alarm without a Metric and a
// Composite.
func (a *Alarm) Condition() string {
	if a.Composite != nil {
		return a.Composite.Rule.String()
	}
	m := a.Metric
	if m == nil {
		return ""
	}
	var b strings.Builder
	switch m.Comparison {
	case Above:
		b.WriteString("above ")
	case AtLeast:
		b.WriteString("at least ")
	case Below:
		b.WriteString("below ")
	case AtMost:
		b.WriteString("at most ")
	case OutsideBand:
		b.WriteString("outside the band")
	case AboveBand:
		b.WriteString("above the band")
	case BelowBand:
		b.WriteString("below the band")
	}
	if m.Comparison.Band() {
		b.WriteString(" of what is normal, " + figure.Number(m.BandWidth) + " standard deviations wide")
	} else {
		b.WriteString(m.Unit.Format(m.Threshold))
	}
	if m.Periods == 1 {
		b.WriteString(", over " + figure.Time(m.Period))
	} else {
		b.WriteString(", " + strconv.Itoa(m.Datapoints) + " of " + strconv.Itoa(m.Periods) + " datapoints of " + figure.Time(m.Period))
	}
	return b.String()
}
