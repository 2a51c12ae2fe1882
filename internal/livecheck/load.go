//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// interval is the time between two requests, whatever becomes of them.
	interval = 50 * time.Millisecond

	// badEvery is how many requests there are to one that is refused.
	badEvery = 8

	// canaryEvery is how many requests there are to one for the second
	// version.
	canaryEvery = 5

	// mostWaiting bounds the requests that wait for an answer.
	mostWaiting = 400

	clientTimeout = 20 * time.Second
)

// load sends requests at a steady rate.
type load struct {
	stage  *stage
	client *http.Client
	slots  chan struct{}
	wg     sync.WaitGroup

	sent, unanswered, skipped atomic.Int64
	mu                        sync.Mutex
	statuses                  map[int]int
}

func newLoad(s *stage) *load {
	transport := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // it is one
	transport.MaxIdleConnsPerHost = mostWaiting
	return &load{
		stage: s, client: &http.Client{Transport: transport, Timeout: clientTimeout},
		slots: make(chan struct{}, mostWaiting), statuses: make(map[int]int),
	}
}

// run sends until ctx ends, and returns when all is answered.
func (l *load) run(ctx context.Context) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	defer l.client.CloseIdleConnections()
	defer l.wg.Wait()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		r := good(n)
		if n%badEvery == 0 {
			r = bad[n/badEvery%len(bad)]()
		}
		to := l.stage.pipeline.Addresses().ALB
		if n%canaryEvery == 0 {
			to = l.stage.canary.url
		}
		l.start(ctx, to, r)
	}
}

// start sends a request if not too many wait already. Its answer is waited for
// even after ctx has ended: nothing is to be cut off at the end.
func (l *load) start(ctx context.Context, to string, r request) {
	select {
	case l.slots <- struct{}{}:
	default:
		l.skipped.Add(1)
		return
	}
	ctx = context.WithoutCancel(ctx)
	l.wg.Go(func() {
		defer func() { <-l.slots }()
		l.send(ctx, to, r)
	})
}

// send sends a request and counts the answer.
func (l *load) send(ctx context.Context, to string, r request) {
	q, err := http.NewRequestWithContext(ctx, r.method, to+r.path, strings.NewReader(r.body))
	if err != nil {
		return
	}
	q.Header.Set("Content-Type", r.contentType)
	maps.Copy(q.Header, r.header)
	l.sent.Add(1)
	answer, err := l.client.Do(q)
	if err != nil {
		l.unanswered.Add(1) // the story cuts some off
		return
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(answer.Body, maxAnswer))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.statuses[answer.StatusCode]++
}

// String says what was sent and answered.
func (l *load) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprintf("%d requests, %d without an answer, %d not sent; by status %v", l.sent.Load(), l.unanswered.Load(), l.skipped.Load(), l.statuses)
}
