package routing_test

import (
	"fmt"
	"time"

	"github.com/tracehaul/tracehaul/alarms/routing"
	"github.com/tracehaul/tracehaul/pipeline"
)

func ExampleDestinations() {
	r := pipeline.Routing{
		TimeZone: "Europe/Berlin", WorkingDays: []string{"mon", "tue", "wed", "thu", "fri"}, WorkingFrom: "09:00", WorkingTo: "17:30",
		Holidays: []string{"2026-12-24"},
		Routes: []pipeline.Route{
			{Severity: pipeline.SeverityPage, When: pipeline.WhenAlways, To: []string{"on-call", "team"}},
			{Severity: pipeline.SeverityTicket, When: pipeline.WhenWorking, To: []string{"team"}},
			{Severity: pipeline.SeverityTicket, When: pipeline.WhenOffHours, To: []string{"backlog"}},
		},
	}
	for _, at := range []time.Time{
		time.Date(2026, 10, 23, 7, 30, 0, 0, time.UTC), // 09:30 in summer time
		time.Date(2026, 10, 26, 7, 30, 0, 0, time.UTC), // 08:30 in winter time
		time.Date(2026, 12, 24, 12, 0, 0, 0, time.UTC), // a holiday
	} {
		fmt.Println(at.Format(time.DateOnly), routing.Destinations(r, pipeline.SeverityPage, "team-orders", at), routing.Destinations(r, pipeline.SeverityTicket, "team-orders", at))
	}
	// Output:
	// 2026-10-23 [on-call team] [team]
	// 2026-10-26 [on-call team] [backlog]
	// 2026-12-24 [on-call team] [backlog]
}
