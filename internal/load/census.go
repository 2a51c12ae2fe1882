//go:build unix

package main

import (
	"strings"
	"sync"
	"time"
)

// census counts the goroutines of a Go program from outside. GODEBUG=schedtrace
// with scheddetail has the runtime write what there is of processors, threads
// and goroutines to stderr, a line each, every so often (package runtime,
// Environment Variables).
type census struct {
	mu       sync.Mutex
	counting int
	latest   int // of the last list that was complete
}

// deadGoroutine is how the runtime lists one that has ended, for reuse
// (runtime2.go, _Gdead).
const deadGoroutine = ": status=6("

// setting is what the program's GODEBUG has to be.
func (*census) setting(every time.Duration) string {
	return "scheddetail=1,schedtrace=" + whole(float64(every.Milliseconds()))
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
