package filelock_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/filelock"
)

func TestLock_ManyHolders_OneAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	var inside, counter atomic.Int32 // a lock on a file orders no memory
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			unlock, err := filelock.Lock(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			defer unlock()
			if n := inside.Add(1); n != 1 {
				t.Errorf("%d holders at once", n)
			}
			counter.Add(1)
			inside.Add(-1)
		})
	}
	wg.Wait()
	if n := counter.Load(); n != 8 {
		t.Errorf("%d of 8 got the lock", n)
	}
}

func TestLock_Held_WaitEndsWithContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := filelock.Lock(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := filelock.Lock(ctx, path); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want deadline exceeded", err)
	}
}

func TestLock_NoDirectory_Error(t *testing.T) {
	if _, err := filelock.Lock(t.Context(), filepath.Join(t.TempDir(), "no", "lock")); err == nil {
		t.Error("no error for a file in a directory that is not there")
	}
}
