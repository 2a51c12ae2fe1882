package lint

import "math"

// axisPanels have an axis that Grafana fits to the data where it is not told.
var axisPanels = setOf([]string{"timeseries", "trend", "barchart"})

// maxDecimals is how many anybody reads.
const maxDecimals = 3

func checkAxes(c *checker) {
	for p := range c.drawn() {
		for _, f := range p.fields() {
			if f.sets("decimals") {
				c.checkDecimals(f)
			}
			if _, ok := axisPanels[p.kind]; ok && f.sets("unit", "min", "custom.axisSoftMin") {
				c.checkMin(f)
			}
		}
	}
}

func (c *checker) checkDecimals(f field) {
	n := f.get("decimals")
	if x, ok := n.number(); ok && (x < 0 || x > maxDecimals || x != math.Trunc(x)) {
		c.report(n, "decimals is %v: want 0 to %d", x, maxDecimals)
	}
}

// checkMin finds axes that may begin anywhere though their values begin at 0:
// a wave of half a percent would fill the panel.
func (c *checker) checkMin(f field) {
	unit := f.get("unit").text()
	if _, ok := quantityOf(unit); !ok || f.get("custom.axisCenteredZero").isTrue() || c.signed(f.panel) {
		return
	}
	_, hard := f.get("min").number()
	_, soft := f.get("custom.axisSoftMin").number()
	if !hard && !soft {
		c.report(f.get("min"), "the axis in %q has no least value: want min 0, or custom.axisSoftMin, or custom.axisCenteredZero for a difference", unit)
	}
}

// signed reports whether series are drawn below zero on purpose.
func (c *checker) signed(p *panel) bool {
	for _, f := range p.fields() {
		if f.get("custom.transform").text() == "negative-Y" {
			return true
		}
	}
	return false
}

// maxShare is what an axis of shares may end at: all, and some room above.
const maxShare = 1.5

// checkPercent finds the two units of a share mixed up.
func checkPercent(c *checker) {
	for p := range c.drawn() {
		for _, f := range p.fields() {
			if !f.sets("unit", "max", "thresholds") {
				continue
			}
			most, hasMost := f.get("max").number()
			switch f.get("unit").text() {
			case "percentunit":
				if hasMost && most > maxShare {
					c.report(f.get("max"), `max is %v, the unit "percentunit" has 1 for all: want 1, or the unit "percent"`, most)
				}
				for _, s := range f.get("thresholds").get("steps").items() {
					if x, ok := s.get("value").number(); ok && x > 1 && f.get("thresholds").get("mode").text() != "percentage" {
						c.report(s.get("value"), `the threshold is %v, the unit "percentunit" has 1 for all: want %v, or the unit "percent"`, x, x/100)
					}
				}
			case "percent":
				if hasMost && most > 0 && most <= 1 {
					c.report(f.get("max"), `max is %v, the unit "percent" has 100 for all: want 100, or the unit "percentunit"`, most)
				}
			}
		}
	}
}
