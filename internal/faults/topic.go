//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tracehaul/tracehaul/internal/harness"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

func topicScenarios() []scenario {
	return slices.Concat(topicFaultScenarios(), []scenario{throttledOnce()}, topicLimitScenarios())
}

// publishing makes a fault of calls that publish.
func publishing(f messaging.Fault) func(messaging.Call) *messaging.Fault {
	return func(c messaging.Call) *messaging.Fault {
		if c.Action != "PublishBatch" {
			return nil
		}
		return &f
	}
}

// of lets a fault meet some calls only: n of every m.
func of(n, m int64, fault func(messaging.Call) *messaging.Fault) func(messaging.Call) *messaging.Fault {
	var calls atomic.Int64
	return func(c messaging.Call) *messaging.Fault {
		if c.Action != "PublishBatch" || calls.Add(1)%m >= n {
			return nil
		}
		return fault(c)
	}
}

// failingOfSeveral fails the first entry of a call that has others.
func failingOfSeveral(c messaging.Call) *messaging.Fault {
	if c.Action != "PublishBatch" || c.Entries < 2 {
		return nil
	}
	return &messaging.Fault{FailEntries: []int{0}}
}

// ofSeveral is a fault of calls that have several entries.
func ofSeveral(f messaging.Fault) func(messaging.Call) *messaging.Fault {
	return func(c messaging.Call) *messaging.Fault {
		if c.Action != "PublishBatch" || c.Entries < 2 {
			return nil
		}
		return &f
	}
}

// snsError is an error as SNS words it.
func snsError(code string, status int) messaging.Fault {
	return messaging.Fault{Error: &messaging.Error{Code: code, Message: "made up", Status: status, Receiver: status >= http.StatusInternalServerError}}
}

// trouble is a scenario in which SNS misbehaves for a while under load. seen
// says which answers must have come up, besides 202; clients repeat what was
// not accepted.
func trouble(name, what string, fault func(messaging.Call) *messaging.Fault, lasts time.Duration, may []string, seen ...string) scenario {
	var r replies
	return scenario{
		name: "topic/" + name, what: what,
		run: func(ctx context.Context, w *world) error {
			err := w.pour(ctx, lasts+2*time.Second, &r, func(ctx context.Context) error {
				defer w.failCalls(nil)
				if err := harness.Sleep(ctx, time.Second); err != nil {
					return err
				}
				w.failCalls(fault)
				return harness.Sleep(ctx, lasts)
			})
			return errors.Join(err, w.repeat(ctx))
		},
		check: func(w *world, a *account) error {
			errs := []error{r.want(append(may, seen...)...), allStored(w, a)}
			for _, code := range seen {
				if r.count(code) == 0 {
					errs = append(errs, fmt.Errorf("no client was told %s", code))
				}
			}
			return errors.Join(errs...)
		},
	}
}

func topicFaultScenarios() []scenario {
	const (
		throttled, unavailable, timedOut, refused = "publish_throttled", "publish_unavailable", "publish_timeout", "publish_refused"
	)
	unanswered := publishing(messaging.Fault{Drop: messaging.DropAfter})
	all := []scenario{
		trouble("throttled", "SNS throttles all calls for a while.", publishing(snsError("Throttled", http.StatusTooManyRequests)), 3*time.Second,
			[]string{unavailable}, throttled),
		trouble("fails", "SNS answers every call with 500 for a while.", publishing(snsError("InternalError", http.StatusInternalServerError)), 3*time.Second,
			nil, unavailable),
		trouble("fails-at-times", "SNS fails two calls of three, and the SDK's attempts end well or not.", of(2, 3, publishing(snsError("InternalError", http.StatusInternalServerError))), 4*time.Second,
			[]string{unavailable}),
		trouble("refuses", "The service may not publish for a while.", publishing(snsError("AuthorizationError", http.StatusForbidden)), time.Second,
			nil, refused),
		trouble("partial-batch", "SNS takes all events of a call but the first, and fails that one.", publishing(messaging.Fault{FailEntries: []int{0}}), 3*time.Second,
			nil, unavailable),
		trouble("partial-batch-once", "SNS fails the first event of a call with several, and takes it when it comes again.", failingOfSeveral, 3*time.Second,
			nil),
		trouble("refuses-entries", "SNS takes all events of a call but the first, and finds fault with that one.",
			publishing(messaging.Fault{FailEntries: []int{0}, EntryError: &messaging.Error{Code: "InvalidParameter", Message: "made up", Status: http.StatusBadRequest}}), time.Second,
			nil, refused),
		trouble("refuses-together", "SNS finds fault with calls that have several events, and with none that is alone.",
			ofSeveral(snsError("InvalidParameter", http.StatusBadRequest)), 2*time.Second,
			nil),
		trouble("unanswered-at-times", "SNS takes half of the calls and answers them with nothing: the SDK sends them again.", of(1, 2, unanswered), 4*time.Second,
			[]string{unavailable}),
		trouble("unanswered", "SNS takes every call and answers none, so that clients send again what is there.", unanswered, 3*time.Second,
			nil, unavailable),
		trouble("slow", "SNS takes 800 ms for a call.", publishing(messaging.Fault{Delay: 800 * time.Millisecond}), 4*time.Second, nil),
		trouble("hangs", "SNS answers nothing until the service gives up.", publishing(messaging.Fault{Delay: time.Minute}), 12*time.Second,
			[]string{unavailable}, timedOut),
	}
	for i := range all {
		switch all[i].name {
		case "topic/partial-batch", "topic/unanswered":
			all[i].short = true
		}
	}
	return all
}
