package filelock_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/filelock"
)

func TestLock_ManyHolders_OneAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	var inside, counter int
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			unlock, err := filelock.Lock(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			defer unlock()
			if inside++; inside != 1 {
				t.Errorf("%d holders at once", inside)
			}
			counter++
			inside--
		})
	}
	wg.Wait()
	if counter != 8 {
		t.Errorf("%d of 8 got the lock", counter)
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
