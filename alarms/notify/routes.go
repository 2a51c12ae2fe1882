package notify

import (
	"slices"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/pipeline"
)

// Routes returns the names of the destinations that an alarm of a severity and
// an owner goes to at a time: those of every route that matches and is open,
// each once, in the order of the routes.
func Routes(r pipeline.Routing, severity, owner string, at time.Time) []string {
	working := Working(r, at)
	return destinations(r, severity, owner, func(when string) bool {
		return when == pipeline.WhenWorking && working || when == pipeline.WhenOffHours && !working || when == pipeline.WhenAlways
	})
}

// atAnyHour returns the destinations that such an alarm may have gone to.
func atAnyHour(r pipeline.Routing, severity, owner string) []string {
	return destinations(r, severity, owner, func(string) bool { return true })
}

func destinations(r pipeline.Routing, severity, owner string, open func(when string) bool) []string {
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
	zone, err := time.LoadLocation(r.TimeZone)
	if err != nil {
		zone = time.UTC // pipeline.Parse takes known zones only
	}
	at = at.In(zone)
	day := strings.ToLower(at.Weekday().String()[:3])
	if !slices.Contains(r.WorkingDays, day) || slices.Contains(r.Holidays, at.Format(time.DateOnly)) {
		return false
	}
	clock := at.Format("15:04")
	return r.WorkingFrom <= clock && clock < r.WorkingTo // as texts: 24:00 is after all of them
}
