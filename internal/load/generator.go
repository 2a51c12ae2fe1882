//go:build unix

package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// mostConnections bounds the requests that wait for an answer. It is many
	// times what the service can have under way within its latency.
	mostConnections = 6000

	// staleAfter is how long a connection may have been idle to be used again.
	// The service closes it after 75 seconds, and a request must not meet
	// that.
	staleAfter = 30 * time.Second

	// spareAfter is how long a connection may be idle while others are used. A
	// burst leaves many, which would look like the service's own descriptors.
	spareAfter = 3 * time.Second
)

// generator sends requests at given times over as many connections as it
// takes.
type generator struct {
	addr string
	most int // connections

	mu      sync.Mutex
	idle    []*client // the one that was used last is the next
	open    int
	clients sync.WaitGroup
}

func newGenerator(addr string) *generator { return &generator{addr: addr, most: mostConnections} }

// job is a request that is due.
type job struct {
	period *period
	n      int
	due    time.Time
}

// period is what was sent at one rate, and what came of it. The requests'
// numbers begin with first.
type period struct {
	rate    float64
	first   int
	began   time.Time
	took    time.Duration // until the last request was due
	answers []answer
	micros  []uint32 // from the time when it was due to the answer
	late    []uint32 // and to the beginning of its sending
	waiting sync.WaitGroup
	example atomic.Pointer[string] // of an answer that is neither 202 nor 503
}

// send sends requests at a rate for a while, or until ctx ends, and returns
// when all are answered.
func (g *generator) send(ctx context.Context, first int, rate float64, d time.Duration) *period {
	n := max(1, int(rate*d.Seconds()))
	p := &period{rate: rate, first: first, answers: make([]answer, n), micros: make([]uint32, n), late: make([]uint32, n), began: time.Now()}
	for i := range n {
		due := p.began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		if wait := time.Until(due); wait > 0 {
			time.Sleep(wait)
		}
		if ctx.Err() != nil {
			p.answers, p.micros, p.late = p.answers[:i], p.micros[:i], p.late[:i]
			break
		}
		g.start(job{p, i, due})
	}
	p.took = time.Since(p.began)
	p.waiting.Wait()
	return p
}

// start gives a request to a connection that is idle, or to a new one. It
// never waits.
func (g *generator) start(j job) {
	c := g.take(j.due)
	if c == nil {
		return // unsent
	}
	j.period.waiting.Add(1)
	c.jobs <- j
}

func (g *generator) take(now time.Time) *client {
	g.mu.Lock()
	defer g.mu.Unlock()
	if last := len(g.idle) - 1; last >= 0 {
		c := g.idle[last]
		g.idle = g.idle[:last]
		if now.Sub(c.idled) > staleAfter {
			c.close()
		}
		return c
	}
	if g.open == g.most {
		return nil
	}
	g.open++
	c := newClient(g.addr)
	g.clients.Go(func() { g.work(c) })
	return c
}

func (g *generator) work(c *client) {
	for j := range c.jobs {
		j.period.late[j.n] = microseconds(time.Since(j.due))
		a := c.post(j.period.first + j.n)
		j.period.answers[j.n], j.period.micros[j.n] = a, microseconds(time.Since(j.due))
		if a == other {
			example := string(c.body)
			j.period.example.Store(&example)
		}
		g.park(c)
		j.period.waiting.Done()
	}
	c.close()
}

// park makes a connection idle, and ends the one that has been so for longest
// if it is to spare.
func (g *generator) park(c *client) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c.idled = time.Now()
	g.idle = append(g.idle, c)
	if oldest := g.idle[0]; c.idled.Sub(oldest.idled) > spareAfter {
		g.idle = g.idle[1:]
		g.open--
		close(oldest.jobs)
	}
}

// connections is how many there are.
func (g *generator) connections() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.open
}

func microseconds(d time.Duration) uint32 { return uint32(max(0, d.Microseconds())) } //nolint:gosec // answerTimeout and less

// rest closes the connections that the next rate may not need: they would look
// like the service's own descriptors.
func (g *generator) rest() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.idle {
		close(c.jobs)
		g.open--
	}
	g.idle = nil
}

// close ends all connections. Nothing may be under way any more.
func (g *generator) close() {
	g.rest()
	g.clients.Wait()
}
