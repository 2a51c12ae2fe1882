//go:build unix

package main

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"

	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

// throttleCodes are those with which SNS says that calls come too fast, and
// their status. ("PublishBatch", Errors; "Common Errors"; Amazon SNS API
// Reference.)
var throttleCodes = map[string]int{
	"Throttled":              http.StatusTooManyRequests,
	"ThrottledException":     http.StatusTooManyRequests,
	"Throttling":             http.StatusBadRequest,
	"ThrottlingException":    http.StatusBadRequest,
	"KMSThrottling":          http.StatusBadRequest, // of a topic that is encrypted
	"KMSThrottlingException": http.StatusBadRequest,
	"RequestLimitExceeded":   http.StatusServiceUnavailable,
}

// throttledOnce has every event throttled once, in each of the ways in which
// that is said, and wants no client to hear of it.
func throttledOnce() scenario {
	var r replies
	return scenario{
		name: "topic/throttled-once", what: "SNS throttles an event once, as a call or as an entry, with each of its codes.",
		events: 2 * len(throttleCodes),
		run: func(ctx context.Context, w *world) error {
			for code, status := range throttleCodes {
				call := snsError(code, status)
				for _, f := range []messaging.Fault{call, {FailEntries: []int{0}, EntryError: call.Error}} {
					var calls atomic.Int64
					w.failCalls(func(c messaging.Call) *messaging.Fault {
						if c.Action != "PublishBatch" || calls.Add(1) > 1 {
							return nil
						}
						return &f
					})
					r.add(w.post(ctx, nil, w.newEvent()))
				}
			}
			w.failCalls(nil)
			return context.Cause(ctx)
		},
		check: func(w *world, a *account) error {
			return errors.Join(r.want(), allStored(w, a), wantHits(defaultEvents)(w, a))
		},
	}
}
