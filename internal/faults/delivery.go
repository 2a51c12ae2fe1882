//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/internal/localcloud/lambda"
)

// deliveryScenarios are what a standard queue may do at any time.
func deliveryScenarios() []scenario {
	return []scenario{
		{
			name: "consumer/duplicates-in-a-batch", what: "Every message is in its batch twice.", short: true,
			setup: func(s *settings) {
				s.config.DuplicateRate = 1
				s.consumer.BatchSize, s.consumer.BatchWindow = 100, time.Second
			},
			run: func(ctx context.Context, w *world) error {
				d := newDeliveries()
				w.failInvocations(d.count(w, func(_, _, inside int) int { return inside }))
				const wave = 40 // with their copies they fit into one batch
				return w.inWaves(ctx, wave, func(n int) error { return w.send(ctx, n) })
			},
			check: wantHits(defaultEvents / 2),
		},
		{
			name: "consumer/duplicates-across-batches", what: "Every message comes again in a later batch.",
			setup: func(s *settings) { s.config.DuplicateRate = 1 },
			run: func(ctx context.Context, w *world) error {
				d := newDeliveries()
				w.failInvocations(d.count(w, func(before, during, _ int) int { return before + during }))
				return w.sendAll(ctx)
			},
			check: wantHits(defaultEvents / 2),
		},
		{
			name: "consumer/duplicates-at-once", what: "Two consumers have the same messages at the same time, each in an order of its own.", short: true,
			setup: func(s *settings) { s.config.DuplicateRate, s.config.Shuffle = 1, true },
			run: func(ctx context.Context, w *world) error {
				if _, err := w.pool.Exec(ctx, linger); err != nil {
					return err
				}
				w.output.watch(code("40P01"))
				d := newDeliveries()
				w.failInvocations(d.meet(w))
				return w.inWaves(ctx, batchSize, func(n int) error {
					w.post(ctx, nil, w.newEvents(n)...)
					return nil
				})
			},
			check: func(w *world, a *account) error {
				return errors.Join(wantHits(defaultEvents/4)(w, a), w.noDeadlock())
			},
		},
		{
			name: "consumer/shuffled", what: "The queue hands messages out in any order.",
			setup: func(s *settings) { s.config.Shuffle, s.config.HoldConsumers = true, true },
			run: func(ctx context.Context, w *world) error {
				w.failInvocations(func(m lambda.Moment) lambda.Fault {
					if m.Stage == lambda.StageBegin && !slices.IsSorted(serials(records(m))) {
						w.hit()
					}
					return lambda.FaultNone
				})
				if err := w.sendAll(ctx); err != nil {
					return err
				}
				return w.StartConsumers()
			},
		},
	}
}

// linger has every row take a while, so that two batches are in the middle of
// each other.
const linger = `
CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
	$$ BEGIN PERFORM pg_sleep(0.005); RETURN NEW; END $$;
CREATE TRIGGER linger BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION linger()`

// noDeadlock wants consumers to have got into each other's way in one order.
func (w *world) noDeadlock() error {
	if n := w.output.count(code("40P01")); n > 0 {
		return fmt.Errorf("consumers ran into a deadlock %d times: they lock keys in different orders", n)
	}
	return nil
}

// inWaves sends the scenario's events, so many at a time, and each time waits
// until they are consumed.
func (w *world) inWaves(ctx context.Context, size int, send func(n int) error) error {
	for left := w.sc.events; left > 0; left -= size {
		if err := errors.Join(send(min(size, left)), w.drained(ctx)); err != nil {
			return err
		}
	}
	return nil
}

// wantHits wants a fault met so often, where as many events are sent as
// usually.
func wantHits(n int64) func(*world, *account) error {
	return func(w *world, a *account) error {
		if n := n * int64(w.sc.events) / defaultEvents; w.hits.Load() < n {
			return fmt.Errorf("the fault was met %d times with %d events, want %d", w.hits.Load(), a.events, n)
		}
		return nil
	}
}

// record is a message as a function is handed it.
type record struct{ MessageID, Body string }

// records are those of an invocation that begins.
func records(m lambda.Moment) []record {
	var event struct{ Records []record }
	_ = json.Unmarshal(m.Payload, &event) // the local Lambda has written it
	return event.Records
}

// serials are the numbers at the end of the events' ids, in their order.
func serials(records []record) (numbers []int) {
	for _, r := range records {
		id := dead{body: r.Body}.open().key.ID
		if n, err := strconv.Atoi(id[strings.LastIndexByte(id, '-')+1:]); err == nil {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// deliveries knows which messages invocations have and had.
type deliveries struct {
	mu      sync.Mutex
	had     map[string]bool           // message ids
	running map[string]map[string]int // message ids by invocation, and how often each is in it
	changed chan struct{}             // closed when an invocation begins
}

func newDeliveries() *deliveries {
	return &deliveries{had: map[string]bool{}, running: map[string]map[string]int{}, changed: make(chan struct{})}
}

// begin notes an invocation that begins and returns how many of its messages
// there were in earlier ones, are in another one now, and are in it again.
func (d *deliveries) begin(m lambda.Moment) (before, during, inside int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	ids := map[string]int{}
	for _, r := range records(m) {
		if ids[r.MessageID]++; ids[r.MessageID] > 1 {
			inside++
		}
	}
	for id := range ids {
		switch {
		case d.elsewhere(id):
			during++
		case d.had[id]:
			before++
		}
		d.had[id] = true
	}
	d.running[m.RequestID] = ids
	close(d.changed)
	d.changed = make(chan struct{})
	return before, during, inside
}

// elsewhere reports whether an invocation under way has a message.
func (d *deliveries) elsewhere(id string) bool {
	for _, ids := range d.running {
		if ids[id] > 0 {
			return true
		}
	}
	return false
}

func (d *deliveries) end(m lambda.Moment) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.running, m.RequestID)
}

// count counts hits.
func (d *deliveries) count(w *world, hits func(before, during, inside int) int) lambdaFault {
	return func(m lambda.Moment) lambda.Fault {
		if m.Stage == lambda.StageBegin {
			w.hits.Add(int64(hits(d.begin(m))))
		} else {
			d.end(m)
		}
		return lambda.FaultNone
	}
}

// holdAtMost is how long an invocation waits for another one with the same
// messages.
const holdAtMost = time.Second

// meet holds an invocation until another one has messages of it, too, and
// counts those as hits. Then both go on.
func (d *deliveries) meet(w *world) lambdaFault {
	return func(m lambda.Moment) lambda.Fault {
		if m.Stage != lambda.StageBegin {
			d.end(m)
			return lambda.FaultNone
		}
		before, during, _ := d.begin(m)
		w.hits.Add(int64(during))
		if before > 0 || during > 0 {
			return lambda.FaultNone
		}
		for deadline := time.After(holdAtMost); ; {
			d.mu.Lock()
			changed, met := d.changed, d.shared(m.RequestID)
			d.mu.Unlock()
			if met {
				return lambda.FaultNone
			}
			select {
			case <-changed:
			case <-deadline:
				return lambda.FaultNone
			}
		}
	}
}

// shared reports whether another invocation under way has a message of one.
func (d *deliveries) shared(requestID string) bool {
	for other, ids := range d.running {
		for id := range ids {
			if other != requestID && d.running[requestID][id] > 0 {
				return true
			}
		}
	}
	return false
}
