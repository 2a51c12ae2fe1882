package routing_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/routing"
	"github.com/tracehaul/tracehaul/pipeline"
)

func prod(t *testing.T) *pipeline.Pipeline {
	t.Helper()
	p, err := pipeline.LoadEnvironment("../../pipeline/testdata/reference/tracehaul.yaml", "prod")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// byDay is a routing that pages for tickets, too, while people are at work, and
// has a pager of its own for the team of the ledger.
func byDay(p *pipeline.Pipeline) {
	p.Consumers[0].Owner = "team-ledger"
	p.Routing.Destinations["ledger-on-call"] = pipeline.Destination{Type: "pagerduty", Secret: "orders/ledger"}
	p.Routing.Routes = []pipeline.Route{
		{Severity: "page", When: pipeline.WhenAlways, To: []string{"on-call"}},
		{Severity: "page", Owner: "team-ledger", When: pipeline.WhenAlways, To: []string{"ledger-on-call"}},
		{Severity: "ticket", When: pipeline.WhenWorking, To: []string{"on-call"}},
		{Severity: "ticket", When: pipeline.WhenOffHours, To: []string{"team"}},
		{Severity: "notice", When: pipeline.WhenAlways, To: []string{"team"}},
	}
}

// heard is a kind of alarm, heard in working hours or outside of them.
type heard struct {
	severity, owner string
	working         bool
}

// Every alarm of the catalogue is routed at every quarter of an hour of a year,
// which has both changes of the clocks in either hemisphere. What working
// hours are is said here once more, by other means: by the minutes that have
// passed on the clock on the wall.
func TestDestinations_EveryAlarmAtEveryQuarterOfAYear_PagesAlwaysAndTicketsNeverAtNight(t *testing.T) {
	t.Parallel()
	none, team, onCall := []string(nil), []string{"team"}, []string{"on-call"}
	for name, c := range map[string]struct {
		change func(*pipeline.Pipeline)
		pagers map[heard][]string // nobody, unless it is there
	}{
		"prod": {func(*pipeline.Pipeline) {}, map[heard][]string{
			{"page", "team-orders", true}: onCall, {"page", "team-orders", false}: onCall,
		}},
		"tickets page by day": {byDay, map[heard][]string{
			{"page", "team-orders", true}: onCall, {"page", "team-orders", false}: onCall,
			{"page", "team-ledger", true}: {"on-call", "ledger-on-call"}, {"page", "team-ledger", false}: {"on-call", "ledger-on-call"},
			{"ticket", "team-orders", true}: onCall, {"ticket", "team-orders", false}: none,
			{"ticket", "team-ledger", true}: onCall, {"ticket", "team-ledger", false}: none,
		}},
	} {
		for _, zone := range []string{"Europe/Berlin", "America/New_York", "Australia/Sydney", "UTC"} {
			t.Run(name+" in "+zone, func(t *testing.T) {
				t.Parallel()
				p := prod(t)
				c.change(p)
				p.Routing.TimeZone = zone
				kinds := catalogue(t, p)
				eachQuarter(t, p.Routing, func(at time.Time, working bool) {
					for kind, alarm := range kinds {
						kind.working = working
						pagers, readers := route(p.Routing, kind, at)
						if !slices.Equal(pagers, c.pagers[kind]) {
							t.Fatalf("%v: %s (%s) pages %v, want %v", at, alarm, kind.severity, pagers, c.pagers[kind])
						}
						if len(pagers) == 0 && !slices.Equal(readers, team) { // it waits there
							t.Fatalf("%v: %s (%s) is read by %v, want %v", at, alarm, kind.severity, readers, team)
						}
					}
				})
			})
		}
	}
}

// catalogue is one alarm of each severity and owner in the catalogue.
func catalogue(t *testing.T, p *pipeline.Pipeline) map[heard]string {
	t.Helper()
	set, err := alarms.For(p)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[heard]string{}
	for _, a := range set.Alarms() {
		kinds[heard{severity: a.Severity, owner: a.Owner}] = a.Name
	}
	for _, severity := range pipeline.Severities() {
		if _, ok := kinds[heard{severity: severity, owner: p.Owner}]; !ok {
			t.Fatalf("no alarm of %s is a %s", p.Owner, severity)
		}
	}
	return kinds
}

// eachQuarter calls f for every quarter of an hour of a year, and checks the
// working hours.
func eachQuarter(t *testing.T, r pipeline.Routing, f func(at time.Time, working bool)) {
	t.Helper()
	zone, err := time.LoadLocation(r.TimeZone)
	if err != nil {
		t.Fatal(err)
	}
	quarters, changes, offset := 0, 0, 0
	end := time.Date(2027, 1, 1, 0, 0, 0, 0, zone)
	for at := time.Date(2026, 1, 1, 0, 0, 0, 0, zone); at.Before(end); at = at.Add(15 * time.Minute) {
		if _, now := at.Zone(); now != offset {
			offset = now
			changes++
		}
		minutes := at.Hour()*60 + at.Minute()
		working := at.Weekday() >= time.Monday && at.Weekday() <= time.Friday && minutes >= 9*60 && minutes < 17*60+30 &&
			!slices.Contains(r.Holidays, at.Format("2006-01-02"))
		if working {
			quarters++
		}
		if routing.Working(r, at.UTC()) != working {
			t.Fatalf("%v: working hours %t, want %t", at, !working, working)
		}
		f(at.UTC(), working)
	}
	// 261 weekdays, of which two are holidays: 2026-12-24 and -25.
	if want := 34 * (261 - 2); quarters != want {
		t.Errorf("%d quarters are working hours, want %d", quarters, want)
	}
	if r.TimeZone != "UTC" && changes != 3 || r.TimeZone == "UTC" && changes != 0 {
		t.Errorf("the clocks changed %d times", changes)
	}
}

func route(r pipeline.Routing, kind heard, at time.Time) (pagers, readers []string) {
	for _, name := range routing.Destinations(r, kind.severity, kind.owner, at) {
		if r.Destinations[name].Type == "slack" {
			readers = append(readers, name)
		} else {
			pagers = append(pagers, name)
		}
	}
	return pagers, readers
}

func TestDestinations_HoursOfRoutes(t *testing.T) {
	r := prod(t).Routing
	r.Routes = []pipeline.Route{
		{Severity: "ticket", When: pipeline.WhenWorking, To: []string{"day"}},
		{Severity: "ticket", When: pipeline.WhenOffHours, To: []string{"night"}},
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"2026-03-27 08:59": "night", "2026-03-27 09:00": "day", "2026-03-27 17:29": "day", "2026-03-27 17:30": "night",
		"2026-03-28 12:00": "night", // Saturday
		"2026-03-30 09:00": "day",   // the first working day of summer time: 07:00 UTC
		"2026-03-30 08:30": "night",
		"2026-10-26 09:00": "day", // of winter time: 08:00 UTC
		"2026-10-26 08:30": "night",
		"2026-12-24 12:00": "night", // holiday, a Thursday
		"2026-12-28 12:00": "day",
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", text, berlin)
		if err != nil {
			t.Fatal(err)
		}
		if got := routing.Destinations(r, "ticket", "team-orders", at.UTC()); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
}

func TestDestinations_OwnersAndOrder(t *testing.T) {
	r := pipeline.Routing{TimeZone: "UTC", Routes: []pipeline.Route{
		{Severity: "page", When: pipeline.WhenAlways, To: []string{"b", "a"}},
		{Severity: "page", Owner: "team-x", When: pipeline.WhenAlways, To: []string{"x", "a"}},
		{Severity: "notice", When: pipeline.WhenAlways, To: []string{"n"}},
	}}
	for owner, want := range map[string][]string{"team-x": {"b", "a", "x"}, "team-y": {"b", "a"}, "": {"b", "a"}} {
		if got := routing.Destinations(r, "page", owner, time.Date(2026, 3, 25, 10, 0, 0, 0, time.UTC)); !slices.Equal(got, want) {
			t.Errorf("owner %q: %v, want %v", owner, got, want)
		}
	}
}

func TestDestinations_WholeDays_EndAtMidnight(t *testing.T) {
	r := pipeline.Routing{TimeZone: "UTC", WorkingDays: []string{"wed"}, WorkingFrom: "00:00", WorkingTo: "24:00"}
	wednesday := time.Date(2026, 3, 25, 0, 0, 0, 0, time.UTC)
	for after, want := range map[time.Duration]bool{-time.Second: false, 0: true, 24*time.Hour - time.Second: true, 24 * time.Hour: false} {
		if got := routing.Working(r, wednesday.Add(after)); got != want {
			t.Errorf("%v after midnight: %t", after, got)
		}
	}
}
