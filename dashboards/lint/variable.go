package lint

import (
	"slices"
	"strings"

	"github.com/tracehaul/tracehaul/dashboards/internal/reference"
)

// builtIns are the variables that Grafana has everywhere: "Global variables",
// Grafana documentation, and the macros of its CloudWatch and SQL data sources.
var builtIns = setOf([]string{
	"__all_variables", "__auto", "__dashboard", "__from", "__interval", "__interval_ms", "__name", "__org", "__period_auto", "__range", "__range_ms",
	"__range_s", "__rate_interval", "__rate_interval_ms", "__searchFilter", "__timezone", "__to", "__url_time_range", "__user", "timeFilter",
	"__time", "__timeEpoch", "__timeFilter", "__timeFrom", "__timeTo", "__timeGroup", "__timeGroupAlias", "__unixEpochFilter", "__unixEpochFrom", "__unixEpochTo",
	"__unixEpochGroup", "__unixEpochGroupAlias", "__unixEpochNanoFilter", "__unixEpochNanoFrom", "__unixEpochNanoTo", "__schema", "__table", "__column",
})

// linkBuiltIns are those of data links, which know the value that was clicked:
// "Configure data links", Grafana documentation.
var linkBuiltIns = setOf([]string{"__value", "__field", "__series", "__data", "__span", "__trace", "__tags"})

func checkVariables(c *checker) {
	c.checkDefinitions()
	used := make(map[string]bool)
	c.root.walk(func(n *node) bool {
		if n.key == "current" && n.parent.parent != nil && n.parent.parent.key == "list" {
			return false // what was chosen when the dashboard was saved
		}
		text := n.text()
		if n.key == "repeat" && text != "" {
			text = "${" + text + "}"
		}
		for _, r := range reference.Find(text) {
			owner := definition(n)
			if owner == "" || owner != r.Name {
				used[r.Name] = true
			}
			c.checkReference(n, r)
		}
		return true
	})
	for _, v := range c.root.get("templating", "list").items() {
		name := v.get("name").text()
		if kind := v.get("type").text(); !used[name] && kind != "adhoc" && kind != "groupby" { // Grafana applies these by itself
			c.report(v, "the variable %q is used nowhere: whoever changes it waits for something to happen", name)
		}
	}
}

func (c *checker) checkDefinitions() {
	seen := make(map[string]bool)
	for _, v := range c.root.get("templating", "list").items() {
		switch name := v.get("name").text(); {
		case name == "":
			c.report(v.get("name"), "the variable has no name")
		case strings.HasPrefix(name, "__"):
			c.report(v.get("name"), "the variable %q begins with __, which is Grafana's own", name)
		case seen[name]:
			c.report(v.get("name"), "there are two variables %q", name)
		default:
			seen[name] = true
		}
	}
}

// definition is the name of the variable in whose definition a node stands.
func definition(n *node) string {
	for ; n.parent != nil; n = n.parent {
		if n.parent.key == "list" && n.parent.parent.key == "templating" {
			return n.get("name").text()
		}
	}
	return ""
}

// foreign reports whether a node is in a query to a data source that has no
// rules here.
func foreign(n *node) bool {
	for ; n.parent != nil; n = n.parent {
		if n.parent.key == "targets" {
			kind := n.get("datasource", "type").text()
			_, sql := sqlKinds[kind]
			return kind != "" && !sql && !slices.Contains([]string{kindCloudWatch, kindPrometheus, kindAmazonPrometheus, kindTempo}, kind)
		}
	}
	return false
}

func (c *checker) checkReference(n *node, r reference.Variable) {
	if c.vars[r.Name] != nil || len(c.findings) == MaxFindings {
		return
	}
	if _, ok := builtIns[r.Name]; ok {
		return
	}
	if interval, ok := strings.CutPrefix(r.Name, "__auto_interval_"); ok && c.vars[interval] != nil {
		return // what Grafana writes for an interval that it chooses itself
	}
	if _, ok := linkBuiltIns[r.Name]; ok && (n.within("links") || n.within("fieldConfig")) {
		return // known there, in names of series, too; the rule "link" looks at addresses
	}
	if strings.HasPrefix(r.Name, "__") && foreign(n) {
		return // a macro of a data source of which nothing is known
	}
	var known []string
	for name := range c.vars {
		known = append(known, name)
	}
	if strings.HasPrefix(r.Name, "__") {
		known = keys(builtIns)
	}
	c.report(n, "the variable %q is not defined: Grafana leaves it as it is%s", r.Name, c.meant(r.Name, known))
}
