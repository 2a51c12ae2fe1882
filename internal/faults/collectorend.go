//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tracehaul/tracehaul/internal/faultproxy"
	"github.com/tracehaul/tracehaul/internal/localcloud/lambda"
	"github.com/tracehaul/tracehaul/internal/localpipeline"
)

// collectorEndScenarios are about telemetry for which there is little time left.
func collectorEndScenarios() []scenario {
	return []scenario{hangsAtTheDeadline(), answersLate()}
}

// beforeCollector puts a proxy before the collector that asks a hook what
// becomes of requests.
func beforeCollector(s *settings, hook func(*http.Request) faultproxy.Fault) {
	s.consumerEnv(saysWho(consumerProgram))
	s.routes[localpipeline.PartOTLP] = func(url string) (string, error) {
		proxy, err := faultproxy.NewHTTP(faultproxy.HTTPConfig{URL: url, Hook: hook})
		if err != nil {
			return "", err
		}
		s.onStop(func(context.Context) error { return proxy.Close() })
		return proxy.URL(), nil
	}
}

// atDeadline is how many processes of the consumer have their first batch, of
// one message, when the table is locked. Each has 280 ms to answer after its
// flush, which on a busy machine may not do for all of them.
const atDeadline = 3

// hangsAtTheDeadline has a flush begin at a time from which FlushTimeout would
// reach beyond Lambda's deadline.
func hangsAtTheDeadline() scenario {
	return scenario{
		name: "collector/hangs-at-the-deadline", what: "The collector hangs, and the table is locked for longer than an invocation may take.",
		events: atDeadline, spansMayMiss: "the collector does not take them",
		setup: func(s *settings) {
			s.consumer.Timeout, s.consumer.VisibilityTimeout = 5*time.Second, 5*time.Second
			s.consumer.BatchSize, s.consumer.MaxConcurrency = 1, atDeadline
			s.consumerEnv(map[string]string{"DEADLINE_MARGIN": "1400ms"}) // less than flushBound by more than a process has after the deadline
			beforeCollector(s, func(r *http.Request) faultproxy.Fault {
				if r.Header.Get(whoHeader) != consumerProgram {
					return faultproxy.Fault{}
				}
				return faultproxy.Fault{Way: faultproxy.Hang}
			})
		},
		run: func(ctx context.Context, w *world) error {
			var answered atomic.Int64
			w.failInvocations(func(m lambda.Moment) lambda.Fault {
				if m.Stage == lambda.StageAnswer {
					answered.Add(1)
				}
				return lambda.FaultNone
			})
			return w.inInsert(ctx, 1, func(ctx context.Context) error {
				err := w.await(ctx, "all invocations have ended", func() bool { return answered.Load()+w.timeouts.Load() >= atDeadline })
				w.hits.Add(answered.Load())
				if err == nil && answered.Load() == 0 {
					err = fmt.Errorf("%d flushes went beyond Lambda's deadline, want none, or one or two where the machine is busy", atDeadline)
				}
				return err
			})
		},
		check: allStored,
	}
}

// endRounds is how often a process of the consumer is ended: it has half a
// second, which a busy machine may need for itself.
const endRounds = 5

// answersLate has spans that an invocation did not wait for, since the collector
// does not answer. When it has, Lambda needs the process no more.
func answersLate() scenario {
	c := new(lateCollector)
	return scenario{
		name: "collector/answers-late", what: "The collector answers when nobody waits for it any more, and then Lambda ends the consumer, which still has spans.",
		spansMayMiss: "where the machine is busy, half a second may not do",
		setup: func(s *settings) {
			s.consumerEnv(map[string]string{"OTEL_EXPORTER_OTLP_TIMEOUT": "60000", "OTEL_BSP_EXPORT_TIMEOUT": "60000"})
			beforeCollector(s, c.decide)
		},
		run: func(ctx context.Context, w *world) error {
			for range endRounds {
				done, err := c.round(ctx, w)
				if done || err != nil {
					return err
				}
			}
			return fmt.Errorf("the last spans of %d processes never came: nothing is sent when Lambda ends the consumer", endRounds)
		},
		check: allStored,
	}
}

// lateCollector does not answer the first request for spans of the consumer
// until it is let go.
type lateCollector struct {
	mu   sync.Mutex
	hold chan struct{} // nil when it has been met
}

func (c *lateCollector) decide(r *http.Request) faultproxy.Fault {
	if r.Header.Get(whoHeader) != consumerProgram || r.URL.Path != "/v1/traces" {
		return faultproxy.Fault{}
	}
	c.mu.Lock()
	hold := c.hold
	c.hold = nil
	c.mu.Unlock()
	if hold != nil {
		<-hold
	}
	return faultproxy.Fault{}
}

// round has two events processed, the first of which waits for the collector in
// vain and the second not at all. Then the collector answers, and Lambda ends
// the process. It is done when the second event's spans have come all the same.
func (c *lateCollector) round(ctx context.Context, w *world) (done bool, err error) {
	release := make(chan struct{})
	letGo := sync.OnceFunc(func() { close(release) })
	defer letGo()
	c.mu.Lock()
	c.hold = release
	c.mu.Unlock()
	first, second := w.newEvent(), w.newEvent()
	for _, e := range []*entry{first, second} {
		w.post(ctx, nil, e)
		if err := w.drained(ctx); err != nil {
			return false, err
		}
	}
	letGo()
	if err := w.await(ctx, "the collector has the first spans", func() bool { return w.whole(ctx, first) == nil }); err != nil {
		return false, err
	}
	if w.whole(ctx, second) == nil {
		return false, errors.New("the second event's spans came while the consumer was frozen")
	}
	w.hits.Add(int64(w.Function(w.consumer.Name).Retire()))
	return w.whole(ctx, second) == nil, nil
}
