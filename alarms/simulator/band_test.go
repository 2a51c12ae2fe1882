package simulator_test

import (
	"math"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/simulator"
)

// weeks is a history of requests that come and go with the day, fewer at weekends.
func weeks(n int) *simulator.History {
	h := simulator.NewHistory(monday, n*7*24*60)
	for minute := range h.Minutes() {
		at := monday.Add(time.Duration(minute) * time.Minute)
		x := 1000 + 500*math.Sin(2*math.Pi*float64(at.Hour())/24) + float64(minute%11)
		if day := at.Weekday(); day == time.Saturday || day == time.Sunday {
			x /= 4
		}
		h.Set(metric("Requests").Metric, minute, simulator.Samples{Count: x, Sum: x, Min: 1, Max: 1})
	}
	return h
}

func TestLearnBand_KnowsHoursWeekendsAndPeriods(t *testing.T) {
	band := simulator.LearnBand(weeks(2))
	requests := metric("Requests")
	for name, c := range map[string]struct {
		period time.Duration
		at     time.Time
		want   float64
	}{
		"Tuesday, 6:00":          {time.Minute, monday.Add(30 * time.Hour), 1505},
		"Tuesday, 18:00":         {time.Minute, monday.Add(42 * time.Hour), 505},
		"Sunday, 6:00":           {time.Minute, monday.Add(-18 * time.Hour), 1505.0 / 4},
		"Tuesday, 6:00, 5 times": {5 * time.Minute, monday.Add(30 * time.Hour), 5 * 1505},
	} {
		lower, upper, ok := band(requests, c.period, 3, c.at)
		if !ok || lower >= c.want || upper <= c.want || upper-lower > c.want/5 {
			t.Errorf("%s: %v to %v, %v, want a band around %v", name, lower, upper, ok, c.want)
		}
		narrow, _, _ := band(requests, c.period, 1, c.at)
		if narrow <= lower {
			t.Errorf("%s: the band of one deviation begins at %v, of three at %v", name, narrow, lower)
		}
	}
}

func TestLearnBand_TooLittleKnown_IsNoBand(t *testing.T) {
	h := simulator.NewHistory(monday, 29)
	for minute := range 29 {
		h.Set(metric("Requests").Metric, minute, simulator.One(1))
	}
	band := simulator.LearnBand(h)
	if lower, upper, ok := band(metric("Requests"), time.Minute, 2, monday); ok {
		t.Errorf("29 datapoints gave a band from %v to %v", lower, upper)
	}
	if _, _, ok := band(metric("Requests").With("IQM"), time.Minute, 2, monday); ok {
		t.Error("an unknown statistic has a band")
	}
	if _, _, ok := band(metric("Requests"), time.Second, 2, monday); ok {
		t.Error("a period of a second has a band")
	}
}

// TestRun_LearntBand_FindsTheGap: far fewer requests than at that hour on other
// days.
func TestRun_LearntBand_FindsTheGap(t *testing.T) {
	requests := metric("Requests")
	h := weeks(1)
	outage := 30 * 60 // on Tuesday, 6:00
	for minute := outage; minute < outage+60; minute++ {
		h.Clear(requests.Metric, minute)
	}
	volume := on("volume", alarms.Metric{
		Expression: "FILL(m1, 0)", Comparison: alarms.BelowBand, BandWidth: 4, Period: 5 * time.Minute, Periods: 4, Datapoints: 3,
	}, requests)
	r := simulate(t, h, simulator.Config{
		Alarms: []alarms.Alarm{volume}, States: map[string]alarms.State{"volume": alarms.StateOK}, Band: simulator.LearnBand(weeks(2)),
	})
	if got, want := notices(r, h, "volume"), "1810 ALARM, 1869 OK"; got != want { // a minute of five is enough
		t.Errorf("notices %s, want %s", got, want)
	}
}
