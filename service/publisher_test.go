package service

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
)

// newTestPublisher is a publisher with the service's defaults.
func newTestPublisher(f *fakeSNS, change ...func(*publisherConfig)) *publisher {
	c := publisherConfig{
		topicARN: testTopic, sns: f, maxBytes: 262144, maxPending: 4096, concurrency: 16, attempts: 3,
		delay: 5 * time.Millisecond, timeout: 8 * time.Second, buffer: &budget{limit: 64 << 20},
		metrics: newMetrics(metricnoop.NewMeterProvider()), logger: slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&c)
	}
	return newPublisher(c)
}

// texts makes a submission of messages.
func texts(ctx context.Context, bodies ...string) *submission {
	s := &submission{ctx: ctx, entries: make([]entry, len(bodies))}
	for i, b := range bodies {
		s.entries[i].body, s.entries[i].size = b, len(b)
	}
	return s
}

// publish submits messages, waits for them and returns the codes of their
// outcomes, "" for confirmed ones.
func publish(ctx context.Context, p *publisher, bodies ...string) []string {
	s := texts(ctx, bodies...)
	if err := p.submit(s); err != nil {
		return []string{err.Error()}
	}
	codes := make([]string, len(bodies))
	for i, outcome := range p.wait(s, time.Minute) {
		if outcome != nil {
			codes[i] = outcome.code
		}
	}
	return codes
}

// publishAll publishes each message as a request of its own, all at once.
func publishAll(p *publisher, bodies ...string) (codes []string, wait func()) {
	codes = make([]string, len(bodies))
	var group sync.WaitGroup
	for i, b := range bodies {
		group.Go(func() { codes[i] = publish(context.Background(), p, b)[0] })
	}
	return codes, group.Wait
}

func numbered(n int) []string {
	bodies := make([]string, n)
	for i := range bodies {
		bodies[i] = fmt.Sprintf("message %d", i)
	}
	return bodies
}

func wantAll(t *testing.T, codes []string, want string) {
	t.Helper()
	for i, c := range codes {
		if c != want {
			t.Errorf("outcome of message %d = %q, want %q", i, c, want)
		}
	}
}

func TestPublisher_Idle_SendsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSNS{latency: 20 * time.Millisecond}
		p := newTestPublisher(f)
		for range 3 {
			began := time.Now()
			wantAll(t, publish(t.Context(), p, "alone"), "")
			if took := time.Since(began); took != f.latency {
				t.Errorf("a message took %v, want no more than the call itself, %v", took, f.latency)
			}
		}
		if p.timer != nil {
			t.Error("there is a timer, although nothing ever waited")
		}
	})
}

func TestPublisher_ThousandRequestsAtOnce_ShareCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSNS{latency: 20 * time.Millisecond}
		codes, wait := publishAll(newTestPublisher(f), numbered(1000)...)
		wait()
		wantAll(t, codes, "")
		wantSent(t, f, numbered(1000))
		if n := len(f.sizes()); n > 101 {
			t.Errorf("1000 requests took %d calls, want 101 at most: one for the first alone, 100 full ones", n)
		}
	})
}

func TestPublisher_BatchOfThousand_FillsEveryCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSNS{latency: 20 * time.Millisecond}
		wantAll(t, publish(t.Context(), newTestPublisher(f), numbered(1000)...), "")
		wantSent(t, f, numbered(1000))
		if n := len(f.sizes()); n != 100 {
			t.Errorf("a batch of 1000 took %d calls, want 100", n)
		}
		if f.most != 16 {
			t.Errorf("%d calls were on their way at once, want 16", f.most)
		}
	})
}

// wantSent checks that the messages were sent, each once.
func wantSent(t *testing.T, f *fakeSNS, bodies []string) {
	t.Helper()
	got, want := f.bodies(), slices.Clone(bodies)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%d messages were sent, want %d, each once", len(got), len(want))
	}
}

func TestPublisher_SlowSNSAndFewEvents_NothingWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSNS{latency: 80 * time.Millisecond}
		p := newTestPublisher(f)
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				began := time.Now()
				publish(context.Background(), p, "one of few")
				if took := time.Since(began); took != f.latency {
					t.Errorf("took %v, want no more than the call itself, %v", took, f.latency)
				}
			})
			time.Sleep(p.delay + time.Millisecond)
		}
		group.Wait()
	})
}

func TestPublisher_CallOnItsWay_OthersWaitNoLongerThanDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSNS{latency: time.Second}
		p := newTestPublisher(f)
		began := time.Now()
		first, wait1 := publishAll(p, "first")
		synctest.Wait()
		time.Sleep(time.Millisecond)
		others, wait2 := publishAll(p, "second", "third")
		wait1()
		wait2()
		wantAll(t, slices.Concat(first, others), "")
		if sizes := f.sizes(); !slices.Equal(sizes, []int{1, 2}) {
			t.Fatalf("calls had %v entries, want the first alone, then two together", sizes)
		}
		if waited := f.times[1].Sub(began) - time.Millisecond; waited != p.delay {
			t.Errorf("the second call began after %v, want the delay, %v", waited, p.delay)
		}
	})
}

func TestPublisher_CallEnds_OthersGoAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSNS{latency: 3 * time.Millisecond}
		p := newTestPublisher(f)
		_, wait1 := publishAll(p, "first")
		synctest.Wait()
		began := time.Now()
		_, wait2 := publishAll(p, "second", "third")
		wait1()
		wait2()
		if took := time.Since(began); took != 2*f.latency {
			t.Errorf("took %v, want %v: the rest of one call and one call", took, 2*f.latency)
		}
	})
}

func TestPublisher_LargeMessages_KeepToBytesOfCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSNS{latency: time.Millisecond}
		p := newTestPublisher(f)
		var bodies []string
		for i := range 40 {
			bodies = append(bodies, strings.Repeat(string(rune('a'+i%26)), 1+(i*37_123)%262_144))
		}
		bodies = append(bodies, strings.Repeat("x", 131_072), strings.Repeat("y", 131_072), strings.Repeat("z", 262_144))
		wantAll(t, publish(t.Context(), p, bodies...), "")
		wantSent(t, f, bodies)
		for i, call := range f.calls {
			size := 0
			for _, e := range call {
				size += len(*e.Message)
			}
			if size > 262_144 || len(call) > 10 {
				t.Errorf("call %d has %d entries and %d bytes", i, len(call), size)
			}
		}
		together := func(call []snstypes.PublishBatchRequestEntry) bool {
			return len(call) == 2 && len(*call[0].Message)+len(*call[1].Message) == 262_144
		}
		if !slices.ContainsFunc(f.calls, together) {
			t.Error("two messages that fill a call exactly did not go together")
		}
	})
}

// Whatever comes when, every message is sent once and no limit is broken.
func TestPublisher_RandomTraffic_KeepsEveryLimit(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			f := &fakeSNS{latency: time.Duration(1+random.IntN(30)) * time.Millisecond}
			p := newTestPublisher(f, func(c *publisherConfig) { c.concurrency = 1 + random.IntN(4) })
			var group sync.WaitGroup
			var all []string
			for i := range 200 {
				time.Sleep(time.Duration(random.IntN(4)) * time.Millisecond)
				var bodies []string
				for j := range 1 + random.IntN(12) {
					bodies = append(bodies, fmt.Sprintf("%d.%d %s", i, j, strings.Repeat(".", random.IntN(60_000))))
				}
				all = append(all, bodies...)
				group.Go(func() { wantAll(t, publish(context.Background(), p, bodies...), "") })
			}
			group.Wait()
			wantSent(t, f, all)
			if f.most > p.concurrency {
				t.Errorf("%d calls at once, want %d at most", f.most, p.concurrency)
			}
			for _, call := range f.calls {
				size := 0
				for _, e := range call {
					size += len(*e.Message)
				}
				if len(call) > maxEntries || size > p.maxBytes {
					t.Errorf("a call has %d entries and %d bytes", len(call), size)
				}
			}
			if used, pending := p.buffer.used.Load(), p.pending; used != 0 || pending != 0 {
				t.Errorf("in the end %d bytes and %d entries are held", used, pending)
			}
		})
	}
}

func TestPublisher_TooManyPending_Refuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSNS{latency: time.Second}
		p := newTestPublisher(f, func(c *publisherConfig) { c.maxPending, c.buffer.limit = 20, 1000 })
		codes, wait := publishAll(p, numbered(18)...)
		synctest.Wait()
		for name, bodies := range map[string][]string{
			"entries": {"1", "2", "3"},
			"bytes":   {strings.Repeat("x", 990)},
		} {
			if got := publish(t.Context(), p, bodies...); got[0] != errOverloaded.Error() {
				t.Errorf("too many %s: outcome = %q, want a refusal", name, got[0])
			}
		}
		if !slices.Equal(publish(t.Context(), p, "1", "2"), []string{"", ""}) {
			t.Error("two more fit, but were not taken")
		}
		wait()
		wantAll(t, codes, "")
		wantAll(t, publish(t.Context(), p, numbered(20)...), "")
	})
}

func TestPublisher_Saturated_OnlyWhileSNSWorks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSNS{latency: 10 * time.Millisecond}
		p := newTestPublisher(f, func(c *publisherConfig) { c.maxPending = 2 })
		if p.saturated() {
			t.Error("saturated before anything happened")
		}
		publish(t.Context(), p, "1")
		publish(t.Context(), p, "1", "2", "3")
		if !p.saturated() {
			t.Error("not saturated right after a refusal")
		}
		time.Sleep(time.Second)
		if p.saturated() {
			t.Error("saturated one second after the last refusal")
		}
		time.Sleep(5 * time.Second)
		publish(t.Context(), p, "1", "2", "3")
		if p.saturated() {
			t.Error("saturated although SNS has not confirmed anything for 5 seconds")
		}
	})
}
