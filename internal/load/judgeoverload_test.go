//go:build unix

package main

import (
	"math"
	"strings"
	"testing"
	"time"
)

// second is what was seen of a second in which so much was accepted and
// refused, in so much processor time.
func second(ok, shed int, cpu float64) figures {
	return figures{
		seconds: 1, counts: [answers]int{accepted: ok, overloaded: shed},
		seen: watched{samples: []sample{{at: time.Unix(0, 0)}, {at: time.Unix(1, 0), service: usage{cpu: time.Duration(cpu * float64(time.Second))}}}},
	}
}

func TestModel_CostsAreKnown_FindsThemAndWhatIsPossible(t *testing.T) {
	const e, r = 50e-6, 20e-6
	all := []load{{1, second(5000, 0, 5000*2*e)}, {2, second(10_000, 0, 10_000*e)}, {4, second(5000, 15_000, 5000*e+15_000*r)}}
	m, ok := newModel(all, second(1000, 20_000, 1000*e+20_000*r))
	if !ok || math.Abs(m.event-e) > 1e-9 || math.Abs(m.refusal-r) > 1e-9 {
		t.Errorf("%v, %+v", ok, m)
	}
	for k, want := range map[int]float64{1: 10_000, 2: 10_000. / 3, 3: 0, 4: 0} { // (e - k r)/(e - r), with C of 10,000 events
		if got := m.best(second(0, k*10_000, 10_000*e)); math.Abs(got-want) > 1 {
			t.Errorf("at %d times the knee %.0f are possible, want %.0f", k, got, want)
		}
	}
}

func TestJudgeOverload_WhatCollapses_IsFound(t *testing.T) {
	const e, r = 50e-6, 20e-6
	cost := func(ok, shed int) figures { return second(ok, shed, float64(ok)*e+float64(shed)*r) }
	knee, refusing := cost(10_000, 0), cost(1000, 20_000)
	healthy := []load{{1, knee}, {2, cost(5000, 15_000)}, {4, cost(4000, 30_000)}, {2, cost(4800, 15_000)}, {1, cost(9000, 1000)}}
	with := func(i int, f figures) []load {
		changed := append([]load(nil), healthy...)
		changed[i].figures = f
		return changed
	}
	for name, tc := range map[string]struct {
		all      []load
		refusing figures
		failed   string // what the check that fails begins with
	}{
		"healthy":                  {healthy, refusing, ""},
		"less of the machine":      {with(2, cost(1000, 8000)), refusing, ""},
		"one moment without":       {with(1, cost(100, 300)), refusing, ""},
		"takes all":                {[]load{{1, knee}, {2, cost(20_000, 0)}, {4, cost(20_000, 0)}, {2, cost(20_000, 0)}, {1, knee}}, refusing, "beyond the knee it sheds"},
		"events take thrice":       {with(2, second(4000, 30_000, 4000*3*e+30_000*r)), refusing, "it accepts 50 %"},
		"refusals take as much":    {healthy, second(1000, 20_000, 21_000*e), "a refusal takes"},
		"little at twice":          {[]load{healthy[0], {2, cost(1000, 3000)}, healthy[2], {2, cost(1000, 3000)}, healthy[4]}, refusing, "at 2 times"},
		"does not come back":       {with(4, second(1000, 9000, .9)), refusing, "when the load falls"},
		"nothing was ever refused": {healthy, cost(1000, 0), "a refusal takes"},
	} {
		var failed []string
		for _, c := range judgeOverload(tc.all, tc.refusing) {
			if !c.ok {
				failed = append(failed, c.what+": "+c.figure)
			}
		}
		all := strings.Join(failed, "; ")
		if tc.failed == "" && len(failed) > 0 || tc.failed != "" && !strings.Contains(all, tc.failed) {
			t.Errorf("%s: these fail: %s; want %q", name, all, tc.failed)
		}
	}
}
