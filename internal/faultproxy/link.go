package faultproxy

import (
	"context"
	"errors"
	"io"
	"time"
)

// Link is how slow a connection is, each way. The zero value adds nothing.
type Link struct {
	// Latency is how long a byte is under way; what follows it is not held up.
	// Defaults to 0.
	Latency time.Duration

	// BytesPerSecond is how much comes through. Defaults to 0: no bound.
	BytesPerSecond int
}

const (
	// maxFrame bounds a message of PostgreSQL: a batch of 10,000 events of 256
	// KiB would be in several.
	maxFrame = 64 << 20

	// window is how many messages are under way in one direction.
	window = 1024

	// slice is how much of a slow message goes at once.
	slice = 10 // of a second
)

// parcel is something under way since a time.
type parcel struct {
	data []byte
	at   time.Time
}

// deliver writes a parcel once it has been under way for as long as the link
// says, at its rate.
func (l Link) deliver(ctx context.Context, w io.Writer, p parcel) error {
	if l.Latency > 0 {
		if err := wait(ctx, time.Until(p.at.Add(l.Latency))); err != nil {
			return err
		}
	}
	data := p.data
	for l.BytesPerSecond > 0 && len(data) > 0 {
		n := min(len(data), max(1, l.BytesPerSecond/slice))
		if _, err := w.Write(data[:n]); err != nil {
			return err
		}
		if err := wait(ctx, time.Duration(n)*time.Second/time.Duration(l.BytesPerSecond)); err != nil {
			return err
		}
		data = data[n:]
	}
	_, err := w.Write(data)
	return err
}

var errTooLarge = errors.New("faultproxy: a message is larger than 64 MiB")
