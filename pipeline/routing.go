package pipeline

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// checkRouting makes sure that every alarm is heard at every hour.
func (l *loader) checkRouting(p *Pipeline) {
	r := p.Routing
	if l.good("routing.working_from", "routing.working_to") && r.WorkingFrom >= r.WorkingTo {
		l.report("routing", "working_to", fmt.Sprintf("%s is not after working_from, %s", r.WorkingTo, r.WorkingFrom))
	}
	if !l.good("routing", "routing.destinations", "routing.routes") {
		return
	}
	l.checkDestinations(r)
	known := slices.Sorted(maps.Keys(r.Destinations))
	open := map[string]map[string]struct{}{}
	for i, route := range r.Routes {
		path := fmt.Sprintf("routing.routes[%d]", i)
		l.checkRoute(path, route, known, p)
		if route.Owner != "" {
			continue // alarms of other owners would go unheard
		}
		if open[route.Severity] == nil {
			open[route.Severity] = map[string]struct{}{}
		}
		open[route.Severity][route.When] = struct{}{}
	}
	if l.anyBadBelow("routing.routes") {
		return
	}
	for _, severity := range Severities() {
		if hours := unheard(open[severity]); hours != "" {
			l.report("routing", "routes", fmt.Sprintf(
				"alarms with severity %s go nowhere %s: a route without owner must take them", severity, hours))
		}
	}
}

// unheard says when none of the open routes is.
func unheard(open map[string]struct{}) string {
	has := func(when string) bool { _, ok := open[when]; return ok }
	switch {
	case has(WhenAlways) || has(WhenWorking) && has(WhenOffHours):
		return ""
	case has(WhenWorking):
		return "outside working hours"
	case has(WhenOffHours):
		return "in working hours"
	}
	return "at any hour"
}

func (l *loader) anyBadBelow(path string) bool {
	for bad := range l.bad {
		if strings.HasPrefix(bad, path+".") || strings.HasPrefix(bad, path+"[") {
			return true
		}
	}
	return false
}

func (l *loader) checkDestinations(r Routing) {
	for name, d := range r.Destinations {
		path := "routing.destinations." + name
		if !l.good(path+".type", path+".channel") {
			continue
		}
		if d.Type == "slack" && d.Channel == "" {
			l.report(path, "", "channel is missing: Slack needs one")
		}
		if d.Type != "slack" && d.Channel != "" {
			l.report(path, "channel", d.Type+" has no channels")
		}
	}
}

func (l *loader) checkRoute(path string, route Route, known []string, p *Pipeline) {
	for i, to := range route.To {
		at := fmt.Sprintf("%s.to[%d]", path, i)
		if l.good(at) && !slices.Contains(known, to) {
			l.report(at, "", fmt.Sprintf("%q is none of the destinations%s", shorten(to), suggest(to, known)))
		}
	}
	if route.Owner == "" || !l.good(path+".owner") {
		return
	}
	owners := []string{p.Owner}
	for i := range p.Consumers {
		owners = append(owners, p.Consumers[i].Owner)
	}
	if !slices.Contains(owners, route.Owner) {
		l.report(path, "owner", fmt.Sprintf("%q owns nothing here%s", route.Owner, suggest(route.Owner, owners)))
	}
}
