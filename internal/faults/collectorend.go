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
const atDeadline = 5

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
			for {
				late, err := w.lateAtTheDeadline(ctx)
				if err != nil || late == 0 {
					return err
				}
				missed := fmt.Errorf("%d of %d flushes went beyond Lambda's deadline, want none", late, atDeadline)
				if !w.mayRepeat(missed) {
					return missed
				}
				w.killConsumers() // who has met a collector that hangs does not wait for it again
			}
		},
		check: allStored,
	}
}

// lateAtTheDeadline has every process flush just before its deadline, and returns
// how many of them Lambda has ended.
func (w *world) lateAtTheDeadline(ctx context.Context) (late int64, err error) {
	var answered atomic.Int64
	w.failInvocations(func(m lambda.Moment) lambda.Fault {
		if m.Stage == lambda.StageAnswer {
			answered.Add(1)
		}
		return lambda.FaultNone
	})
	defer w.failInvocations(nil)
	before := w.timeouts.Load()
	err = w.inInsert(ctx, 1, func(ctx context.Context) error {
		err := w.await(ctx, "all invocations have ended", func() bool { return answered.Load()+w.timeouts.Load()-before >= atDeadline })
		w.hits.Add(answered.Load())
		late = w.timeouts.Load() - before
		return err
	})
	return late, err
}

// endRounds is how many processes of the consumer are ended that have to send
// their last spans.
const endRounds = 6

// endsItself is how soon a process ends that is not out of time: before
// awslambda.Start gives its Shutdown up, and before Lambda kills it.
const endsItself = 400 * time.Millisecond

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
			for done := 0; done < endRounds; {
				missed, err := c.round(ctx, w)
				switch {
				case err != nil:
					return err
				case missed == nil:
					done++
				case !w.mayRepeat(missed):
					return missed
				}
			}
			return nil
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
// the process: the second event's spans come all the same. A process that was out
// of time may have missed that; one that has ended by itself has lost them.
func (c *lateCollector) round(ctx context.Context, w *world) (missed, err error) {
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
			return nil, err
		}
	}
	letGo()
	if err := w.await(ctx, "the collector has the first spans", func() bool { return w.whole(ctx, first) == nil }); err != nil {
		return nil, err
	}
	if w.whole(ctx, second) == nil {
		return nil, errors.New("the second event's spans came while the consumer was frozen")
	}
	began := time.Now()
	w.hits.Add(int64(w.Function(w.consumer.Name).Retire()))
	took := time.Since(began)
	if lost := w.whole(ctx, second); lost != nil {
		missed = fmt.Errorf("the last spans of a process never came, which ended in %v: %w", took, lost)
	}
	if took < endsItself {
		return nil, missed
	}
	return missed, nil
}
