package simulator_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/simulator"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

func TestRun_Reasons(t *testing.T) {
	for name, c := range map[string]struct {
		metric alarms.Metric
		values string
		want   []string
	}{
		"one datapoint": {
			alarms.Metric{Threshold: 5},
			"12 5",
			[]string{
				"Threshold Crossed: 1 out of the last 1 datapoints [12.0 (02/03/26 10:32:00)] was greater than the threshold (5.0) (minimum 1 datapoint for OK -> ALARM transition).",
				"Threshold Crossed: 1 out of the last 1 datapoints [5.0 (02/03/26 10:33:00)] was not greater than the threshold (5.0) (minimum 1 datapoint for ALARM -> OK transition).",
			},
		},
		"several": {
			alarms.Metric{Threshold: 5, Comparison: alarms.AtLeast, Periods: 3, Datapoints: 2, Missing: alarms.MissingMissing},
			"1 7 8 1 1",
			[]string{
				"Threshold Crossed: 1 out of the last 1 datapoints [1.0 (02/03/26 10:32:00)] was not greater than or equal to the threshold (5.0) (minimum 2 datapoints for ALARM -> OK transition).",
				"Threshold Crossed: 2 out of the last 3 datapoints [8.0 (02/03/26 10:34:00), 7.0 (02/03/26 10:33:00)] were greater than or equal to the threshold (5.0) (minimum 2 datapoints for OK -> ALARM transition).",
				"Threshold Crossed: 2 out of the last 3 datapoints [1.0 (02/03/26 10:36:00), 1.0 (02/03/26 10:35:00)] were not greater than or equal to the threshold (5.0) (minimum 2 datapoints for ALARM -> OK transition).",
			},
		},
		"no data": {
			alarms.Metric{Threshold: 5, Missing: alarms.MissingMissing, Periods: 3, Datapoints: 1},
			"9 - - - - -",
			[]string{
				"Threshold Crossed: 1 out of the last 1 datapoints [9.0 (02/03/26 10:32:00)] was greater than the threshold (5.0) (minimum 1 datapoint for OK -> ALARM transition).",
				"Insufficient Data: 3 datapoints were unknown.",
			},
		},
		"no data is bad": {
			alarms.Metric{Threshold: 5, Comparison: alarms.Below, Missing: alarms.MissingBreaching, Periods: 2},
			"7 7 - - -",
			[]string{
				"Threshold Crossed: 1 out of the last 1 datapoints [7.0 (02/03/26 10:32:00)] was not less than the threshold (5.0) (minimum 1 datapoint for ALARM -> OK transition).",
			},
		},
		"no data at all is bad": {
			alarms.Metric{Threshold: 5, Comparison: alarms.Below, Missing: alarms.MissingBreaching, Periods: 2},
			"-",
			[]string{"Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching]."},
		},
		"no data at all is good": {
			alarms.Metric{Threshold: 5},
			"-",
			[]string{"Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching]."},
		},
		"some data is missing": {
			alarms.Metric{Threshold: 5, Missing: alarms.MissingBreaching, Periods: 3, Datapoints: 2},
			"9 1",
			[]string{
				"Threshold Crossed: 1 out of the last 1 datapoints [9.0 (02/03/26 10:32:00)] was greater than the threshold (5.0) and 2 missing datapoints were treated as [Breaching] (minimum 2 datapoints for OK -> ALARM transition).",
			},
		},
		"only good by what is missing": {
			alarms.Metric{Threshold: 5, Periods: 2},
			"9",
			[]string{"Threshold Crossed: 1 missing datapoint was treated as [NonBreaching] (minimum 1 datapoint for ALARM -> OK transition)."},
		},
		"numbers": {
			alarms.Metric{Threshold: 0.00025, Comparison: alarms.AtMost, Expression: "m1 / 3"},
			"30000000 0.0001",
			[]string{
				"Threshold Crossed: 1 out of the last 1 datapoints [1.0E7 (02/03/26 10:32:00)] was not less than or equal to the threshold (2.5E-4) (minimum 1 datapoint for ALARM -> OK transition).",
				"Threshold Crossed: 1 out of the last 1 datapoints [3.3333333333333335E-5 (02/03/26 10:33:00)] was less than or equal to the threshold (2.5E-4) (minimum 1 datapoint for OK -> ALARM transition).",
			},
		},
		"band": {
			alarms.Metric{Comparison: alarms.OutsideBand, BandWidth: 2},
			"5 1 20",
			[]string{
				"Thresholds Crossed: 1 out of the last 1 datapoints [5.0 (02/03/26 10:32:00)] was not less than the lower threshold [3.0] or greater than the upper threshold [7.0] (minimum 1 datapoint for ALARM -> OK transition).",
				"Thresholds Crossed: 1 out of the last 1 datapoints [1.0 (02/03/26 10:33:00)] was less than the lower threshold [3.0] or greater than the upper threshold [7.0] (minimum 1 datapoint for OK -> ALARM transition).",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			requests := metric("Requests")
			r := simulate(t, history(t, requests, c.values), simulator.Config{
				Alarms: []alarms.Alarm{on("a", c.metric, requests)},
				Band: func(_ signal.Signal, _ time.Duration, width float64, _ time.Time) (float64, float64, bool) {
					return 5 - width, 5 + width, true
				},
			})
			var got []string
			for _, change := range r.Changes {
				got = append(got, change.Reason)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRun_CompositeReasons: the alarm that changed is named, by its name, and a
// notice that came late has the reason of the change.
func TestRun_CompositeReasons(t *testing.T) {
	h, all := scene(map[string]string{"a": "..X...", "b": "......"})
	all[0].Name = "prod-orders-a"
	for i := range all {
		all[i].Metric.Missing = alarms.MissingIgnore
	}
	all = append(all, alarms.Alarm{Key: "composite", Composite: &alarms.Composite{Rule: alarms.Any("a", "b"), Suppressor: "b"}})
	r := simulate(t, h, simulator.Config{Alarms: all, States: map[string]alarms.State{"a": alarms.StateOK, "b": alarms.StateOK}})
	var got []string
	for _, c := range r.Changes {
		if c.Key == "composite" {
			got = append(got, c.From.String()+" -> "+c.To.String()+": "+c.Reason)
		}
	}
	for _, n := range r.Notices {
		got = append(got, n.At.Format("15:04")+" "+n.State.String()+": "+n.Reason)
	}
	want := []string{
		"INSUFFICIENT_DATA -> OK: composite was created and its alarm rule evaluates to OK",
		"OK -> ALARM: prod-orders-a transitioned to ALARM at Monday 02 March, 2026 10:35:00 UTC",
		"ALARM -> OK: prod-orders-a transitioned to OK at Monday 02 March, 2026 10:36:00 UTC",
		"10:38 OK: prod-orders-a transitioned to OK at Monday 02 March, 2026 10:36:00 UTC",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestRun_Values: a change has the newest datapoint that there was.
func TestRun_Values(t *testing.T) {
	requests := metric("Requests")
	h := history(t, requests, "9 - - -")
	r := simulate(t, h, simulator.Config{Alarms: []alarms.Alarm{on("a", alarms.Metric{Threshold: 5, Missing: alarms.MissingMissing}, requests)}})
	want := []simulator.Change{
		{At: start.Add(time.Minute), Key: "a", To: alarms.StateAlarm, Value: 9, HasValue: true, Reason: r.Changes[0].Reason},
		{At: start.Add(4 * time.Minute), Key: "a", From: alarms.StateAlarm, Reason: "Insufficient Data: 1 datapoint was unknown."},
	}
	if diff := cmp.Diff(want, r.Changes); diff != "" {
		t.Error(diff)
	}
}
