//go:build unix

package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// times are so many of each duration.
func times(n int, of ...time.Duration) []time.Duration {
	var all []time.Duration
	for _, d := range of {
		all = append(all, slices.Repeat([]time.Duration{d}, n)...)
	}
	return all
}

func TestCost_BrokenBesideWell_SaysWhatIsSlower(t *testing.T) {
	const us, ms = time.Microsecond, time.Millisecond
	for name, tc := range map[string]struct {
		broken, well []time.Duration
		want         string // a part of what is said; empty for nothing
	}{
		"same":           {times(200, 4*ms), times(200, 4*ms), ""},
		"faster":         {times(200, ms), times(200, 40*ms), ""},
		"within slack":   {times(200, 1600*us), times(200, 1100*us), ""},
		"a bit slower":   {times(200, 1700*us), times(200, 1100*us), "the median of requests is 1.7ms"},
		"median":         {times(200, 17*ms), times(200, 13*ms), "the median of requests is 17ms"},
		"few are slow":   {append(times(190, 4*ms), times(10, 80*ms)...), times(200, 4*ms), "the 99th percentile of requests is 80ms"},
		"one is slow":    {append(times(199, 4*ms), 500*ms), times(200, 4*ms), ""},
		"two are slow":   {append(times(199, 4*ms), times(2, 2*time.Second)...), times(200, 4*ms), "a client gets through 42 requests a second, and 250 with a collector that is well; want at least 125"},
		"one is too so":  {append(times(199, 4*ms), requestBound+ms), times(200, 4*ms), "a request took 3.001s"},
		"nothing timed":  {nil, times(200, 4*ms), "no request has been timed"},
		"nothing beside": {times(200, 4*ms), nil, "no request has been timed"},
	} {
		t.Run(name, func(t *testing.T) {
			slices.Sort(tc.broken)
			err := (&cost{broken: tc.broken, well: tc.well, slowest: slices.Max(append(tc.broken, 0))}).want()
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("it says %v, want %q", err, tc.want)
			}
		})
	}
}
