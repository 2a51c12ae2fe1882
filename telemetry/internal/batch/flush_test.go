package batch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tracehaul/tracehaul/telemetry/internal/export"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

func TestProcessor_Flush_WaitsForWhatWasAddedBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config[int]{})
		b.export = func(context.Context, []int) error { time.Sleep(time.Second); return nil }
		b.addRange(0, 25)
		start := time.Now()
		if err := b.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.wantExported(t, 25)
		if d := time.Since(start); d != 3*time.Second {
			t.Errorf("the flush took %v, want three exports of 1s", d)
		}
		if b.Flush(t.Context()) != nil || time.Since(start) != 3*time.Second {
			t.Error("a flush with nothing queued waited or failed")
		}
		_ = b.Shutdown(t.Context())
	})
}

func TestProcessor_FlushFailed_ReturnsErrorAndReportsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config[int]{})
		broken := errors.New("broken")
		b.export = func(context.Context, []int) error { return broken }
		b.Add(1)
		if err := b.Flush(t.Context()); !errors.Is(err, broken) {
			t.Errorf("Flush returned %v", err)
		}
		if len(b.failed) != 1 {
			t.Errorf("Failed heard of %v", b.failed)
		}
		_ = b.Shutdown(t.Context())
	})
}

// What AddAll has exported early is over when Flush is called, as a rule. Its
// failure is the flush's nevertheless, and of one only.
func TestProcessor_FailedBeforeFlush_FlushSaysSoOnce(t *testing.T) {
	broken := &export.Error{Reason: semconv.DropRefused, Err: errors.New("broken")}
	for name, add := range map[string]func(*bundle){
		"early": func(b *bundle) {
			time.Sleep(time.Millisecond)
			b.AddAll(make([]int, 5))
		},
		"a full batch":      func(b *bundle) { b.addRange(0, 10) },
		"after a long time": func(b *bundle) { b.Add(1); time.Sleep(time.Hour) },
	} {
		for pending := range 2 {
			t.Run(fmt.Sprintf("%s, %d wait", name, pending), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { failBefore(t, add, pending, broken) })
			})
		}
	}
}

func failBefore(t *testing.T, add func(*bundle), pending int, broken error) {
	t.Helper()
	b := setup(t, Config[int]{Early: 5})
	b.export = func(context.Context, []int) error { time.Sleep(time.Millisecond); return nil }
	b.Add(1)
	if err := b.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.export = func(context.Context, []int) error { return broken }
	add(b)
	time.Sleep(time.Millisecond)
	if b.Pending() {
		t.Fatal("nothing was exported before the flush")
	}
	b.export = nil
	b.addRange(0, pending)
	if err := b.Flush(t.Context()); !errors.Is(err, broken) {
		t.Errorf("the flush after the failure returned %v", err)
	}
	if err := b.Flush(t.Context()); err != nil {
		t.Errorf("the flush after that returned %v", err)
	}
	_ = b.Shutdown(t.Context())
}

// Two who wait for the same items both hear of it.
func TestProcessor_FlushesBesideEachOther_BothFail(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config[int]{})
		broken := errors.New("broken")
		b.export = func(context.Context, []int) error { time.Sleep(time.Second); return broken }
		b.Add(1)
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				if err := b.Flush(t.Context()); !errors.Is(err, broken) {
					t.Errorf("Flush returned %v", err)
				}
			})
		}
		wg.Wait()
		_ = b.Shutdown(t.Context())
	})
}

func TestProcessor_CollectorHangs_OnlyTheFirstFlushWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config[int]{})
		var healthy atomic.Bool
		b.export = func(ctx context.Context, items []int) error {
			if healthy.Load() {
				return nil
			}
			return blocked(ctx, items)
		}
		flush := func() (time.Duration, error) {
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			start := time.Now()
			err := b.Flush(ctx)
			return time.Since(start), err
		}
		b.Add(1)
		if d, err := flush(); d != 500*time.Millisecond || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the first flush took %v and returned %v", d, err)
		}
		for range 3 {
			b.Add(2)
			if d, err := flush(); d != 0 || !errors.Is(err, ErrStalled) {
				t.Errorf("a further flush took %v and returned %v", d, err)
			}
		}
		healthy.Store(true)
		time.Sleep(30 * time.Second) // the hung export times out; the next gets through
		b.Add(3)
		if d, err := flush(); d != 0 || err != nil {
			t.Errorf("after recovery a flush took %v and returned %v", d, err)
		}
		if got := b.exported(); !slices.Equal(got, []int{2, 2, 2, 3}) {
			t.Errorf("exported %v, want all but the one that hung", got)
		}
		_ = b.Shutdown(t.Context())
	})
}

func TestProcessor_FlushCancelled_IsNoSignOfAStall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config[int]{})
		b.export = func(context.Context, []int) error { time.Sleep(time.Second); return nil }
		b.Add(1)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		if err := b.Flush(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Flush returned %v", err)
		}
		if err := b.Flush(t.Context()); err != nil {
			t.Errorf("the next flush returned %v", err)
		}
		_ = b.Shutdown(t.Context())
	})
}

func TestProcessor_Shutdown_ExportsTheRestAndDropsLaterItems(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config[int]{})
		b.addRange(0, 25)
		for range 2 {
			if err := b.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		}
		b.wantExported(t, 25)
		b.Add(1)
		b.wantDropped(t, semconv.DropShutdown, 1)
		if err := b.Flush(t.Context()); err != nil {
			t.Errorf("Flush after Shutdown returned %v", err)
		}
	})
}

func TestProcessor_ShutdownOutOfTime_CancelsAndCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config[int]{})
		b.export = blocked
		b.addRange(0, 35)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start := time.Now()
		if err := b.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown returned %v", err)
		}
		if d := time.Since(start); d != 100*time.Millisecond {
			t.Errorf("Shutdown took %v", d)
		}
		// The batch under way is counted by Export, which knows its fate.
		b.wantDropped(t, semconv.DropShutdown, 25)
	})
}

func TestProcessor_ExportIgnoresContext_ShutdownReturnsAnyway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, Config[int]{})
		b.export = func(context.Context, []int) error { time.Sleep(time.Hour); return nil }
		b.Add(1)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		start := time.Now()
		_ = b.Shutdown(ctx)
		if d := time.Since(start); d > 200*time.Millisecond {
			t.Errorf("Shutdown took %v", d)
		}
		time.Sleep(2 * time.Hour)
	})
}
