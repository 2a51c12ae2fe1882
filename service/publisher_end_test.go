package service

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

func TestPublisher_ClientGoesAway_NeighboursArePublished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, counts := &fakeSNS{latency: time.Second}, &bundle{metrics: sdkmetric.NewManualReader()}
		p := newTestPublisher(f, func(c *publisherConfig) {
			c.concurrency, c.metrics = 1, newMetrics(sdkmetric.NewMeterProvider(sdkmetric.WithReader(counts.metrics)))
		})
		ctx, leave := context.WithCancel(t.Context())
		var inCall, inQueue []string
		var group sync.WaitGroup
		group.Go(func() { inCall = publish(ctx, p, "in a call") })
		synctest.Wait()
		group.Go(func() { inQueue = publish(ctx, p, "in the queue", "in the queue") })
		synctest.Wait()
		neighbours, wait := publishAll(p, "neighbour 1", "neighbour 2")
		synctest.Wait()

		leave()
		synctest.Wait()
		group.Wait() // returns at once: the fake clock stands
		wait()
		wantAll(t, inCall, codePublishTimeout)
		wantAll(t, inQueue, codePublishTimeout)
		wantAll(t, neighbours, "")
		wantSent(t, f, []string{"in a call", "neighbour 1", "neighbour 2"})
		if n := counts.counted(t, semconv.MetricAccepted, ""); n != 2 {
			t.Errorf("%d events count as accepted, want those of which somebody was told so, 2", n)
		}
		if p.pending != 0 || p.buffer.used.Load() != 0 {
			t.Errorf("%d entries and %d bytes are still held", p.pending, p.buffer.used.Load())
		}
	})
}

func TestPublisher_SNSHangs_RequestEndsAtItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSNS{latency: time.Hour}
		p := newTestPublisher(f)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		began := time.Now()
		wantAll(t, publish(ctx, p, "hung"), codePublishTimeout)
		if took := time.Since(began); took != 2*time.Second {
			t.Errorf("took %v, want the request's 2s", took)
		}
		time.Sleep(p.timeout)
		synctest.Wait()
		if p.calls != 0 || p.pending != 0 {
			t.Errorf("%d calls and %d entries left after the call's own timeout", p.calls, p.pending)
		}
	})
}

func TestPublisher_Close_PublishesWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSNS{latency: 100 * time.Millisecond}
		p := newTestPublisher(f, func(c *publisherConfig) { c.concurrency = 2 })
		codes, wait := publishAll(p, numbered(57)...)
		synctest.Wait()
		if lost := p.close(t.Context()); lost != 0 {
			t.Errorf("%d entries were given up", lost)
		}
		wait()
		wantAll(t, codes, "")
		if got := publish(t.Context(), p, "late"); got[0] != errStopping.Error() {
			t.Errorf("after close: outcome = %q, want a refusal", got[0])
		}
	})
}

func TestPublisher_CloseWhileSNSHangs_EndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSNS{latency: time.Hour}
		p := newTestPublisher(f, func(c *publisherConfig) { c.concurrency = 1 })
		codes, wait := publishAll(p, numbered(12)...)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		if lost := p.close(ctx); lost != 12 {
			t.Errorf("%d entries were given up, want 12", lost)
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("close took %v, want 1s", took)
		}
		wait()
		for i, c := range codes {
			if c == "" {
				t.Errorf("message %d counts as published", i)
			}
		}
	})
}
