package harness_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tracehaul/tracehaul/internal/harness"
)

func TestSleep_TimeOrCause_WhateverComesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if err := harness.Sleep(t.Context(), time.Minute); err != nil || time.Since(began) != time.Minute {
			t.Errorf("slept %v, %v; want a minute", time.Since(began), err)
		}
		cause := errors.New("no longer")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, cause)
		defer cancel()
		began = time.Now()
		if err := harness.Sleep(ctx, time.Minute); !errors.Is(err, cause) || time.Since(began) != time.Second {
			t.Errorf("slept %v, %v; want a second, and the cause", time.Since(began), err)
		}
	})
}
