package lint

import (
	"strings"

	"github.com/tracehaul/tracehaul/dashboards/internal/reference"
)

// Panels that draw a number with its unit.
var numberPanels = setOf([]string{"timeseries", "stat", "gauge", "bargauge", "barchart", "trend"})

// openUnits begin units that take any text. (packages/grafana-data,
// valueFormats.ts: getValueFormat.)
var openUnits = []string{"suffix:", "prefix:", "time:", "si:", "count:", "currency:", "bool:"}

func checkUnits(c *checker) {
	for p := range c.drawn() {
		for _, f := range p.fields() {
			unit := f.get("unit")
			switch name := unit.text(); {
			case !f.sets("unit"):
			case name != "":
				if !knownUnit(name) {
					c.report(unit, "there is no unit %q: Grafana prints it behind the number%s", name, c.meant(name, keys(grafanaNames().units)))
				}
			case f.own == nil:
				if _, ok := numberPanels[p.kind]; ok {
					c.report(unit, "the panel has no unit: want one, such as s, percent or short")
				}
			}
		}
	}
}

func knownUnit(name string) bool {
	for _, open := range openUnits {
		if rest, ok := strings.CutPrefix(name, open); ok {
			return strings.TrimSpace(rest) != ""
		}
	}
	_, ok := grafanaNames().units[name]
	return ok || len(reference.Find(name)) > 0
}

func checkReducers(c *checker) {
	known := grafanaNames().reducers
	for p := range c.drawn() {
		p.walk(func(n *node) bool {
			if n.key != "calcs" && n.key != "reducers" || !inOptions(n) {
				return true
			}
			for _, item := range n.items() {
				if _, ok := known[item.text()]; !ok {
					c.report(item, "there is no reducer %q: the number stays empty%s", item.text(), c.meant(item.text(), keys(known)))
				}
			}
			return false
		})
	}
}

// inOptions reports whether a node is a setting of Grafana's, not of a query.
func inOptions(n *node) bool {
	for ; n != nil; n = n.parent {
		switch n.key {
		case "options", "transformations":
			return true
		case "targets":
			return false
		}
	}
	return false
}

// quantity is what a unit measures, and how much one of it is.
type quantity struct {
	of     string
	factor float64
}

// Quantities.
const (
	ofTime  = "time"  // in seconds
	ofRatio = "ratio" // 1 is all
	ofBytes = "bytes"
	ofCount = "count"
	ofRate  = "rate" // a second
)

// quantities are the units that are compared, by Grafana's ids and by
// CloudWatch's names (MetricDatum, CloudWatch API reference).
var quantities = map[string]quantity{
	"ns": {ofTime, 1e-9}, "µs": {ofTime, 1e-6}, "ms": {ofTime, 1e-3}, "s": {ofTime, 1}, "m": {ofTime, 60}, "h": {ofTime, 3600}, "d": {ofTime, 86400},
	"dtdurations": {ofTime, 1}, "dtdurationms": {ofTime, 1e-3}, "dthms": {ofTime, 1}, "clocks": {ofTime, 1}, "clockms": {ofTime, 1e-3},
	"suffix: days": {ofTime, 86400}, "Seconds": {ofTime, 1}, "Milliseconds": {ofTime, 1e-3}, "Microseconds": {ofTime, 1e-6}, "Days": {ofTime, 86400},

	"percent": {ofRatio, 0.01}, "percentunit": {ofRatio, 1}, "Percent": {ofRatio, 0.01},

	"bytes": {ofBytes, 1}, "kbytes": {ofBytes, 1 << 10}, "mbytes": {ofBytes, 1 << 20}, "gbytes": {ofBytes, 1 << 30}, "tbytes": {ofBytes, 1 << 40},
	"decbytes": {ofBytes, 1}, "deckbytes": {ofBytes, 1e3}, "decmbytes": {ofBytes, 1e6}, "decgbytes": {ofBytes, 1e9}, "dectbytes": {ofBytes, 1e12},
	"Bytes": {ofBytes, 1}, "Kilobytes": {ofBytes, 1e3}, "Megabytes": {ofBytes, 1e6}, "Gigabytes": {ofBytes, 1e9}, "Terabytes": {ofBytes, 1e12},

	"short": {ofCount, 1}, "none": {ofCount, 1}, "locale": {ofCount, 1}, "sishort": {ofCount, 1}, "string": {ofCount, 1}, "": {ofCount, 1},
	"Count": {ofCount, 1}, "None": {ofCount, 1}, "Capacity units": {ofCount, 1},

	"cps": {ofRate, 1}, "ops": {ofRate, 1}, "reqps": {ofRate, 1}, "rps": {ofRate, 1}, "wps": {ofRate, 1}, "iops": {ofRate, 1}, "eps": {ofRate, 1},
	"mps": {ofRate, 1}, "recps": {ofRate, 1}, "cpm": {ofRate, 1. / 60}, "opm": {ofRate, 1. / 60}, "reqpm": {ofRate, 1. / 60}, "epm": {ofRate, 1. / 60},
	"mpm": {ofRate, 1. / 60}, "recpm": {ofRate, 1. / 60}, "rpm": {ofRate, 1. / 60}, "wpm": {ofRate, 1. / 60}, "Count/Second": {ofRate, 1},
}

// quantityOf is what a unit measures. Units of one's own, such as
// "suffix: ACU", count something.
func quantityOf(unit string) (quantity, bool) {
	if q, ok := quantities[unit]; ok {
		return q, true
	}
	for _, own := range []string{"suffix:", "count:", "prefix:"} {
		if strings.HasPrefix(unit, own) {
			return quantity{ofCount, 1}, true
		}
	}
	return quantity{}, false
}
