package idle_test

import (
	"context"
	"sync"
	"testing"

	"github.com/tracehaul/tracehaul/telemetry/internal/idle"
)

func TestRun_SeveralAtOnce_WorkIsDoneOnceAndByThen(t *testing.T) {
	done := 0
	w := idle.Later(func() { done++ })
	ctx, cancel := context.WithCancel(idle.Context(t.Context(), w))
	defer cancel()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			idle.Run(ctx)
			if done != 1 {
				t.Errorf("the work was done %d times when Run returned, want once", done)
			}
		})
	}
	wg.Wait()
	w.Do()
	if done != 1 {
		t.Errorf("the work was done %d times, want once", done)
	}
}

func TestRun_NoWork_DoesNothing(t *testing.T) { idle.Run(context.Background()) }
