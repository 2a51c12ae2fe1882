package simulator_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/alarms/simulator"
)

func TestHistory_Set_Clear_At(t *testing.T) {
	m := metric("Requests").Metric
	h := simulator.NewHistory(start.Add(29*time.Second), 3)
	if !h.Start().Equal(start) || h.Minutes() != 3 {
		t.Errorf("the history has %d minutes from %v, want 3 from %v", h.Minutes(), h.Start(), start)
	}
	h.Set(m, 1, simulator.One(5))
	h.Set(m, 3, simulator.One(5))
	h.Set(m, -1, simulator.One(5))
	h.Clear(m, 7)
	h.Clear(metric("Other").Metric, 1)
	if s, ok := h.At(m, 1); !ok || s.Sum != 5 || s.Count != 1 {
		t.Errorf("minute 1 has %+v, %v", s, ok)
	}
	for _, minute := range []int{-1, 0, 2, 3} {
		if s, ok := h.At(m, minute); ok {
			t.Errorf("minute %d has %+v", minute, s)
		}
	}
	h.Clear(m, 1)
	if s, ok := h.At(m, 1); ok {
		t.Errorf("minute 1 has %+v after Clear", s)
	}
	if got := simulator.NewHistory(start, -1).Minutes(); got != 0 {
		t.Errorf("a history of -1 minutes has %d", got)
	}
}

// TestHistory_Set_WhatCloudWatchRefuses_IsNoData: "values must be in the range of
// -2^360 to 2^360", and no special values. (PutMetricData.)
func TestHistory_Set_WhatCloudWatchRefuses_IsNoData(t *testing.T) {
	m := metric("Requests").Metric
	h := simulator.NewHistory(start, 1)
	for _, s := range []simulator.Samples{
		simulator.One(math.NaN()),
		simulator.One(math.Inf(1)),
		simulator.One(-3e108),
		{Sum: 5},
		{Count: -1, Sum: 5},
		{Count: math.Inf(1), Sum: 5},
		{Count: 1, Min: math.Inf(-1)},
		{Count: 1, Max: math.NaN()},
	} {
		h.Set(m, 0, simulator.One(1))
		h.Set(m, 0, s)
		if got, ok := h.At(m, 0); ok {
			t.Errorf("after %+v the minute has %+v", s, got)
		}
	}
	h.Set(m, 0, simulator.One(-2e108))
	if _, ok := h.At(m, 0); !ok {
		t.Error("-2e108 was not taken")
	}
}

func TestOne(t *testing.T) {
	if diff := cmp.Diff(simulator.Samples{Count: 1, Sum: 2, Min: 2, Max: 2}, simulator.One(2)); diff != "" {
		t.Error(diff)
	}
}
