package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/tracehaul/tracehaul/telemetry"
)

// delivery sends the load balancer's spans, one file after the other.
type delivery struct {
	*telemetry.Telemetry

	every  int64 // spans that are made before they are sent
	before int64 // spans dropped before this file
}

// errNotDelivered fails a file, so that it is read again.
var errNotDelivered = errors.New("spans were not delivered")

// maxEmpty is how many flushes there are to empty a queue. Each one that fails
// may have emptied a part of it.
const maxEmpty = 3

// begin is called before each file. Spans of a file that failed may wait still:
// that file is read again, so that what becomes of them matters to nobody, but
// they take the room of this one's.
func (d *delivery) begin(ctx context.Context) (err error) {
	for range maxEmpty {
		if err = d.FlushInvocation(ctx); err == nil {
			break
		}
	}
	d.before = d.DroppedOf(telemetry.SignalTraces)
	if err != nil {
		return fmt.Errorf("%w: those of files before still wait: %w", errNotDelivered, err)
	}
	return nil
}

// deliver sends what spans there are and waits until they are taken. Some may
// have gone before, by themselves: the error tells of all of this file that
// were not taken. Were one not delivered and no error returned, it would be
// lost.
func (d *delivery) deliver(ctx context.Context) error {
	if err := d.FlushInvocation(ctx); err != nil {
		return fmt.Errorf("%w: %w", errNotDelivered, err)
	}
	if n := d.DroppedOf(telemetry.SignalTraces) - d.before; n > 0 {
		return fmt.Errorf("%w: %d of this file were dropped", errNotDelivered, n)
	}
	return nil
}
