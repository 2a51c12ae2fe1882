//go:build unix

package main

import "fmt"

// What a soak is to find: so much left over by each request. It is told from
// the noise when it comes to twice what a figure may rise by.
const (
	leakBytes      = 1 << 10
	leakGoroutines = 1. / 1000
	noise          = 2

	// leastCollections of garbage must have told what is in use.
	leastCollections = 6
)

// flatShare is how much a figure may rise during the soak: a tenth of its
// median, and a little.
const flatShare = .1

// flatFigure is one that must not grow.
type flatFigure struct {
	what   string
	of     func(sample) float64
	little float64
	zero   bool    // that it is nothing, or less, does not mean that nobody looked
	leak   float64 // of each request that the soak must find; 0: none
}

func (f *flatFigure) bound(t trend) float64 { return max(0, flatShare*t.median) + f.little }

// flatFigures are those of a soak at a rate. The memory of the process is not
// one: it keeps for a while what a burst took. What leaks is in the heap, and
// goroutines have a figure of their own.
//
// Goroutines and descriptors are counted one after the other, so that a burst
// between the two makes noise: up to 40 goroutines, if that is no more than a
// quarter of what is to be found.
func flatFigures(rate, requests float64) []flatFigure {
	few := min(max(10, leakGoroutines*requests/4), 40)
	return []flatFigure{
		{"heap in use (MiB)", heapMiB, 4, false, leakBytes / (1 << 20)},
		{"goroutines beyond one for each descriptor", goroutinesBeyond, few, true, leakGoroutines},
		{"descriptors beyond the clients' connections", descriptorsBeyond, 4, false, 0},
		{"connections of the consumer to the database", connections, 4, false, 0},
		{"messages in the queue", func(v sample) float64 { return float64(v.queue) }, max(200, 2*rate), true, 0},
	}
}

// judgeSoak looks for what grows at a rate.
func judgeSoak(rate float64, w watched) (checks []check) {
	requests, collections := rate*w.span().Seconds(), w.grew(garbage)
	long := collections >= leastCollections
	for _, f := range flatFigures(rate, requests) {
		t := w.trend(f.of)
		checks = append(checks, check{
			fmt.Sprintf("flat: %s, rising by %.1f at most", f.what, f.bound(t)),
			len(w.samples) >= 3 && (t.median > 0 || f.zero) && w.most(goroutines) > 0 && t.rise <= f.bound(t), t.String(),
		})
		if f.leak > 0 {
			long = long && f.leak*requests >= noise*f.bound(t)
		}
	}
	return append(checks, check{
		"it was long enough to see 1 KiB left over by a request, or a goroutine by 1,000", long,
		fmt.Sprintf("%.0f requests and %.0f collections of garbage after the warm-up", requests, collections),
	})
}
