//go:build unix

package main

import (
	"slices"
	"time"
)

// figures are a period's, as the table shows them.
type figures struct {
	rate    float64
	seconds float64
	counts  [answers]int
	p50     time.Duration // of the requests that were accepted
	p99     time.Duration
	longest time.Duration
	waited  time.Duration // the longest of all requests
	late    time.Duration // 99 % of the requests began that late, or less
	example string        // of an answer that is neither 202 nor 503
	seen    watched
}

func (p *period) figures(seen watched) figures {
	// The last request was due a moment before the end, and may be late.
	f := figures{rate: p.rate, seconds: max(p.took.Seconds(), float64(len(p.answers))/p.rate), seen: seen}
	var took, late []uint32
	for i, a := range p.answers {
		f.counts[a]++
		if a != unsent {
			late = append(late, p.late[i])
			f.waited = max(f.waited, duration(p.micros[i]))
		}
		if a == accepted {
			took = append(took, p.micros[i])
		}
	}
	slices.Sort(took)
	slices.Sort(late)
	f.p50, f.p99, f.longest, f.late = quantile(took, .5), quantile(took, .99), quantile(took, 1), quantile(late, .99)
	if e := p.example.Load(); e != nil {
		f.example = *e
	}
	return f
}

func duration(micros uint32) time.Duration { return time.Duration(micros) * time.Microsecond }

// quantile is of sorted values: the least that a share q of them does not
// exceed.
func quantile(sorted []uint32, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	i := int(q*float64(len(sorted))+.9999999) - 1
	return duration(sorted[min(max(i, 0), len(sorted)-1)])
}

// perSecond is how many requests a second had one of the answers.
func (f figures) perSecond(kinds ...answer) float64 {
	n := 0
	for _, k := range kinds {
		n += f.counts[k]
	}
	return float64(n) / f.seconds
}

// goodput is how many events a second were accepted.
func (f figures) goodput() float64 { return f.perSecond(accepted) }

// perProcessor is how many events the service accepted in a second of its
// processor time.
func (f figures) perProcessor() float64 {
	used := f.cpu()
	if used <= 0 {
		return 0
	}
	return f.count(accepted) / used
}

// cpu is how much processor time the service used, until the last answer, in
// seconds. It is held against counts, never against what happened in a second:
// the requests are answered for longer than they are sent.
func (f figures) cpu() float64 { return f.seen.grew(serviceCPU) }

// count is how many requests had one of the answers.
func (f figures) count(kinds ...answer) float64 { return f.perSecond(kinds...) * f.seconds }

// requests is how many there were.
func (f figures) requests() (n int) {
	for _, c := range f.counts {
		n += c
	}
	return n
}

// keepsUp says whether the service did all that it was asked to within a
// latency.
func (f figures) keepsUp(latency time.Duration) bool {
	return f.counts[accepted] == f.requests() && f.p99 <= latency
}
