package batch

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bundle is a Processor of ints whose exports go through the test.
type bundle struct {
	*Processor[int]

	export func(ctx context.Context, items []int) error

	mu      sync.Mutex
	batches [][]int
	dropped map[string]int
	failed  []error
}

func setup(t *testing.T, c Config[int]) *bundle {
	t.Helper()
	b := &bundle{dropped: map[string]int{}}
	if c.QueueSize == 0 {
		c.QueueSize = 100
	}
	if c.BatchSize == 0 {
		c.BatchSize = 10
	}
	if c.Delay == 0 {
		c.Delay = time.Second
	}
	c.Timeout = 30 * time.Second
	c.Export = func(ctx context.Context, items []int) error {
		if b.export != nil {
			if err := b.export(ctx, items); err != nil {
				return err
			}
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.batches = append(b.batches, slices.Clone(items))
		return nil
	}
	c.Dropped = func(n int, reason string) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.dropped[reason] += n
	}
	c.Failed = func(err error) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.failed = append(b.failed, err)
	}
	b.Processor = New(c)
	return b
}

func (b *bundle) addRange(from, to int) {
	for i := from; i < to; i++ {
		b.Add(i)
	}
}

func (b *bundle) exported() []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Concat(b.batches...)
}

func (b *bundle) wantExported(t *testing.T, n int) {
	t.Helper()
	got := b.exported()
	if len(got) != n {
		t.Fatalf("%d items were exported, want %d", len(got), n)
	}
	if !slices.IsSorted(got) {
		t.Errorf("the items came out of order: %v", got)
	}
}

func (b *bundle) wantDropped(t *testing.T, reason string, n int) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.dropped[reason] != n {
		t.Errorf("%d items were dropped for %s, want %d (all: %v)", b.dropped[reason], reason, n, b.dropped)
	}
}

// blocked is an export that ends only with its context.
func blocked(ctx context.Context, _ []int) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestProcessor_BatchFull_ExportsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config[int]{})
		b.addRange(0, 25)
		synctest.Wait()
		b.wantExported(t, 20)
		time.Sleep(time.Second)
		synctest.Wait()
		b.wantExported(t, 25)
		if err := b.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestProcessor_AddAll_AsMuchAsThereIsRoomFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config[int]{
			QueueSize: 25, Size: func(n int) int { return n }, QueueBytes: 10_000,
			Keep: func(int) int { t.Error("an item was copied"); return 0 },
		})
		b.AddAll([]int{1, 2, 3})
		synctest.Wait()
		b.wantExported(t, 0)
		all := make([]int, 30)
		for i := range all {
			all[i] = 4 + i
		}
		b.AddAll(all)
		clear(all) // the slice is the caller's
		synctest.Wait()
		b.wantExported(t, 20)
		b.wantDropped(t, semconv.DropQueueFull, 8)
		if err := b.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		b.wantExported(t, 25)
		b.AddAll([]int{100, 20_000, 101})
		if err := b.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		b.wantExported(t, 27)
		b.wantDropped(t, semconv.DropQueueFull, 9)
		b.AddAll([]int{1, 2})
		b.wantDropped(t, semconv.DropShutdown, 2)
		if b.bytes != 0 {
			t.Errorf("%d bytes are left of an empty queue", b.bytes)
		}
	})
}

func TestProcessor_Early_ExportedAtOnceWhereThatIsQuick(t *testing.T) {
	for took, early := range map[time.Duration]int{time.Millisecond: 20, 5 * time.Millisecond: 0} {
		t.Run(took.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := setup(t, Config[int]{BatchSize: 50, Early: 20})
				b.export = func(context.Context, []int) error { time.Sleep(took); return nil }
				items := make([]int, 20)
				b.AddAll(items)
				time.Sleep(took)
				synctest.Wait()
				b.wantExported(t, 0) // nobody knows yet how long it takes
				if err := b.Flush(t.Context()); err != nil {
					t.Error(err)
				}
				b.AddAll(items[:19])
				time.Sleep(took)
				synctest.Wait()
				b.wantExported(t, 20) // too few
				b.AddAll(items[:1])
				time.Sleep(took)
				synctest.Wait()
				b.wantExported(t, 20+early)
				if err := b.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
				b.wantExported(t, 40)
			})
		})
	}
}

// An item's size is its value here.
func TestProcessor_QueueBytes_BoundWhatWaitsAndIsExported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := 0
		b := setup(t, Config[int]{
			Size: func(n int) int { return n }, QueueBytes: 100,
			Keep: func(n int) int { kept++; return n },
		})
		release := make(chan struct{})
		begun := 0
		b.export = func(context.Context, []int) error { begun++; <-release; return nil }
		b.Add(30)
		b.Add(20)
		synctest.Wait()
		before := begun
		b.Add(1)
		synctest.Wait() // all three are being exported, and count still
		if before != 0 || begun != 1 {
			t.Errorf("%d exports began with half of the bytes, %d with more, want 0 and 1", before, begun)
		}
		b.Add(49)
		b.Add(1)
		b.wantDropped(t, semconv.DropQueueFull, 1)
		if kept != 4 {
			t.Errorf("%d items were kept, want the 4 that were not dropped", kept)
		}
		close(release)
		if err := b.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		b.Add(100)
		b.Add(101) // larger than all there is room for
		synctest.Wait()
		b.wantDropped(t, semconv.DropQueueFull, 2)
		if err := b.Flush(t.Context()); err != nil {
			t.Error(err)
		}
		if got := b.exported(); !slices.Equal(got, []int{30, 20, 1, 49, 100}) {
			t.Errorf("exported %v", got)
		}
		if b.bytes != 0 {
			t.Errorf("%d bytes are left of an empty queue", b.bytes)
		}
		_ = b.Shutdown(t.Context())
	})
}

func TestProcessor_QueueFull_DropsNewestWithoutBlocking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config[int]{QueueSize: 20, BatchSize: 10})
		b.export = blocked
		b.addRange(0, 10)
		synctest.Wait() // the first batch is being exported, and hangs
		start := time.Now()
		b.addRange(10, 100)
		if d := time.Since(start); d != 0 {
			t.Errorf("adding took %v", d)
		}
		b.wantDropped(t, semconv.DropQueueFull, 70)
		if got := b.queue.n; got != 20 {
			t.Errorf("%d items wait, want 20", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown returned %v, want the deadline", err)
		}
		b.wantDropped(t, semconv.DropShutdown, 20)
	})
}

func TestProcessor_Concurrent_EveryItemExportedOrCounted(t *testing.T) {
	b := setup(t, Config[int]{QueueSize: 64, BatchSize: 16, Delay: time.Millisecond})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 2000 {
				b.Add(i)
				if i%500 == 0 {
					_ = b.Flush(t.Context())
				}
			}
		})
	}
	wg.Wait()
	if err := b.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(b.exported()) + b.dropped[semconv.DropQueueFull]; got != 8000 {
		t.Errorf("%d items were exported or counted, want 8000", got)
	}
}

func TestRing_AnyPushesAndTakes_FirstInFirstOut(t *testing.T) {
	r := ring[int]{bound: 100}
	var in, out int
	for round := range 50 {
		for range round * 7 % 40 {
			if r.room() {
				r.push(in)
				in++
			}
		}
		for _, got := range r.take(nil, round*5%30) {
			if got != out {
				t.Fatalf("got %d, want %d", got, out)
			}
			out++
		}
	}
	if in-out != r.n || len(r.items) > r.bound {
		t.Errorf("%d in, %d out, %d held in %d places", in, out, r.n, len(r.items))
	}
}

func BenchmarkProcessor_Add(b *testing.B) {
	p := New(Config[*int]{
		QueueSize: 2048, BatchSize: 512, Delay: time.Second, Timeout: time.Second,
		Export:  func(context.Context, []*int) error { return nil },
		Dropped: func(int, string) {}, Failed: func(error) {},
	})
	item := new(int)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			p.Add(item)
		}
	})
	_ = p.Shutdown(b.Context())
}
