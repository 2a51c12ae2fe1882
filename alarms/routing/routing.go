package routing

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/pipeline"
)

// Destinations returns the names of the destinations that an alarm of a severity and
// an owner goes to at a time: those of every route that matches and is open,
// each once, in the order of the routes.
func Destinations(r pipeline.Routing, severity, owner string, at time.Time) []string {
	working := Working(r, at)
	return matching(r, severity, owner, func(when string) bool {
		return when == pipeline.WhenWorking && working || when == pipeline.WhenOffHours && !working || when == pipeline.WhenAlways
	})
}

// AtAnyHour returns the destinations that such an alarm may have gone to.
func AtAnyHour(r pipeline.Routing, severity, owner string) []string {
	return matching(r, severity, owner, func(string) bool { return true })
}

func matching(r pipeline.Routing, severity, owner string, open func(when string) bool) []string {
	var names []string
	for _, route := range r.Routes {
		if route.Severity != severity || route.Owner != "" && route.Owner != owner || !open(route.When) {
			continue
		}
		for _, name := range route.To {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// Working reports whether a time is within the working hours: by the clock on
// the wall in their time zone, on a working day that is no holiday.
func Working(r pipeline.Routing, at time.Time) bool {
	at = at.In(location(r.TimeZone))
	day := strings.ToLower(at.Weekday().String()[:3])
	if !slices.Contains(r.WorkingDays, day) || slices.Contains(r.Holidays, at.Format(time.DateOnly)) {
		return false
	}
	clock := at.Format("15:04")
	return r.WorkingFrom <= clock && clock < r.WorkingTo // as texts: 24:00 is after all of them
}

// locations keeps time zones by name, as [time.LoadLocation] reads a file each
// time. There are as many as the descriptions of pipelines name: one, but for
// tests.
var locations sync.Map

func location(zone string) *time.Location {
	if known, ok := locations.Load(zone); ok {
		return known.(*time.Location) //nolint:forcetypeassert // nothing else is put there
	}
	l, err := time.LoadLocation(zone)
	if err != nil {
		return time.UTC // pipeline.Parse takes known zones only
	}
	locations.Store(zone, l)
	return l
}
