package alb

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// target is one member of the target group.
type target struct {
	url       *url.URL
	unhealthy bool
	streak    int // checks in a row that contradict the present state
}

// group is the target group: who is in it and who is healthy.
type group struct {
	mu      sync.Mutex
	targets []*target
	next    int
}

// pick returns the next healthy target in turn. If none is healthy, every
// target takes requests ("Target groups, health checks": a target group with
// only unhealthy targets fails open). It returns nil if there is no target.
func (g *group) pick() *url.URL {
	g.mu.Lock()
	defer g.mu.Unlock()
	for range g.targets {
		t := g.targets[g.next%len(g.targets)]
		g.next++
		if !t.unhealthy {
			return t.url
		}
	}
	if len(g.targets) == 0 {
		return nil
	}
	t := g.targets[g.next%len(g.targets)]
	g.next++
	return t.url
}

func (g *group) healthy() (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, t := range g.targets {
		if !t.unhealthy {
			n++
		}
	}
	return n
}

// checked takes the outcome of a health check into account.
func (g *group) checked(t *target, ok bool, c Config) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if ok != t.unhealthy {
		t.streak = 0
		return
	}
	t.streak++
	threshold := c.UnhealthyThreshold
	if ok {
		threshold = c.HealthyThreshold
	}
	if t.streak >= threshold {
		t.unhealthy, t.streak = !ok, 0
	}
}

// watch checks the health of one target until ctx ends.
func (b *Balancer) watch(ctx context.Context, t *target) {
	tick := time.NewTicker(b.cfg.HealthInterval)
	defer tick.Stop()
	for {
		b.group.checked(t, b.check(ctx, t), b.cfg)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (b *Balancer) check(ctx context.Context, t *target) bool {
	ctx, cancel := context.WithTimeout(ctx, b.cfg.HealthTimeout)
	defer cancel()
	path, query, _ := strings.Cut(b.cfg.HealthPath, "?")
	u := t.url.JoinPath(path)
	u.RawQuery = query
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return false
	}
	r.Header.Set("User-Agent", "ELB-HealthChecker/2.0")
	response, err := b.transport.RoundTrip(r)
	if err != nil {
		return false
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1024)) // the state is all that counts
	return response.StatusCode == http.StatusOK
}
