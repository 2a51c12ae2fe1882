package lint

import (
	"iter"
	"strings"
)

// panel is a panel, or a row.
type panel struct {
	*node
	id    int64
	title string
	kind  string // its type, such as timeseries
	row   *panel // the collapsed row that it is in, or nil

	targets []*target // MaxTargets at most
}

// target is a query of a panel.
type target struct {
	*node
	panel *panel
	kind  string // the type of its data source, or else of its panel's, such as cloudwatch
}

// Kinds of data sources that have rules.
const (
	kindCloudWatch       = "cloudwatch"
	kindPrometheus       = "prometheus"
	kindAmazonPrometheus = "grafana-amazonprometheus-datasource"
	kindTempo            = "tempo"
)

// kindRow is the type of a row.
const kindRow = "row"

// read lists the panels, targets and variables of a dashboard.
func (c *checker) read(root *node) {
	c.root = root
	c.vars = make(map[string]*node)
	for _, v := range root.get("templating", "list").items() {
		if name := v.get("name").text(); name != "" && c.vars[name] == nil {
			c.vars[name] = v
		}
	}
	for _, n := range root.get("panels").items() {
		p := c.addPanel(n, nil)
		for _, inner := range n.get("panels").items() {
			c.addPanel(inner, p)
		}
	}
}

func (c *checker) addPanel(n *node, row *panel) *panel {
	id, _ := n.get("id").number()
	p := &panel{node: n, id: int64(id), title: n.get("title").text(), kind: n.get("type").text(), row: row}
	n.about = p
	if len(c.panels) == MaxPanels {
		return p
	}
	c.panels = append(c.panels, p)
	for i, t := range n.get("targets").items() {
		if i == MaxTargets {
			break
		}
		source := t.get("datasource")
		if !source.exists() {
			source = n.get("datasource")
		}
		p.targets = append(p.targets, &target{node: t, panel: p, kind: source.get("type").text()})
	}
	c.targets = append(c.targets, p.targets...)
	return p
}

// of yields the targets whose data source is of a kind.
func (c *checker) of(kinds ...string) iter.Seq[*target] {
	return func(yield func(*target) bool) {
		for _, t := range c.targets {
			for _, kind := range kinds {
				if t.kind == kind && !yield(t) {
					return
				}
			}
		}
	}
}

// drawn yields the panels that are no rows.
func (c *checker) drawn() iter.Seq[*panel] {
	return func(yield func(*panel) bool) {
		for _, p := range c.panels {
			if p.kind != kindRow && !yield(p) {
				return
			}
		}
	}
}

// field is one way of drawing the series of a panel: the defaults, or those of
// an override, which fall back to the defaults.
type field struct {
	panel    *panel
	defaults *node
	own      map[string]*node // by property, such as custom.axisLabel; nil for the defaults
}

// fields lists the defaults of a panel, then its overrides.
func (p *panel) fields() []field {
	config := p.get("fieldConfig")
	all := []field{{panel: p, defaults: config.get("defaults")}}
	for i, o := range config.get("overrides").items() {
		if i == MaxOverrides {
			break
		}
		f := field{panel: p, defaults: config.get("defaults"), own: make(map[string]*node)}
		for _, property := range o.get("properties").items() {
			f.own[property.get("id").text()] = property.get("value")
		}
		all = append(all, f)
	}
	return all
}

// sets reports whether the override sets one of the properties itself. The
// defaults set all.
func (f field) sets(properties ...string) bool {
	for _, p := range properties {
		if _, ok := f.own[p]; ok || f.own == nil {
			return true
		}
	}
	return false
}

// get is a property, such as unit or custom.axisSoftMin.
func (f field) get(property string) *node {
	if n, ok := f.own[property]; ok {
		return n
	}
	return f.defaults.get(strings.Split(property, ".")...)
}

// checkSize says that there is more than is looked at.
func checkSize(c *checker) {
	if len(c.panels) == MaxPanels {
		c.report(c.root.get("panels"), "there are %d panels or more: want several dashboards", MaxPanels)
	}
	for _, p := range c.panels {
		if n := p.get("targets").len(); n > MaxTargets {
			c.report(p.get("targets"), "the panel has %d queries: %d are allowed", n, MaxTargets)
		}
		if overrides := p.get("fieldConfig", "overrides"); overrides.len() > MaxOverrides {
			c.report(overrides, "the panel has %d overrides: %d are allowed", overrides.len(), MaxOverrides)
		}
	}
}

// query is the text of a query. One that is empty or too long is reported.
func (c *checker) query(at *node) (string, bool) {
	switch text := at.text(); {
	case strings.TrimSpace(text) == "":
		c.report(at, "the query is empty")
	case len(text) > MaxQueryBytes:
		c.report(at, "the query has %d bytes: %d are allowed", len(text), MaxQueryBytes)
	default:
		return text, true
	}
	return "", false
}
