//go:build unix

package main

import (
	"math/rand/v2"
	"testing"
	"time"
)

// soaked makes the samples of a soak, 2 seconds apart, of a service that holds
// some 15 MiB and 30 goroutines, give or take some, and what each request
// leaves over. Twice a stall of the machine has it hold more for 10 seconds.
func soaked(d time.Duration, rate, bytes, goroutines float64) (w watched) {
	noise := rand.New(rand.NewPCG(1, 2))
	for at := time.Duration(0); at <= d; at += 2 * time.Second {
		requests := rate * at.Seconds()
		v := sample{
			at: time.Unix(0, 0).Add(at), collections: len(w.samples), heap: int(15 + 5*noise.Float64() + bytes*requests/(1<<20)),
			goroutines: int(50 + 4*noise.Float64() + goroutines*requests), connections: 5 + noise.IntN(2), queue: 50 + noise.IntN(500),
		}
		v.service = usage{rss: 80 << 20, descriptors: 20}
		if phase := at % (d / 2); phase > d/4 && phase < d/4+10*time.Second {
			v.heap, v.goroutines = v.heap+100, v.goroutines+1000
			v.service.descriptors, v.clients, v.queue = 1020, 1000, 5000
		}
		w.samples = append(w.samples, v)
	}
	return w.after(warmUpOf(d))
}

func TestJudgeSoak_WhatARequestLeavesOver_IsFound(t *testing.T) {
	for name, tc := range map[string]struct {
		bytes, goroutines float64
		ok                bool
	}{
		"nothing": {0, 0, true}, "1 KiB": {1 << 10, 0, false}, "a goroutine in 1,000": {0, 1. / 1000, false},
	} {
		for _, d := range []time.Duration{2 * time.Minute, 10 * time.Minute} {
			for _, rate := range []float64{500, 1500, 5000} {
				ok := true
				for _, c := range judgeSoak(rate, soaked(d, rate, tc.bytes, tc.goroutines)) {
					t.Logf("%s left over in %v at %v/s: %v: %s: %s", name, d, rate, c.ok, c.what, c.figure)
					ok = ok && c.ok
				}
				if ok != tc.ok {
					t.Errorf("%s left over in %v at %v/s: %v, want %v", name, d, rate, ok, tc.ok)
				}
			}
		}
	}
}

func TestJudgeSoak_NothingSeenOrTooShort_Fails(t *testing.T) {
	for name, w := range map[string]watched{"nothing": {}, "short": soaked(10*time.Second, 500, 0, 0)} {
		checks := judgeSoak(500, w)
		if last := checks[len(checks)-1]; last.ok {
			t.Errorf("%s: %s: %s", name, last.what, last.figure)
		}
	}
	stale := soaked(2*time.Minute, 500, 0, 0)
	for i := range stale.samples {
		stale.samples[i].collections = 3
	}
	if checks := judgeSoak(500, stale); checks[len(checks)-1].ok {
		t.Error("what is in use was not known, and is judged nevertheless")
	}
	if judgeSoak(500, watched{})[0].ok {
		t.Error("a heap that nobody has seen is flat")
	}
}
