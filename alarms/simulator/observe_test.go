package simulator_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/simulator"
)

// CloudWatch is two minutes late for a while: the fault is seen, and over, as much
// later as it is then.
func TestRun_DelayThatVaries_IsThatOfTheEvaluation(t *testing.T) {
	requests := metric("Requests")
	h := history(t, requests, "1 9 9 1 1 1 9 1 1 1")
	r := simulate(t, h, simulator.Config{
		Alarms: []alarms.Alarm{on("a", alarms.Metric{Threshold: 3}, requests)},
		DelayAt: func(at time.Time) time.Duration {
			if at.Before(start.Add(6 * time.Minute)) {
				return 2 * time.Minute
			}
			return 0
		},
	})
	if got, want := states(r, h, "a"), "OOOAAOAOOO"; got != want {
		t.Errorf("the states are %s, want %s", got, want)
	}
}

func TestRun_Observe_TellsWhatEveryEvaluationSaw(t *testing.T) {
	requests := metric("Requests")
	h := history(t, requests, "9 1 - 9")
	var seen []string
	simulate(t, h, simulator.Config{
		Alarms: []alarms.Alarm{on("a", alarms.Metric{Threshold: 3, Periods: 3, Datapoints: 2, Missing: alarms.MissingBreaching}, requests)},
		Observe: func(e simulator.Evaluation) {
			seen = append(seen, fmt.Sprint(e.Key, " ", e.At.Sub(start), e.Values, " ", e.Breaching, "+", e.Filled))
		},
	})
	want := "a 1m0s [9] 1+2\na 2m0s [1 9] 1+1\na 3m0s [NaN 1 9] 1+1\na 4m0s [9 NaN 1 9] 2+0"
	if got := strings.Join(seen, "\n"); got != want {
		t.Errorf("seen:\n%s\nwant:\n%s", got, want)
	}
}
