package lint

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/tracehaul/tracehaul/dashboards/internal/reference"
)

// links in a dashboard are of three sorts, which know different variables.
type linkSort int

const (
	linkDashboard linkSort = iota // in the dashboard's head
	linkPanel                     // in a panel's menu
	linkData                      // at a value
)

// dashboardURL is the address of a dashboard, in a Grafana that may be served
// below a path.
var dashboardURL = regexp.MustCompile(`^/?(?:[\w-]+/)?d/([^/?#]+)`)

// appURLs begin addresses of Grafana itself beside those of dashboards.
var appURLs = []string{"/explore", "/alerting", "/a/", "/dashboards", "/connections"}

// valueFields are what Grafana knows of the value that was clicked. Those of
// __data depend on the query. ("Configure data links", Grafana documentation.)
var valueFields = map[string][]string{
	"__value":  {"", "raw", "numeric", "text", "time", "calc"},
	"__field":  {"name", "displayName", "labels"},
	"__series": {"name", "labels"},
}

func checkLinks(c *checker) {
	for _, l := range c.root.get("links").items() {
		c.checkLink(l, linkDashboard)
	}
	for _, p := range c.panels {
		for _, l := range p.get("links").items() {
			c.checkLink(l, linkPanel)
		}
		for _, f := range p.fields() {
			if !f.sets("links") {
				continue
			}
			for _, l := range f.get("links").items() {
				c.checkLink(l, linkData)
			}
		}
	}
}

func (c *checker) checkLink(l *node, sort linkSort) {
	if strings.TrimSpace(l.get("title").text()) == "" {
		c.report(l.get("title"), "the link has no title")
	}
	if sort == linkDashboard && l.get("type").text() == "dashboards" {
		if l.get("tags").len() == 0 {
			c.report(l.get("tags"), "the list of links has no tags: it would list every dashboard there is")
		}
		c.checkKept(l)
		return
	}
	at := l.get("url")
	address := at.text()
	c.checkLinkVariables(at, sort)
	// Where a variable stands for the host, or the uid, the place is not known.
	path := reference.Replace(address, func(r reference.Variable) string { return "\x00" })
	switch m := dashboardURL.FindStringSubmatch(path); {
	case path == "":
		c.report(at, "the link leads nowhere: want a url")
	case m != nil:
		c.checkDashboard(at, m[1])
		if sort == linkDashboard {
			c.checkKept(l)
		} else {
			c.checkCarried(at)
		}
	case c.options.Runbooks != "" && strings.HasPrefix(address, c.options.Runbooks):
		c.checkFile(at, strings.TrimPrefix(address, c.options.Runbooks))
	case strings.HasPrefix(path, "http://") || strings.HasPrefix(path, "https://"):
		if u, err := url.Parse(strings.ReplaceAll(path, "\x00", "x")); err != nil || u.Host == "" {
			c.report(at, "the address %q is none", address)
		}
	case strings.HasPrefix(path, "\x00") || slices.ContainsFunc(appURLs, func(app string) bool { return strings.HasPrefix(path, app) }):
	case strings.HasPrefix(path, "/") || strings.Contains(path, ":"):
		c.report(at, "the address %q leads to nothing that Grafana has: want /d/UID, /explore, or https://", address)
	default:
		c.checkFile(at, address)
	}
}

func (c *checker) checkDashboard(at *node, uid string) {
	if uid == c.root.get("uid").text() || strings.Contains(uid, "\x00") || slices.Contains(c.options.Dashboards, uid) {
		return
	}
	c.report(at, "there is no dashboard with the uid %q%s", uid, c.meant(uid, c.options.Dashboards))
}

// checkKept looks at a link in the dashboard's head, which has switches.
func (c *checker) checkKept(l *node) {
	for _, key := range []string{"keepTime", "includeVars"} {
		if !l.get(key).isTrue() {
			c.report(l.get(key), "%s is not set: the reader loses what is being looked at", key)
		}
	}
}

// checkCarried looks at a link at a panel or a value: Grafana ignores the
// switches there, so that time and variables have to be in the address.
func (c *checker) checkCarried(at *node) {
	address := at.text()
	if !strings.Contains(address, "__url_time_range") && !strings.Contains(address, "from=") {
		c.report(at, "the link loses the time: want ${__url_time_range} in the address")
	}
	if len(c.vars) > 0 && !strings.Contains(address, "__all_variables") && !strings.Contains(address, "var-") {
		c.report(at, "the link loses the variables: want ${__all_variables} in the address")
	}
}

func (c *checker) checkFile(at *node, address string) {
	file, _, _ := strings.Cut(address, "#")
	file = strings.TrimPrefix(file, "./")
	if c.options.Exists != nil && !variable(file) && !c.options.Exists(file) {
		c.report(at, "there is no file %q", file)
	}
}

// checkLinkVariables looks at what Grafana fills in when a link is followed.
func (c *checker) checkLinkVariables(at *node, sort linkSort) {
	for _, r := range reference.Find(at.text()) {
		if _, ok := linkBuiltIns[r.Name]; !ok {
			continue // the rule "variable" looks at these
		}
		if sort != linkData {
			c.report(at, "${%s} is known at a value only: this link has none", r.Name)
			continue
		}
		known, ok := valueFields[r.Name]
		first, _, _ := strings.Cut(strings.Split(r.Field, "[")[0], ".")
		if ok && !slices.Contains(known, first) {
			c.report(at, "${%s.%s} is not known%s", r.Name, r.Field, c.meant(first, known))
		}
	}
}
