package lint

import "strings"

// queryPanels are the panel types of Grafana that show the results of queries.
var queryPanels = setOf([]string{
	"barchart", "bargauge", "candlestick", "flamegraph", "gauge", "heatmap", "histogram", "logs", "nodeGraph", "piechart", "stat", "state-timeline",
	"status-history", "table", "timeseries", "traces", "trend", "xychart",
})

// otherPanels are those that show something else, or may.
var otherPanels = setOf([]string{
	"alertlist", "annolist", "canvas", "dashlist", "datagrid", "debug", "geomap", "gettingstarted", "live", "news", "row", "text", "welcome",
})

func checkPanelTypes(c *checker) {
	for _, p := range c.panels {
		_, queries := queryPanels[p.kind]
		_, other := otherPanels[p.kind]
		if !queries && !other && !strings.HasSuffix(p.kind, "-panel") && !p.get("libraryPanel").exists() { // the ids of plugins end so
			c.report(p.get("type"), "there is no panel type %q: Grafana shows a red panel%s", p.kind, c.meant(p.kind, append(keys(queryPanels), keys(otherPanels)...)))
		}
	}
}

func checkQueries(c *checker) {
	for _, p := range c.panels {
		if _, ok := queryPanels[p.kind]; ok && len(p.targets) == 0 && !p.get("libraryPanel").exists() {
			c.report(p.get("targets"), "the panel has no queries: it stays empty")
		}
		seen := make(map[string]*target)
		for _, t := range p.targets {
			switch ref := t.get("refId").text(); {
			case ref == "":
				c.report(t.get("refId"), "the query has no refId: want a letter of its own")
			case seen[ref] != nil:
				c.report(t.get("refId"), "the refId %q is that of %s, too: one of them is not drawn", ref, seen[ref].path())
			default:
				seen[ref] = t
			}
		}
	}
}
