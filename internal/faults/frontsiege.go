//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tracehaul/tracehaul/internal/harness"
)

const (
	// besiegers are as many as the finding had: 63 that send a whole
	// service.Config.MaxBodyBytes but for its last byte, and 20 to fill up.
	besiegers  = 83
	mostSiege  = 1 << 20
	leastSiege = 256
)

// largeSlowBodies has clients take all the room that there is for bodies, with a
// byte held back of each, and take it again when they lose it.
func largeSlowBodies() scenario {
	var good replies
	var held memories
	var sieged atomic.Int64
	return scenario{
		name: "front/large-slow-bodies", what: "83 clients hold the last byte of large bodies back, and take what room is left with smaller ones.",
		run: func(ctx context.Context, w *world) error {
			defer held.watch(ctx, w)()
			const over = readTimeout + 2*time.Second
			return w.wantInService(ctx, readyPath, func(ctx context.Context) error {
				return w.pour(ctx, over, &good, func(ctx context.Context) error {
					ctx, cancel := context.WithTimeout(ctx, over)
					defer cancel()
					var crowd sync.WaitGroup
					for range besiegers {
						crowd.Go(func() { w.siege(ctx, &sieged) })
					}
					crowd.Wait()
					return nil
				})
			})
		},
		check: func(w *world, a *account) error {
			errs := []error{allStored(w, a), good.want(), held.want()}
			if n := sieged.Load(); n < 2*besiegers {
				errs = append(errs, fmt.Errorf("hostile clients had %d bodies under way, want some for each", n))
			}
			return errors.Join(errs...)
		},
	}
}

// siege sends one body after the other, but for its last byte, until ctx ends:
// as large a one as is let in.
func (w *world) siege(ctx context.Context, sieged *atomic.Int64) {
	for size := mostSiege; ctx.Err() == nil; {
		took, err := w.holdBack(ctx, size)
		if err != nil {
			continue // the system has refused for us
		}
		w.hit()
		sieged.Add(1)
		switch {
		case took > time.Second: // it had its room for a while
			size = mostSiege
		case size > leastSiege:
			size /= 2
		default:
			_ = harness.Sleep(ctx, 200*time.Millisecond)
		}
	}
}

// holdBack sends a body but for its last byte, and says how long the service
// bore with that.
func (w *world) holdBack(ctx context.Context, size int) (time.Duration, error) {
	began := time.Now()
	c, err := new(net.Dialer).DialContext(ctx, "tcp", strings.TrimPrefix(w.Addresses().Service, "http://"))
	if err != nil {
		return 0, err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	_, _ = io.WriteString(c, head(fmt.Sprintf("Content-Length: %d", size), ""))
	_, _ = c.Write(bytes.Repeat([]byte(" "), size-1)) // what does not arrive is seen from the end
	answered(c)
	return time.Since(began), nil
}
