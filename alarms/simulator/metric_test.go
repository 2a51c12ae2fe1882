package simulator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// TestRun_States has small histories with the states that an alarm goes through.
func TestRun_States(t *testing.T) {
	for name, c := range map[string]struct {
		metric alarms.Metric
		values string
		want   string
	}{
		// "Evaluating an alarm": 3 of 3 above a threshold of 3. The figure has the
		// alarm on from the third period to the fifth.
		"figure": {
			alarms.Metric{Threshold: 3, Periods: 3, Missing: alarms.MissingMissing},
			"4 5 6 5 4 2 1 2 5 3", "??AAAOOOOO",
		},
		"m out of n": {
			alarms.Metric{Threshold: 3, Periods: 5, Datapoints: 3, Missing: alarms.MissingMissing},
			"0 4 0 4 0 4 0 0 4 4", "OOOOOAOOOA",
		},
		"defaults: one minute, missing data is good": {alarms.Metric{Threshold: 3}, "4 3 4 - - - -", "AOAAAOO"},
		"missing data is bad after the range":        {alarms.Metric{Threshold: 3, Missing: alarms.MissingBreaching}, "1 - - - 1", "OOOAO"},
		"missing data is ignored":                    {alarms.Metric{Threshold: 3, Missing: alarms.MissingIgnore}, "4 - - - - 1 - - -", "AAAAAOOOO"},
		"missing data is missing":                    {alarms.Metric{Threshold: 3, Missing: alarms.MissingMissing}, "4 - - - 1 - - -", "AAA?OOO?"},
		"at least":                                   {alarms.Metric{Threshold: 3, Comparison: alarms.AtLeast}, "2 3 4", "OAA"},
		"below":                                      {alarms.Metric{Threshold: 3, Comparison: alarms.Below}, "2 3 4", "AOO"},
		"at most":                                    {alarms.Metric{Threshold: 3, Comparison: alarms.AtMost}, "2 3 4", "AAO"},
		// "at the end of minute 5 the alarm evaluates based on data from minutes 1 to
		// 5. Then at the end of minute 6 ... from minutes 2 to 6"
		"sliding period": {alarms.Metric{Threshold: 10, Period: 5 * time.Minute}, "0 0 9 0 0 2 0 0 1 0", "OOOOOAAOOO"},
		"sliding periods": {
			alarms.Metric{Threshold: 2, Period: 2 * time.Minute, Periods: 2, Missing: alarms.MissingMissing},
			"0 0 2 2 2 2 0 0", "OOOOOAOO",
		},
		"expression of the range": {
			alarms.Metric{Expression: "RATE(m1) * 60", Threshold: 5, Missing: alarms.MissingMissing},
			"0 1 9 10 - 22", "?OAOOA",
		},
		"expression of the minute": {
			alarms.Metric{Expression: "IF(m1 > 5, 100 / m1, 0)", Threshold: 9},
			"1 10 20 6", "OAOA",
		},
	} {
		t.Run(name, func(t *testing.T) {
			requests := metric("Requests")
			h := history(t, requests, c.values)
			r := simulate(t, h, simulator.Config{Alarms: []alarms.Alarm{on("a", c.metric, requests)}})
			if got := states(r, h, "a"); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.values, got, c.want)
			}
		})
	}
}

// TestRun_Delay: what came within the delay cannot be seen.
func TestRun_Delay(t *testing.T) {
	for name, c := range map[string]struct {
		delay  time.Duration
		metric alarms.Metric
		values string
		want   string
	}{
		"none":               {0, alarms.Metric{Threshold: 3}, "0 4 0 0 0", "OAOOO"},
		"a part of a minute": {time.Second, alarms.Metric{Threshold: 3}, "0 4 0 0 0", "OOAOO"},
		"two minutes":        {2 * time.Minute, alarms.Metric{Threshold: 3}, "0 4 0 0 0", "OOOAO"},
		"beyond the range": {
			3 * time.Minute, alarms.Metric{Threshold: 3, Missing: alarms.MissingMissing}, "0 4 0 0 0", "?????",
		},
		"part of a period": {
			2 * time.Minute, alarms.Metric{Threshold: 3, Period: 3 * time.Minute}, "0 4 0 0 0 0 0 0", "OOOAOOOO",
		},
		"filled: the newest is never seen": {
			time.Minute, alarms.Metric{Threshold: 3, Expression: "FILL(m1, 0)"}, "0 4 4 4 4", "OOOOO",
		},
		"filled: out of m of n": {
			time.Minute, alarms.Metric{Threshold: 3, Expression: "FILL(m1, 0)", Periods: 3, Datapoints: 2}, "0 4 4 4 4", "OOOAA",
		},
		"of the range": {
			time.Minute, alarms.Metric{Threshold: 3, Expression: "FILL(m1, REPEAT)"}, "0 4 0 4 4", "OOAOA",
		},
	} {
		t.Run(name, func(t *testing.T) {
			requests := metric("Requests")
			h := history(t, requests, c.values)
			r := simulate(t, h, simulator.Config{Delay: c.delay, Alarms: []alarms.Alarm{on("a", c.metric, requests)}})
			if got := states(r, h, "a"); got != c.want {
				t.Errorf("%s\n got %s\nwant %s", c.values, got, c.want)
			}
		})
	}
}

// TestRun_DefaultTreatment_IsWhatGapsMean: as the doc of alarms.Metric says.
func TestRun_DefaultTreatment_IsWhatGapsMean(t *testing.T) {
	for absent, want := range map[signal.Absent]string{
		signal.AbsentFault: "AAA", signal.AbsentIdle: "OOO", signal.AbsentNothing: "OOO",
	} {
		s := metric("Hosts")
		s.Absent = absent
		h := simulator.NewHistory(start, 3)
		r := simulate(t, h, simulator.Config{Alarms: []alarms.Alarm{on("a", alarms.Metric{Comparison: alarms.Below, Threshold: 1}, s)}})
		if got := states(r, h, "a"); got != want {
			t.Errorf("a gap that means %d: %s, want %s", absent, got, want)
		}
	}
}

// TestRun_FewSamples: "if there were fewer than 1000 samples for an alarm on a p99
// percentile" the state is kept.
func TestRun_FewSamples(t *testing.T) {
	latency := metric("Latency").With("p99")
	h := simulator.NewHistory(start, 6)
	for minute, count := range []float64{1000, 999, 1000, 500, 500, 499} {
		slow := 0.1
		if minute > 0 {
			slow = 9
		}
		h.Set(latency.Metric, minute, simulator.Samples{Count: count, Sum: count * slow, Min: slow, Max: slow})
	}
	for periods, want := range map[int]string{1: "OOAAAA", 2: "OAAAAA"} {
		m := alarms.Metric{Threshold: 1, Periods: periods, Datapoints: 1, IgnoreFewSamples: true}
		r := simulate(t, h, simulator.Config{Alarms: []alarms.Alarm{on("a", m, latency)}})
		if got := states(r, h, "a"); got != want {
			t.Errorf("%d periods: %s, want %s", periods, got, want)
		}
	}
	silent := simulator.NewHistory(start, 3)
	m := alarms.Metric{Threshold: 1, IgnoreFewSamples: true}
	r := simulate(t, silent, simulator.Config{
		Alarms: []alarms.Alarm{on("a", m, latency.With("p10"))}, States: map[string]alarms.State{"a": alarms.StateAlarm},
	})
	if got := states(r, silent, "a"); got != "AAA" {
		t.Errorf("without samples: %s, want AAA", got)
	}
}

// TestRun_Band: comparisons with a band, of a model that knows the second half.
func TestRun_Band(t *testing.T) {
	requests := metric("Requests")
	values := "0 50 200 0 50 200"
	h := history(t, requests, values)
	normal := func(s signal.Signal, period time.Duration, width float64, at time.Time) (float64, float64, bool) {
		if s.ID != requests.ID || period != time.Minute {
			t.Errorf("the band of %s for %v was asked for", s.ID, period)
		}
		return 50 - 10*width, 50 + 10*width, at.Sub(start) >= 3*time.Minute
	}
	for comparison, want := range map[alarms.Comparison]string{
		alarms.OutsideBand: "???AOA", alarms.AboveBand: "???OOA", alarms.BelowBand: "???AOO",
	} {
		for _, expression := range []string{"", "FILL(m1, 0)"} {
			m := alarms.Metric{Comparison: comparison, BandWidth: 2, Expression: expression, Missing: alarms.MissingMissing}
			c := simulator.Config{Alarms: []alarms.Alarm{on("a", m, requests)}, Band: normal}
			if got := states(simulate(t, h, c), h, "a"); got != want {
				t.Errorf("%v: %s, want %s", comparison, got, want)
			}
			c.Band = nil
			if got := states(simulate(t, h, c), h, "a"); strings.Trim(got, "?") != "" {
				t.Errorf("%v without a model: %s", comparison, got)
			}
		}
	}
}

// TestRun_Notices: each change into OK and ALARM has a notice, the first one too.
func TestRun_Notices(t *testing.T) {
	requests := metric("Requests")
	h := history(t, requests, "1 4 4 1 - - - 4")
	a := on("a", alarms.Metric{Threshold: 3, Missing: alarms.MissingMissing}, requests)
	silent := a
	silent.Key, silent.Notify = "silent", alarms.NotifyNobody
	r := simulate(t, h, simulator.Config{Alarms: []alarms.Alarm{a, silent}})
	if got, want := notices(r, h, "a"), "0 OK, 1 ALARM, 3 OK, 7 ALARM"; got != want {
		t.Errorf("notices %s, want %s", got, want)
	}
	if got := notices(r, h, "silent"); got != "" {
		t.Errorf("notices %s of an alarm that nobody hears of", got)
	}
	if a, silent := states(r, h, "a"), states(r, h, "silent"); a != "OAAOOO?A" || silent != a {
		t.Errorf("states %s and %s, want OAAOOO?A", a, silent)
	}
}

func TestRun_StatesAtTheBeginning(t *testing.T) {
	requests := metric("Requests")
	h := history(t, requests, "1 4")
	r := simulate(t, h, simulator.Config{
		Alarms: []alarms.Alarm{on("a", alarms.Metric{Threshold: 3}, requests)}, States: map[string]alarms.State{"a": alarms.StateOK},
	})
	if got, want := notices(r, h, "a"), "1 ALARM"; got != want {
		t.Errorf("notices %s, want %s", got, want)
	}
	if got := r.State("a", start.Add(-time.Hour)); got != alarms.StateOK {
		t.Errorf("before the start: %v, want OK", got)
	}
	if got := r.State("unknown", start); got != alarms.StateInsufficientData {
		t.Errorf("of an unknown alarm: %v", got)
	}
}

// TestRun_MultiDay: an alarm over more than a day is evaluated once an hour, over
// what was until the full hour. ("Alarm evaluation", CloudWatch user guide.)
func TestRun_MultiDay(t *testing.T) {
	failures := metric("Failures")
	h := simulator.NewHistory(monday.Add(8*time.Hour+30*time.Minute), 240) // from 8:30 to 12:30
	h.Set(failures.Metric, 92, simulator.One(1))                           // at 10:02
	h.Set(failures.Metric, 149, simulator.One(7))                          // at 10:59
	for delay, want := range map[time.Duration]map[string]string{
		0:               {"one day": "0 OK, 92 ALARM", "three days": "32 OK, 152 ALARM", "eight in three days": "32 OK, 152 ALARM"},
		3 * time.Minute: {"one day": "0 OK, 95 ALARM", "three days": "32 OK, 152 ALARM", "eight in three days": "32 OK, 152 ALARM"},
		// What came in the last minute before 11:00 cannot be seen at 11:03.
		4 * time.Minute: {"one day": "0 OK, 96 ALARM", "three days": "32 OK, 152 ALARM", "eight in three days": "32 OK, 212 ALARM"},
	} {
		r := simulate(t, h, simulator.Config{Delay: delay, Alarms: []alarms.Alarm{
			on("one day", alarms.Metric{Period: 24 * time.Hour}, failures),
			on("three days", alarms.Metric{Period: 72 * time.Hour}, failures),
			on("eight in three days", alarms.Metric{Period: 72 * time.Hour, Threshold: 7}, failures),
		}})
		for key, want := range want {
			if got := notices(r, h, key); got != want {
				t.Errorf("%s with a delay of %v: %s, want %s", key, delay, got, want)
			}
		}
	}
}

func TestRun_MultiDay_ReasonHasTheTimesOfItsPeriods(t *testing.T) {
	failures := metric("Failures")
	h := simulator.NewHistory(monday, 120)
	h.Set(failures.Metric, 5, simulator.One(2))
	r := simulate(t, h, simulator.Config{Alarms: []alarms.Alarm{on("days", alarms.Metric{Period: 48 * time.Hour}, failures)}})
	const want = "1 out of the last 1 datapoints [2.0 (28/02/26 01:00:00)] was greater than"
	if len(r.Changes) != 1 || !strings.Contains(r.Changes[0].Reason, want) {
		t.Errorf("changes %+v, want one because %s", r.Changes, want)
	}
}
