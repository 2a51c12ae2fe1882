package simulator_test

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/alarms/simulator"
)

// The history begins at 10:32: of the period from 10:30 on, two minutes are missing.
func TestHistory_Summary_PeriodsFromMidnight(t *testing.T) {
	requests := metric("Requests")
	h := history(t, requests, "1 2 3 - 5 6 7 - - - - - - 9")
	for _, c := range []struct {
		statistic string
		period    time.Duration
		from      time.Duration // before the start
		want      string
	}{
		{"Sum", 5 * time.Minute, 2 * time.Minute, "6 18 - 9"},
		{"Average", 5 * time.Minute, 2 * time.Minute, "2 6 - 9"},
		{"SampleCount", 5 * time.Minute, 2 * time.Minute, "3 3 - 1"},
		{"Minimum", 5 * time.Minute, 2 * time.Minute, "1 5 - 9"},
		{"Maximum", 5 * time.Minute, 2 * time.Minute, "3 7 - 9"},
		{"p50", 5 * time.Minute, 2 * time.Minute, "2 6 - 9"},
		{"PR(:2)", 5 * time.Minute, 2 * time.Minute, "66.7 0 - 0"},
		{"Sum", time.Minute, 0, "1 2 3 - 5 6 7 - - - - - - 9"},
		{"Sum", time.Hour, 32 * time.Minute, "33"},
		{"Sum", 7 * 24 * time.Hour, 4*24*time.Hour + 10*time.Hour + 32*time.Minute, "33"}, // since Thursday, as 1970 began
	} {
		from, values, err := h.Summary(requests.Metric, c.statistic, c.period)
		if err != nil {
			t.Errorf("%s of %v: %v", c.statistic, c.period, err)
			continue
		}
		if want := start.Add(-c.from); !from.Equal(want) {
			t.Errorf("%s of %v begins at %v, want %v", c.statistic, c.period, from, want)
		}
		if got := written(values); got != c.want {
			t.Errorf("%s of %v: got %s, want %s", c.statistic, c.period, got, c.want)
		}
	}
}

// written writes values to three digits, with - for none.
func written(values []float64) string {
	fields := make([]string, len(values))
	for i, x := range values {
		fields[i] = "-"
		if !math.IsNaN(x) {
			fields[i] = strconv.FormatFloat(x, 'g', 3, 64)
		}
	}
	return strings.Join(fields, " ")
}

func TestHistory_Summary_UnknownMetric_HasNoValues(t *testing.T) {
	h := history(t, metric("Requests"), "1 2")
	_, values, err := h.Summary(metric("Others").Metric, "p90", time.Minute)
	if err != nil || written(values) != "- -" {
		t.Errorf("got %v, %v", written(values), err)
	}
	_, values, err = simulator.NewHistory(start, 0).Summary(metric("Others").Metric, "Sum", time.Minute)
	if err != nil || len(values) != 0 {
		t.Errorf("of an empty history: got %v, %v", written(values), err)
	}
}

func TestHistory_Summary_WhatIsWrong_IsSaid(t *testing.T) {
	h := history(t, metric("Requests"), "1 2")
	for want, c := range map[string]struct {
		statistic string
		period    time.Duration
	}{
		`the statistic is "Total", want Sum`: {"Total", time.Minute},
		"the period is 30s: want a minute":   {"Sum", 30 * time.Second},
		"the period is 1m30s":                {"Sum", 90 * time.Second},
		"the period is -1m0s":                {"Sum", -time.Minute},
	} {
		if _, _, err := h.Summary(metric("Requests").Metric, c.statistic, c.period); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
