package otlp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// forwarder sends copies of requests on, one after the other. Whoever offers
// one never waits.
type forwarder struct {
	c      Config
	client *http.Client
	counts *counts

	queue chan copied
	ctx   context.Context //nolint:containedctx // the life of the one goroutine
	stop  context.CancelFunc
	done  chan struct{}

	mu     sync.Mutex
	closed bool
}

type copied struct {
	path, encoding string
	body           []byte
}

func newForwarder(c Config, counts *counts) *forwarder {
	f := &forwarder{c: c, client: c.Client, counts: counts, queue: make(chan copied, c.MaxForward), done: make(chan struct{})}
	if f.client == nil {
		f.client = &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()} //nolint:forcetypeassert // it is one
	}
	f.ctx, f.stop = context.WithCancel(context.Background())
	go f.run()
	return f
}

// offer takes a copy if there is room.
func (f *forwarder) offer(path, encoding string, body []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.closed {
		select {
		case f.queue <- copied{path, encoding, body}:
			return
		default:
		}
	}
	f.counts.forwardDropped.Add(1)
}

func (f *forwarder) run() {
	defer close(f.done)
	for c := range f.queue {
		if f.ctx.Err() != nil {
			f.counts.forwardDropped.Add(1)
			continue
		}
		if err := f.send(c); err != nil {
			f.counts.forwardFailed.Add(1)
			message := err.Error()
			f.counts.lastForwardError.Store(&message)
			continue
		}
		f.counts.forwarded.Add(1)
	}
}

// send sends one copy. It is not tried again: what matters is kept here, and
// a receiver that is away must not hold up the copies behind it.
func (f *forwarder) send(c copied) error {
	ctx, cancel := context.WithTimeout(f.ctx, f.c.ForwardTimeout)
	defer cancel()
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(f.c.Forward, "/")+c.path, bytes.NewReader(c.body))
	if err != nil {
		return err
	}
	for name, value := range f.c.ForwardHeaders {
		q.Header.Set(name, value)
	}
	q.Header.Set("Content-Type", contentType)
	if c.encoding != "" {
		q.Header.Set("Content-Encoding", c.encoding)
	}
	answer, err := f.client.Do(q)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(answer.Body, 64<<10)); err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("%s answers %s", f.c.Forward, answer.Status)
	}
	return nil
}

// close sends what waits until ctx ends and drops the rest.
func (f *forwarder) close(ctx context.Context) error {
	f.mu.Lock()
	if !f.closed {
		f.closed = true
		close(f.queue)
	}
	f.mu.Unlock()
	defer f.client.CloseIdleConnections()
	select {
	case <-f.done:
		f.stop()
		return nil
	case <-ctx.Done():
		f.stop()
		<-f.done
		return fmt.Errorf("otlp: forwarding was cut off: %w", context.Cause(ctx))
	}
}
