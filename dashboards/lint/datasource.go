package lint

import (
	"slices"
	"strings"

	"github.com/tracehaul/tracehaul/dashboards/internal/reference"
)

// Data sources that Grafana has by itself. (packages/grafana-data, and
// public/app/features/datasources of Grafana's source.)
const (
	sourceMixed     = "-- Mixed --"
	sourceDashboard = "-- Dashboard --"
	sourceGrafana   = "-- Grafana --"
	sourceExpr      = "__expr__"
)

func checkDatasources(c *checker) {
	for _, t := range c.targets {
		own := t.get("datasource")
		switch uid := own.get("uid").text(); {
		case !own.exists():
			c.report(own, "the query has no data source of its own: want datasource with type and uid, or typos in the query are not found")
		case own.get("type").text() == "" && !builtIn(uid):
			c.report(own.get("type"), "the data source has no type: want one such as cloudwatch or prometheus")
		case uid == "":
			c.report(own.get("uid"), "the data source has no uid: want one, or a variable such as ${cloudwatch}")
		case uid == sourceMixed:
			c.report(own.get("uid"), "a query cannot be mixed: want the data source that answers it")
		default:
			c.checkSourceVariable(own)
		}
	}
	for p := range c.drawn() {
		c.checkMixed(p)
	}
}

func builtIn(uid string) bool {
	return slices.Contains([]string{sourceMixed, sourceDashboard, sourceGrafana, sourceExpr, "grafana"}, uid)
}

// checkSourceVariable compares the type of a data source with the one that its
// variable offers.
func (c *checker) checkSourceVariable(source *node) {
	for _, r := range reference.Find(source.get("uid").text()) {
		v := c.vars[r.Name]
		if v == nil {
			continue // the finding of the rule "variable"
		}
		offered := v.get("query").text()
		switch {
		case v.get("type").text() != "datasource":
			c.report(source.get("uid"), "the variable %q is no data source: its type is %q", r.Name, v.get("type").text())
		case offered != source.get("type").text():
			c.report(source, "the variable %q offers data sources of type %q, the query is for %q", r.Name, offered, source.get("type").text())
		}
	}
}

// checkMixed finds panels whose queries go elsewhere than the panel says.
func (c *checker) checkMixed(p *panel) {
	panelUID := p.get("datasource", "uid").text()
	if panelUID == "" || panelUID == sourceMixed {
		return
	}
	for _, t := range p.get("targets").items() {
		uid := t.get("datasource", "uid").text()
		if uid != "" && uid != panelUID && !builtIn(uid) && !strings.EqualFold(t.get("datasource", "type").text(), sourceExpr) {
			c.report(t.get("datasource"), "the query asks %q, the panel %q: want the panel's data source to be %q", uid, panelUID, sourceMixed)
		}
	}
}
