//go:build unix

package main

import (
	"strconv"
	"strings"
	"sync"
	"time"
)

// census counts the goroutines of a Go program from outside, and what its heap
// holds. GODEBUG=schedtrace with scheddetail has the runtime write what there is
// of processors, threads and goroutines to stderr, a line each, every so often,
// and gctrace a line for every collection of garbage (package runtime,
// Environment Variables).
type census struct {
	mu       sync.Mutex
	counting int
	latest   int // of the last list that was complete
	live     int // MiB that the last collection of garbage left
	garbage  int // collections of garbage
}

// deadGoroutine is how the runtime lists one that has ended, for reuse
// (runtime2.go, _Gdead).
const deadGoroutine = ": status=6("

// setting is what the program's GODEBUG has to be.
func (*census) setting(every time.Duration) string {
	return "gctrace=1,scheddetail=1,schedtrace=" + whole(float64(every.Milliseconds()))
}

// add counts a line, if it is one of a list.
func (c *census) add(line string) (counted bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case strings.HasPrefix(line, "SCHED "):
		if c.counting > 0 {
			c.latest = c.counting
		}
		c.counting = 0
	case strings.HasPrefix(line, "  G"):
		if !strings.Contains(line, deadGoroutine) {
			c.counting++
		}
	case strings.HasPrefix(line, "gc ") && strings.Contains(line, " MB goal, "):
		if live, err := liveHeap(line); err == nil {
			c.live = live
			c.garbage++
		}
	case strings.HasPrefix(line, "  P"), strings.HasPrefix(line, "  M"):
	default:
		return false
	}
	return true
}

// goroutines is how many there were lately, 0 if that is not known.
func (c *census) goroutines() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.latest
}

// liveHeap is what a line of gctrace has as the last of three: the heap at the
// start and at the end of a collection, and what of it is in use.
//
//	gc 3 @0.1s 1%: 0.02+0.4+0.1 ms clock, 0.04+0.1/0.4/0+0.2 ms cpu, 4->5->1 MB, 4 MB goal, [...]
func liveHeap(line string) (mib int, err error) {
	before, _, _ := strings.Cut(line, " MB, ")
	return strconv.Atoi(before[strings.LastIndexByte(before, '>')+1:])
}

// heap is how many MiB the latest collection of garbage left, and how many
// collections there were.
func (c *census) heap() (mib, collections int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.live, c.garbage
}
