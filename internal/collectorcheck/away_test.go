//go:build unix

package collectorcheck_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
)

// frequent makes a collector tell about itself often, but not so often that its
// queue is full of it.
var frequent = edit{"interval: 60000", "interval: 2000"}

// A back end that is away for less than the queue holds costs nothing.
func TestBackEndAway_ForAWhile_NothingIsLost(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c config) error {
		t.Helper()
		s := newSidecar(t, c, frequent)
		running, err := s.start(t)
		if err != nil {
			return err
		}
		s.to.answer(http.StatusServiceUnavailable)
		const requests, each = 4, 500
		for range requests {
			if err := errors.Join(s.post(t.Context(), "traces", spans(each)), s.post(t.Context(), "metrics", histograms(1))); err != nil {
				return err
			}
		}
		time.Sleep(2 * time.Second)
		if n := s.to.refusals(); n == 0 {
			return errors.New("nobody has asked the back end")
		}
		s.to.answer(0)
		if err := s.to.waitFor(t.Context(), "all spans and data points", func() bool {
			got := s.to.got()
			return got.spans >= requests*each && (got.points >= requests || got.samples >= requests)
		}); err != nil {
			return err
		}
		if got := s.to.got(); got.spans != requests*each {
			return fmt.Errorf("%d spans arrive, %d were sent", got.spans, requests*each)
		}
		_ = running.Stop(t.Context(), stopTimeout) // it has complained, as it should
		return nil
	})
}

// What no longer fits is refused: what was taken arrives, and the rest is counted.
func TestBackEndAway_QueueFull_RefusedAndCounted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c config) error {
		t.Helper()
		const each = 500
		return fill(t, newSidecar(t, c, frequent, edit{"queue_size: 8000000", "queue_size: 1000000"}), overflow{
			signal: "traces", request: spans(each), items: each,
			arrived: func(got counts) int { return got.spans }, counter: "otelcol_exporter_enqueue_failed_spans",
		})
	})
}

func TestBackEndAway_RemoteWriteQueueFull_RefusedAndCounted(t *testing.T) {
	t.Parallel()
	otelcol(t)
	c := one(t, "tempo-prometheus")
	const series = 17 + 1 // 15 buckets, sum, count; and target_info
	err := fill(t, newSidecar(t, c, frequent), overflow{
		signal: "metrics", request: histograms(1), items: 1,
		arrived: func(got counts) int { return got.samples / series }, counter: "otelcol_exporter_enqueue_failed_metric_points",
	})
	if err != nil {
		t.Errorf("%s: %v", c.file(), err)
	}
}

// What a back end refuses for good is dropped at once, and counted.
func TestBackEndRefuses_DroppedAndCounted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c config) error {
		t.Helper()
		s := newSidecar(t, c, frequent)
		running, err := s.start(t)
		if err != nil {
			return err
		}
		s.to.answer(http.StatusForbidden, "/traces") // deltas that are refused are gone, too
		const sent = 500
		if err := s.post(t.Context(), "traces", spans(sent)); err != nil {
			return err
		}
		if err := s.to.waitFor(t.Context(), "the number of spans that were dropped", func() bool {
			return s.to.sum("otelcol_exporter_send_failed_spans") == sent
		}); err != nil {
			return err
		}
		if !strings.Contains(running.log(), "Dropping data") {
			return errors.New("the log does not say that data was dropped")
		}
		_ = running.Stop(t.Context(), stopTimeout) // it has complained, as it should
		return nil
	})
}

// overflow is what fills a queue.
type overflow struct {
	signal  string
	request proto.Message
	items   int              // of the request
	arrived func(counts) int // items, at least
	counter string           // of the items that do not fit
}

func fill(t *testing.T, s sidecar, o overflow) error {
	t.Helper()
	running, err := s.start(t)
	if err != nil {
		return err
	}
	s.to.answer(http.StatusServiceUnavailable)
	taken, refused := 0, 0
	for refused < 3 {
		switch err := s.post(t.Context(), o.signal, o.request); {
		case err == nil:
			taken++
		case errors.Is(err, errRefused):
			refused++
		default:
			return err
		}
		if taken > 200 {
			return errors.New("the queue takes whatever comes")
		}
	}
	s.to.answer(0)
	// The collector sends what it counts to itself, and after each refusal waits
	// longer before it does so again, up to half a minute.
	if err := s.to.waitAtMost(t.Context(), 2*time.Minute, "what was taken, and the number of what was not", func() bool {
		return o.arrived(s.to.got()) >= taken*o.items && s.to.sum(o.counter) >= float64(refused*o.items)
	}); err != nil {
		return fmt.Errorf("%w: %d requests taken, %d refused: %+v: %s is %v", err, taken, refused, s.to.got(), o.counter, s.to.sum(o.counter))
	}
	if err := s.post(t.Context(), o.signal, o.request); err != nil {
		return fmt.Errorf("after the back end is there again: %w", err)
	}
	_ = running.Stop(t.Context(), stopTimeout) // it has complained, as it should
	return nil
}
