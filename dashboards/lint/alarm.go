package lint

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// alarmPrefix begins the title of the panel links that name alarms: see the
// package's documentation.
const alarmPrefix = "alarm: "

// step is a threshold of a panel, with the unit that it is in.
type step struct {
	at    *node
	value float64
	unit  *node
}

func checkAlarms(c *checker) {
	if c.options.Thresholds == nil {
		return
	}
	for p := range c.drawn() {
		c.checkPanelAlarms(p)
	}
}

func (c *checker) checkPanelAlarms(p *panel) {
	steps := p.steps()
	named, others := 0, false
	var wanted []Threshold
	for _, l := range p.get("links").items() {
		key, ok := strings.CutPrefix(l.get("title").text(), alarmPrefix)
		if !ok {
			continue
		}
		named++
		switch alarm, known := c.options.Thresholds[key]; {
		case !known:
			c.report(l.get("title"), "there is no alarm %q%s", key, c.meant(key, slices.Sorted(maps.Keys(c.options.Thresholds))))
		case alarm.None:
			others = true
		case len(wanted) < MaxTargets:
			wanted = append(wanted, alarm)
			c.checkShown(p, key, alarm, steps)
		}
	}
	switch style := p.get("fieldConfig", "defaults", "custom", "thresholdsStyle", "mode"); {
	case named == 0 && len(steps) > 0 && drawsLine(style.text()):
		c.report(steps[0].at, "the line at %v belongs to no alarm: want a panel link with the title %q, or no line", steps[0].value, alarmPrefix+"KEY")
	case len(wanted) > 0 && !others: // those of an alarm that joins others may be shown, too
		c.checkOwned(steps, wanted)
	}
}

// steps are the thresholds of a panel but the first step of each list, which
// has no value.
func (p *panel) steps() []step {
	var all []step
	for _, f := range p.fields() {
		if !f.sets("thresholds") {
			continue
		}
		if f.get("thresholds").get("mode").text() == "percentage" {
			continue // of what is drawn, which is no number that an alarm has
		}
		for _, s := range f.get("thresholds").get("steps").items() {
			if x, ok := s.get("value").number(); ok {
				all = append(all, step{s.get("value"), x, f.get("unit")})
			}
		}
	}
	return all
}

// checkShown finds an alarm whose threshold the panel does not show.
func (c *checker) checkShown(p *panel, key string, alarm Threshold, steps []step) {
	if slices.ContainsFunc(steps, func(s step) bool { return s.shows(alarm) }) {
		return
	}
	at := p.get("fieldConfig", "defaults", "thresholds")
	if len(steps) == 0 {
		c.report(at, "the panel does not show the threshold of the alarm %q: want %v (%s)", key, alarm.Value, alarm.Unit)
		return
	}
	s := steps[0]
	at = s.at
	drawn, ok1 := quantityOf(s.unit.text())
	is, ok2 := quantityOf(alarm.Unit)
	switch {
	case ok1 && ok2 && drawn.of != is.of:
		c.report(s.unit, "the alarm %q is about %s, the panel's unit is %q", key, strings.ToLower(alarm.Unit), s.unit.text())
	case ok1 && ok2:
		want := strconv.FormatFloat(alarm.Value*is.factor/drawn.factor, 'g', 12, 64)
		c.report(at, "the threshold is %v, that of the alarm %q is %s: want %s in the panel's unit %q", s.value, key, amount(alarm), want, s.unit.text())
	default:
		c.report(at, "the threshold is %v, that of the alarm %q is %s", s.value, key, amount(alarm))
	}
}

// checkOwned finds thresholds that none of the panel's alarms has.
func (c *checker) checkOwned(steps []step, alarms []Threshold) {
	shown := func(s step) bool {
		return slices.ContainsFunc(alarms, s.shows)
	}
	if !slices.ContainsFunc(steps, shown) {
		return // then the alarms were reported
	}
	for _, s := range steps {
		if !shown(s) {
			c.report(s.at, "the threshold %v is that of none of the panel's alarms", s.value)
		}
	}
}

// shows reports whether the threshold is that of the alarm. Units that are not
// known to measure the same are compared by value alone.
func (s step) shows(alarm Threshold) bool {
	drawn, ok1 := quantityOf(s.unit.text())
	is, ok2 := quantityOf(alarm.Unit)
	if !ok1 || !ok2 {
		return equal(s.value, alarm.Value)
	}
	return drawn.of == is.of && equal(s.value*drawn.factor, alarm.Value*is.factor)
}

// equal takes numbers for the same that differ by next to nothing: a step of a
// stat is a little above the threshold, as Grafana's is beyond at equality.
func equal(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a), math.Abs(b)) }

func amount(t Threshold) string {
	return strings.TrimSpace(strconv.FormatFloat(t.Value, 'f', -1, 64) + " " + t.Unit)
}
