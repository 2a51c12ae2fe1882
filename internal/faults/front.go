//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"syscall"
	"time"

	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/internal/harness"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

func frontScenarios() []scenario {
	return slices.Concat(endScenarios(), hostileScenarios(), memoryScenarios(), tokenScenarios())
}

// endings is how often the service ends in a scenario.
const endings = 3

// endScenarios end the service under load, or give it more than it takes.
func endScenarios() []scenario {
	var killed, ended, shed replies
	var held memories
	return []scenario{
		{
			name: "front/killed", what: "The service is killed under load; clients repeat what was not accepted.", short: true,
			events: 400, check: allStored,
			run: func(ctx context.Context, w *world) error {
				w.failCalls(publishing(messaging.Fault{Delay: 50 * time.Millisecond})) // so that there are requests under way
				err := w.pour(ctx, 5*time.Second, &killed, func(ctx context.Context) error { return w.endOften(ctx, w.killService) })
				w.failCalls(nil)
				return errors.Join(err, w.repeat(ctx))
			},
		},
		{
			name: "front/terminated", what: "The service is told to end under load, as at every deploy.", short: true,
			events: 400,
			setup: func(s *settings) {
				s.serviceEnv(map[string]string{
					"DRAIN_GRACE":             drainGrace.String(),
					"OTEL_BSP_SCHEDULE_DELAY": "5000", // as in AWS: there are always spans that wait
				})
			},
			run: func(ctx context.Context, w *world) error {
				w.direct = true
				w.failCalls(publishing(messaging.Fault{Delay: 200 * time.Millisecond}))
				err := w.pour(ctx, 8*time.Second, &ended, func(ctx context.Context) error { return w.endOften(ctx, w.drainService) })
				w.failCalls(nil)
				return errors.Join(err, w.repeat(ctx))
			},
			check: func(w *world, a *account) error {
				return errors.Join(allStored(w, a), ended.forgetNotLetIn(a), ended.want())
			},
		},
		{
			name: "front/overloaded", what: "More comes in than may wait for SNS.", events: 5500, alone: "it counts on the machine",
			run: func(ctx context.Context, w *world) error {
				defer held.watch(ctx, w)()
				if err := w.send(ctx, senders); err != nil { // SNS has confirmed something
					return err
				}
				return w.wantInService(ctx, checkPath, func(ctx context.Context) error {
					return w.wantUnready(ctx, "overloaded", func(ctx context.Context) error { return w.overload(ctx, &shed, w.newEvents(w.sc.events), 100) })
				})
			},
			check: func(w *world, a *account) error {
				errs := []error{allStored(w, a), shed.want("overloaded"), held.want()}
				if shed.count("overloaded") == 0 {
					errs = append(errs, errors.New("nothing was shed"))
				}
				return errors.Join(errs...)
			},
		},
	}
}

// drainGrace is how long the service goes on when it is told to end.
const drainGrace = 600 * time.Millisecond

// drainService ends the service as at a deploy: before the grace is over, the
// load balancer has given up its idle connections to a target that drains.
// Without that a request now and then meets a connection that is just being
// closed, which HTTP/1.1 cannot help (RFC 9112, 9.5).
func (w *world) drainService(ctx context.Context) error {
	defer time.AfterFunc(drainGrace/2, w.client.CloseIdleConnections).Stop()
	return w.wantUnready(ctx, "stopping", w.terminateService)
}

// mostNotLetIn is how many connections the kernel may have taken, in all, that
// the service never saw: those that waited to be accepted when it closed its
// listener. No server can help that; a busy machine makes more of them.
const mostNotLetIn = 3 * endings

// forgetNotLetIn leaves out the requests that the service was not there for:
// their connection was refused, or was cut off and no span of the service knows
// the request.
func (r *replies) forgetNotLetIn(a *account) error {
	cut := 0
	r.all = slices.DeleteFunc(r.all, func(one reply) bool {
		if one.err == nil || errors.Is(one.err, syscall.ECONNREFUSED) {
			return one.err != nil
		}
		if len(a.spans(one.trace)) > 0 {
			return false
		}
		cut++
		return true
	})
	if cut > mostNotLetIn {
		return fmt.Errorf("%d requests were cut off before the service saw them, want %d at most", cut, mostNotLetIn)
	}
	return nil
}

// endOften ends the service and starts it again. Each time is a hit.
func (w *world) endOften(ctx context.Context, end func(context.Context) error) error {
	for range endings {
		if err := harness.Sleep(ctx, 700*time.Millisecond); err != nil {
			return err
		}
		w.hit()
		if err := w.restartService(ctx, end); err != nil {
			return err
		}
	}
	return nil
}

// overload sends events in batches at once, more than may be pending, while SNS
// is slow.
// What was shed is sent again when it is not.
func (w *world) overload(ctx context.Context, r *replies, all []*entry, inBatch int) error {
	post := func(events []*entry) {
		texts := make([][]byte, len(events))
		for i, e := range events {
			texts[i] = e.structured()
		}
		r.add(w.postText(ctx, nil, event.MediaTypeBatch, slicesJSON(texts), events...))
	}
	w.failCalls(publishing(messaging.Fault{Delay: time.Second}))
	done := make(chan struct{})
	n := 0
	for batch := range slices.Chunk(all, inBatch) {
		n++
		go func() {
			post(batch)
			done <- struct{}{}
		}()
	}
	err := harness.Sleep(ctx, 3*time.Second)
	w.failCalls(nil)
	for range n {
		<-done
	}
	return errors.Join(err, w.await(ctx, "all events were accepted", func() bool {
		for batch := range slices.Chunk(w.books.open(), inBatch) {
			post(batch)
		}
		return len(w.books.open()) == 0
	}))
}

// mostMemory is what the service may take: the limit that cmd/service sets
// itself, well below the 512 MiB of its task.
const mostMemory = 384 << 20

// memories are what the service was seen to take.
type memories struct {
	most int64
	err  error
}

// watch looks at the service's memory until stop is called.
func (m *memories) watch(ctx context.Context, w *world) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for harness.Sleep(ctx, 200*time.Millisecond) == nil {
			held, err := memory(context.WithoutCancel(ctx), w.Service().PID())
			m.most, m.err = max(m.most, held), errors.Join(m.err, err)
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

// want says if it was more than may be.
func (m *memories) want() error {
	switch {
	case m.err != nil:
		return m.err
	case m.most == 0:
		return errors.New("nobody has looked at the service's memory")
	case m.most > mostMemory:
		return fmt.Errorf("the service took %d MiB, want %d at most", m.most>>20, int64(mostMemory)>>20)
	}
	return nil
}

// bearing is a header with a token.
func bearing(token string) http.Header { return http.Header{"Authorization": {"Bearer " + token}} }
