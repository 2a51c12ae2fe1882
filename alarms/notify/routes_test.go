package notify_test

import (
	"slices"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms/notify"
	"github.com/tracehaul/tracehaul/pipeline"
)

func prod(t *testing.T) *pipeline.Pipeline {
	t.Helper()
	p, err := pipeline.LoadEnvironment("../../tracehaul.yaml", "prod")
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Two years have both changes of the clocks four times in each hemisphere. What
// working hours are is said here once more, by other means: by the minutes that
// have passed on the clock on the wall.
func TestRoutes_EveryQuarterOfTwoYears_PagesAlwaysAndTicketsNeverAtNight(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"Europe/Berlin", "America/New_York", "Australia/Sydney", "UTC"} {
		t.Run(zone, func(t *testing.T) {
			t.Parallel()
			p := prod(t)
			r := p.Routing
			r.TimeZone = zone
			location, err := time.LoadLocation(zone)
			if err != nil {
				t.Fatal(err)
			}
			working, changes, offset := 0, 0, 0
			end := time.Date(2028, 1, 1, 0, 0, 0, 0, location)
			for at := time.Date(2026, 1, 1, 0, 0, 0, 0, location); at.Before(end); at = at.Add(15 * time.Minute) {
				local := at.In(location)
				if _, now := local.Zone(); now != offset {
					offset = now
					changes++
				}
				minutes := local.Hour()*60 + local.Minute()
				open := local.Weekday() >= time.Monday && local.Weekday() <= time.Friday && minutes >= 9*60 && minutes < 17*60+30 &&
					!slices.Contains(r.Holidays, local.Format("2006-01-02"))
				if open {
					working++
				}
				if notify.Working(r, at) != open {
					t.Fatalf("%v: working hours %t, want %t", local, !open, open)
				}
				checkRoutes(t, r, at)
			}
			// 522 weekdays, of which three are holidays: 2026-12-24 and -25, and 2027-01-01.
			if want := 34 * (522 - 3); working != want {
				t.Errorf("%d quarters are working hours, want %d", working, want)
			}
			if want := map[string]int{"UTC": 0}[zone]; zone == "UTC" && changes != want || zone != "UTC" && changes < 5 {
				t.Errorf("the clocks changed %d times", changes)
			}
		})
	}
}

func checkRoutes(t *testing.T, r pipeline.Routing, at time.Time) {
	t.Helper()
	pages := func(severity string) (slack, pagers int) {
		for _, name := range notify.Routes(r, severity, "team-orders", at) {
			if r.Destinations[name].Type == "slack" {
				slack++
			} else {
				pagers++
			}
		}
		return slack, pagers
	}
	if _, pagers := pages(pipeline.SeverityPage); pagers == 0 {
		t.Fatalf("%v: a page reaches nobody who is on call", at)
	}
	for _, severity := range []string{pipeline.SeverityTicket, pipeline.SeverityNotice} {
		slack, pagers := pages(severity)
		if pagers > 0 {
			t.Fatalf("%v: a %s pages somebody", at, severity)
		}
		if slack != 1 { // at any hour: it waits there
			t.Fatalf("%v: a %s reaches %d channels, want 1", at, severity, slack)
		}
	}
}

func TestRoutes_HoursOfRoutes(t *testing.T) {
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
		if got := notify.Routes(r, "ticket", "team-orders", at.UTC()); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
}

func TestRoutes_OwnersAndOrder(t *testing.T) {
	r := pipeline.Routing{TimeZone: "UTC", Routes: []pipeline.Route{
		{Severity: "page", When: pipeline.WhenAlways, To: []string{"b", "a"}},
		{Severity: "page", Owner: "team-x", When: pipeline.WhenAlways, To: []string{"x", "a"}},
		{Severity: "notice", When: pipeline.WhenAlways, To: []string{"n"}},
	}}
	for owner, want := range map[string][]string{"team-x": {"b", "a", "x"}, "team-y": {"b", "a"}, "": {"b", "a"}} {
		if got := notify.Routes(r, "page", owner, began); !slices.Equal(got, want) {
			t.Errorf("owner %q: %v, want %v", owner, got, want)
		}
	}
}

func TestRoutes_WholeDays_EndAtMidnight(t *testing.T) {
	r := pipeline.Routing{TimeZone: "UTC", WorkingDays: []string{"wed"}, WorkingFrom: "00:00", WorkingTo: "24:00"}
	wednesday := time.Date(2026, 3, 25, 0, 0, 0, 0, time.UTC)
	for after, want := range map[time.Duration]bool{-time.Second: false, 0: true, 24*time.Hour - time.Second: true, 24 * time.Hour: false} {
		if got := notify.Working(r, wednesday.Add(after)); got != want {
			t.Errorf("%v after midnight: %t", after, got)
		}
	}
}
