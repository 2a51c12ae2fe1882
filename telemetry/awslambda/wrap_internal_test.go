package awslambda

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// Lambda gives 500 ms: what hangs is cut off before, or sooner if it is told so.
func TestShutDown_Hangs_EndsBeforeSIGKILL(t *testing.T) {
	for name, tt := range map[string]struct{ timeout, want time.Duration }{
		"default":       {0, 400 * time.Millisecond},
		"less is given": {50 * time.Millisecond, 50 * time.Millisecond},
		"more is given": {time.Minute, 400 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := Config{FlushTimeout: tt.timeout, Shutdown: func(ctx context.Context) error {
					select {
					case <-ctx.Done():
					case <-time.After(time.Hour):
					}
					return ctx.Err()
				}}.WithDefaults()
				began := time.Now()
				c.shutDown()
				if took := time.Since(began); took != tt.want {
					t.Errorf("it took %v, want %v", took, tt.want)
				}
			})
		})
	}
}
