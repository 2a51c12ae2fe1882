//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/internal/harness"
)

// longestAnswer is how long an answer may take: service.Config.RequestTimeout,
// 10 seconds from the last byte of the request, and what this machine adds.
const longestAnswer = 12 * time.Second

// replies are the answers to the requests of a scenario.
type replies struct {
	// header makes further headers for a request. Defaults to none.
	header func() http.Header

	mu  sync.Mutex
	all []reply
}

func (r *replies) add(one reply) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, one)
}

// count is how many have a code, "" for those that were accepted.
func (r *replies) count(code string) (n int) {
	for _, one := range r.all {
		if one.err == nil && one.code == code && (code != "" || one.status == http.StatusAccepted) {
			n++
		}
	}
	return n
}

// problems are what the service may answer besides 202: the status of a code,
// and whether it says when to come back. They are those of PROBLEMS.md.
var problems = map[string]struct {
	status int
	again  bool
}{
	"slow_body":           {http.StatusRequestTimeout, false},
	"overloaded":          {http.StatusServiceUnavailable, true},
	"stopping":            {http.StatusServiceUnavailable, true},
	"publish_unavailable": {http.StatusServiceUnavailable, true},
	"publish_throttled":   {http.StatusServiceUnavailable, true},
	"publish_timeout":     {http.StatusGatewayTimeout, true},
	"publish_refused":     {http.StatusBadGateway, false},
}

// want says which answers are not as they should be: 202, or one of the codes
// with its status and Retry-After, and in time.
func (r *replies) want(codes ...string) error {
	allowed := map[string]bool{}
	for _, c := range codes {
		allowed[c] = true
	}
	var errs []error
	for _, one := range r.all {
		p := problems[one.code]
		switch {
		case one.err != nil:
			errs = append(errs, fmt.Errorf("a request has no answer: %w", one.err))
		case one.took > longestAnswer:
			errs = append(errs, fmt.Errorf("an answer (%d %s) took %v, want %v at most", one.status, one.code, one.took, longestAnswer))
		case one.status == http.StatusAccepted:
		case !allowed[one.code] || one.status != p.status || (one.header.Get("Retry-After") != "") != p.again:
			errs = append(errs, fmt.Errorf("an answer is %d %q with Retry-After %q: %.200s", one.status, one.code, one.header.Get("Retry-After"), one.text))
		}
	}
	if len(errs) > 3 {
		errs = append(errs[:3], fmt.Errorf("and %d more like these", len(errs)-3))
	}
	return errors.Join(errs...)
}

// pour sends the scenario's events at a steady rate over about the time given,
// most alone and some in batches, while something is done, and keeps the
// answers. It returns when both have ended.
func (w *world) pour(ctx context.Context, over time.Duration, r *replies, do func(context.Context) error) error {
	done := make(chan error, 1)
	go func() { done <- do(ctx) }()
	var clients sync.WaitGroup
	every := over / time.Duration(w.sc.events)
	for i, left := 0, w.sc.events; left > 0 && ctx.Err() == nil; i++ {
		size := 1
		if i%perBatch == perBatch-1 {
			size = min(batchEvents, left)
		}
		left -= size
		var header http.Header
		if r.header != nil {
			header = r.header()
		}
		clients.Go(func() { r.add(w.post(ctx, header, w.newEvents(size)...)) })
		_ = harness.Sleep(ctx, time.Duration(size)*every)
	}
	clients.Wait()
	return errors.Join(<-done, context.Cause(ctx))
}

// postText sends a body as it is, which holds the given events, and writes the
// answer down.
func (w *world) postText(ctx context.Context, header http.Header, contentType string, body []byte, events ...*entry) reply {
	return w.postTextTo(ctx, w.base(), header, contentType, body, events...)
}

func (w *world) postTextTo(ctx context.Context, base string, header http.Header, contentType string, body []byte, events ...*entry) reply {
	traceID, spanID := randomHex(16), randomHex(8)
	for _, e := range events {
		w.books.sent(e, traceID, spanID)
	}
	h := http.Header{"Content-Type": {contentType}, "Traceparent": {"00-" + traceID + "-" + spanID + "-01"}}
	maps.Copy(h, header)
	r, results := w.request(ctx, base, h, body)
	r.trace = traceID
	w.note(r, results, events)
	return r
}
