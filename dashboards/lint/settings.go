package lint

import (
	"regexp"
	"strings"

	"github.com/tracehaul/tracehaul/internal/figure"
)

// maxUID is how long a uid may be. (Grafana, "Dashboard HTTP API".)
const maxUID = 40

// minDescriptionWords is how many words say something.
const minDescriptionWords = 5

// minSchemaVersion is Grafana 11's. An older dashboard is migrated in the
// browser at every opening, so that what was linted is not what is shown.
const minSchemaVersion = 39

var uidPattern = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func checkSettings(c *checker) {
	d := c.root
	switch uid := d.get("uid").text(); {
	case uid == "":
		c.report(d.get("uid"), "the dashboard has no uid: Grafana would make up another one at every deploy, and links would break")
	case len(uid) > maxUID:
		c.report(d.get("uid"), "the uid has %d characters: %d are allowed", len(uid), maxUID)
	case !uidPattern.MatchString(uid):
		c.report(d.get("uid"), "the uid %q has other characters than letters, digits, - and _", uid)
	}
	if strings.TrimSpace(d.get("title").text()) == "" {
		c.report(d.get("title"), "the dashboard has no title")
	}
	if v, ok := d.get("schemaVersion").number(); !ok || v < minSchemaVersion {
		c.report(d.get("schemaVersion"), "schemaVersion is %s: want %d or later", d.get("schemaVersion").shown(), minSchemaVersion)
	}
	for _, s := range []struct{ key, want string }{
		{"timezone", `"browser", "utc" or a zone, so that all readers mean the same time`},
		{"refresh", `an interval such as "1m", or "" for none`},
	} {
		if _, ok := d.get(s.key).value.(string); !ok {
			c.report(d.get(s.key), "%s is not set: want %s", s.key, s.want)
		}
	}
	if v, _ := d.get("graphTooltip").number(); v != 1 && v != 2 {
		c.report(d.get("graphTooltip"), "graphTooltip is %s: want 1 (shared crosshair) or 2 (shared tooltip), so that one moment is seen on all panels", d.get("graphTooltip").shown())
	}
	if d.get("tags").len() == 0 {
		c.report(d.get("tags"), "the dashboard has no tags: it is found by its title alone, and by no list of links")
	}
	for _, end := range []string{"from", "to"} {
		if d.get("time", end).text() == "" {
			c.report(d.get("time", end), "time.%s is not set: want a time such as now-3h", end)
		}
	}
}

func checkTitles(c *checker) {
	for _, p := range c.panels {
		if strings.TrimSpace(p.title) == "" {
			c.report(p.get("title"), "the title is empty")
		}
	}
}

func checkDescriptions(c *checker) {
	for p := range c.drawn() {
		if p.kind == "text" {
			continue // it explains itself
		}
		if n := len(strings.Fields(p.get("description").text())); n < minDescriptionWords {
			c.report(p.get("description"), "the description has %s: want %d or more that say what good looks like and what to do when it does not", figure.Counted(n, "word"), minDescriptionWords)
		}
	}
}

func checkPanelIDs(c *checker) {
	seen := make(map[int64]*panel)
	for _, p := range c.panels {
		switch x, ok := p.get("id").number(); {
		case !ok || x < 1 || x != float64(int64(x)):
			c.report(p.get("id"), "the panel has no id: want a whole number from 1 that stays the same, as links to the panel hold it")
		case seen[p.id] != nil:
			c.report(p.get("id"), "id %d is the id of %s, too", p.id, seen[p.id].path())
		default:
			seen[p.id] = p
		}
	}
}
