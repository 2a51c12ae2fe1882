package awslambda_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// An invocation whose telemetry is not out is one line, however often it tried.
func TestWrap_FlushFailsTwice_OneLine(t *testing.T) {
	for name, tt := range map[string]struct {
		takes   time.Duration // a flush, unless its context ends before
		flushes int
	}{
		"a collector that hangs":   {time.Hour, 1}, // no time is left for a second one
		"a collector that refuses": {0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, out, flushes, over := setup(t), new(bytes.Buffer), 0, make(chan struct{}, 2)
				b.config.Logger = slog.New(slog.NewTextHandler(out, nil))
				b.config.DeadlineMargin = 500 * time.Millisecond
				b.config.Flush = func(ctx context.Context) error {
					flushes++
					select {
					case <-ctx.Done():
					case <-time.After(tt.takes):
					}
					over <- struct{}{}
					return errors.New("not taken")
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				h := awslambda.Wrap(func(context.Context, any) (any, error) {
					<-over // the watchdog's flush
					return nil, nil
				}, b.config)
				if _, err := h(ctx, nil); err != nil {
					t.Fatal(err)
				}
				if n := strings.Count(out.String(), semconv.LogTelemetryUnflushed); n != 1 || flushes != tt.flushes {
					t.Errorf("%d lines of %d flushes, want 1 of %d:\n%s", n, flushes, tt.flushes, out)
				}
			})
		})
	}
}

// What a flush does is no matter of who waits for the handler's panic.
func TestWrap_FlushPanics_TheHandlersPanicGoesOn(t *testing.T) {
	for panics, took := range map[int]time.Duration{1: 0, 2: 350 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			b, flushes := setup(t), 0
			b.config.DeadlineMargin = 200 * time.Millisecond
			b.config.Flush = func(context.Context) error {
				if flushes++; flushes == panics {
					panic("the flush's")
				}
				return nil
			}
			ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
			defer cancel()
			h := awslambda.Wrap(func(context.Context, any) (any, error) {
				time.Sleep(took)
				panic("the handler's")
			}, b.config)
			defer func() {
				if v := recover(); v != "the handler's" || flushes != panics {
					t.Errorf("panicked with %v after %d flushes, want the handler's after %d", v, flushes, panics)
				}
			}()
			_, _ = h(ctx, nil)
		})
	}
}
