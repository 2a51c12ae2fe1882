package simulator

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tracehaul/tracehaul/alarms/internal/statistic"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

var latency = signal.Metric{Namespace: "Test", Name: "Latency"}

// naive computes a statistic over some minutes the slow way: from a list of all
// samples.
func naive(series []Samples, s statistic.Statistic) float64 {
	count, sum, least, most := 0.0, 0.0, math.Inf(1), math.Inf(-1)
	var values []float64
	for _, x := range series {
		if x.Count == 0 {
			continue
		}
		count, sum, least, most = count+x.Count, sum+x.Sum, min(least, x.Min), max(most, x.Max)
		x.eachValue(func(value, count float64) {
			values = append(values, slices.Repeat([]float64{value}, int(count))...)
		})
	}
	if count == 0 {
		return math.NaN()
	}
	slices.Sort(values)
	switch s.Kind {
	case statistic.Sum:
		return sum
	case statistic.Count:
		return count
	case statistic.Average:
		return sum / count
	case statistic.Minimum:
		return least
	case statistic.Maximum:
		return most
	case statistic.Percentile:
		for i, x := range values {
			if float64(i+1)/float64(len(values)) >= s.Percent/100-1e-12 {
				return x
			}
		}
	case statistic.Rank:
		within := 0.0
		for _, x := range values {
			if x > s.Lower && x <= s.Upper {
				within++
			}
		}
		return 100 * within / float64(len(values))
	}
	return math.NaN()
}

func same(a, b float64) bool {
	return a == b || math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= 1e-12*max(math.Abs(a), math.Abs(b))
}

// drawSamples makes samples of whole numbers, so that sums are exact.
func drawSamples(t *rapid.T) Samples {
	switch rapid.IntRange(0, 4).Draw(t, "kind") {
	case 0, 1:
		return Samples{}
	case 2:
		return One(float64(rapid.IntRange(-5, 5).Draw(t, "value")))
	case 3:
		n := float64(rapid.IntRange(1, 4).Draw(t, "count"))
		return Samples{Count: n, Sum: n * 3, Min: 1, Max: 5}
	}
	s := Samples{Min: math.Inf(1), Max: math.Inf(-1)}
	for range rapid.IntRange(1, 4).Draw(t, "buckets") {
		b := Bucket{float64(rapid.IntRange(-3, 9).Draw(t, "value")), float64(rapid.IntRange(1, 3).Draw(t, "count"))}
		s.Distribution = append(s.Distribution, b)
		s.Count, s.Sum = s.Count+b.Count, s.Sum+b.Value*b.Count
		s.Min, s.Max = min(s.Min, b.Value), max(s.Max, b.Value)
	}
	return s
}

// TestWindows_AnyHistory_AsTheNaiveWay compares each window of a history with a
// computation that looks at its samples one by one.
func TestWindows_AnyHistory_AsTheNaiveWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 40).Draw(t, "minutes")
		h := NewHistory(time.Unix(0, 0), n)
		series := make([]Samples, n)
		for i := range series {
			series[i] = drawSamples(t)
			h.Set(latency, i, series[i])
		}
		length := rapid.IntRange(1, 45).Draw(t, "length")
		name := rapid.SampledFrom([]string{
			"Sum", "SampleCount", "Average", "Minimum", "Maximum", "p0", "p50", "p99", "p33.3", "p100", "PR(:2)", "PR(2:)", "PR(-1:4)",
		}).Draw(t, "statistic")
		s, err := statistic.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		got := newWindows(h).over(latency, s, length)
		if len(got) != n+1 || !math.IsNaN(got[0]) {
			t.Fatalf("%d values of %d minutes: %v", len(got), n, got)
		}
		for end := 1; end <= n; end++ {
			if want := naive(series[max(0, end-length):end], s); !same(got[end], want) {
				t.Fatalf("%s over %d minutes before %d = %v, want %v", name, length, end, got[end], want)
			}
		}
	})
}

// TestWindows_SmallBehindLarge_IsNotLost: a difference of prefix sums would give 0.
func TestWindows_SmallBehindLarge_IsNotLost(t *testing.T) {
	h := NewHistory(time.Unix(0, 0), 3)
	for i, x := range []float64{1e30, 1, 2} {
		h.Set(latency, i, One(x))
	}
	if got := newWindows(h).over(latency, statistic.Statistic{Kind: statistic.Sum}, 2); got[3] != 3 {
		t.Errorf("1 + 2 behind 1e30 = %v", got[3])
	}
}

// TestWindows_SameWindow_IsComputedOnce: alarms share what they watch.
func TestWindows_SameWindow_IsComputedOnce(t *testing.T) {
	h := NewHistory(time.Unix(0, 0), 3)
	h.Set(latency, 0, One(1))
	w := newWindows(h)
	a, b := w.over(latency, statistic.Statistic{Kind: statistic.Sum}, 2), w.over(latency, statistic.Statistic{Kind: statistic.Sum}, 2)
	if &a[0] != &b[0] || len(w.cache) != 1 {
		t.Error("the same window was computed twice")
	}
}

// TestFew has the examples of "Percentile-based CloudWatch alarms and low
// data samples".
func TestFew(t *testing.T) {
	for percent, want := range map[float64]float64{99: 1000, 50: 20, 90: 100, 10: 100, 49: 10 / 0.49} {
		if got := few(statistic.Statistic{Percent: percent}); !same(got, want) {
			t.Errorf("p%v needs %v samples, want %v", percent, got, want)
		}
	}
}
