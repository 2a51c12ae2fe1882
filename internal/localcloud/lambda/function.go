//go:build unix

package lambda

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"time"
)

// maxPayload bounds the payload of a synchronous invocation and its response:
// 6 MB each ("Lambda quotas").
const maxPayload = 6 << 20

// Function runs a program as a Lambda function. It is safe for concurrent use.
type Function struct {
	c   Config
	arn string

	mu        sync.Mutex
	sandboxes map[*sandbox]struct{} // that have a process
	starting  int                   // launches under way
	idle      []*slot               // what waits for an invocation, the warmest last
	waiters   []*waiter             // what waits for a slot, the oldest first
	closed    bool
	closing   chan struct{}
	wg        sync.WaitGroup
}

// slot is a sandbox's readiness for one invocation: a call of /next that has
// not been answered.
type slot struct {
	sandbox *sandbox
	work    chan *invocation // holds one
	gone    bool             // the call was broken off; guarded by the function's lock
}

// waiter is an invocation without a slot.
type waiter struct {
	granted chan grant // holds one
}

type grant struct {
	slot *slot
	err  error
}

// Result is what a function returned.
type Result struct {
	RequestID string
	Payload   []byte
}

// New makes a function. Its first sandbox starts with the first invocation.
// Close it.
func New(c Config) (*Function, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.WithDefaults()
	return &Function{c: c, arn: c.arn(), sandboxes: map[*sandbox]struct{}{}, closing: make(chan struct{})}, nil
}

// ARN is the function's.
func (f *Function) ARN() string { return f.arn }

// Invoke runs the function once with a payload of JSON and waits for what it
// returns. A failure of the function is an [InvocationError]. If ctx ends
// first, an invocation that was begun goes on without the caller.
func (f *Function) Invoke(ctx context.Context, payload []byte) (Result, error) {
	if len(payload) > maxPayload {
		return Result{}, &InvocationError{Type: errRequestTooLarge, Message: fmt.Sprintf("%d must be at most %d bytes", len(payload), maxPayload)}
	}
	var inv *invocation
	for inv == nil { // a slot may go away while it is handed over
		s, err := f.acquire(ctx)
		if err != nil {
			return Result{}, err
		}
		inv = f.deliver(s, payload)
	}
	select {
	case o := <-inv.outcome:
		return Result{RequestID: inv.id, Payload: o.payload}, o.err
	case <-ctx.Done():
		return Result{RequestID: inv.id}, fmt.Errorf("lambda: invocation %s: %w", inv.id, context.Cause(ctx))
	}
}

// acquire takes a slot, warm if there is one.
func (f *Function) acquire(ctx context.Context) (*slot, error) {
	f.mu.Lock()
	if f.closed {
		f.mu.Unlock()
		return nil, ErrClosed
	}
	if n := len(f.idle); n > 0 {
		s := f.idle[n-1]
		f.idle = f.idle[:n-1]
		f.mu.Unlock()
		return s, nil
	}
	w := &waiter{granted: make(chan grant, 1)}
	f.waiters = append(f.waiters, w)
	f.scale()
	f.mu.Unlock()

	select {
	case g := <-w.granted:
		return g.slot, g.err
	case <-ctx.Done():
		f.mu.Lock()
		f.waiters = slices.DeleteFunc(f.waiters, func(other *waiter) bool { return other == w })
		f.mu.Unlock()
		select {
		case g := <-w.granted: // just before
			if g.slot != nil {
				f.mu.Lock()
				f.offer(g.slot)
				f.mu.Unlock()
			}
		default:
		}
		return nil, fmt.Errorf("lambda: wait for a sandbox: %w", context.Cause(ctx))
	}
}

// deliver begins an invocation in a slot, or returns nil if the slot has gone.
func (f *Function) deliver(s *slot, payload []byte) *invocation {
	f.mu.Lock()
	defer f.mu.Unlock()
	if s.gone || s.sandbox.isEnding() {
		return nil
	}
	inv := s.sandbox.begin(payload)
	s.work <- inv
	return inv
}

// renew ends the invocation that its sandbox has answered and offers the slot,
// in one step: in between, there would seem to be nothing to wait for.
func (f *Function) renew(s *slot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s.sandbox.complete()
	f.offer(s)
}

// offer gives a slot to whoever waits longest, or keeps it. Call it with the
// lock held.
func (f *Function) offer(s *slot) {
	switch {
	case s.gone, s.sandbox.isEnding():
	case len(f.waiters) > 0:
		f.grant(grant{slot: s})
	default:
		f.idle = append(f.idle, s)
		if idle := f.idleIn(s.sandbox); idle == f.c.PerSandbox {
			s.sandbox.freeze()
		}
	}
}

func (f *Function) idleIn(b *sandbox) int {
	n := 0
	for _, s := range f.idle {
		if s.sandbox == b {
			n++
		}
	}
	return n
}

// grant answers the first waiter. Call it with the lock held.
func (f *Function) grant(g grant) {
	f.waiters[0].granted <- g
	f.waiters[0] = nil
	f.waiters = f.waiters[1:]
}

// withdraw takes a slot back whose call was broken off, and fails the
// invocation that was in it.
func (f *Function) withdraw(s *slot) {
	f.mu.Lock()
	s.gone = true
	f.idle = slices.DeleteFunc(f.idle, func(other *slot) bool { return other == s })
	f.mu.Unlock()
	select {
	case inv := <-s.work:
		inv.finish(nil, exited(inv.id, "the runtime broke off its call"))
	default:
	}
}

// scale starts sandboxes for those that wait, as far as there may be more and
// none is about to be free. Call it with the lock held.
func (f *Function) scale() {
	soon := 0
	for s := range f.sandboxes {
		soon += s.finishing()
	}
	for !f.closed && len(f.waiters) > soon+f.starting*f.c.PerSandbox && len(f.sandboxes)+f.starting < f.c.Sandboxes {
		f.starting++
		f.wg.Go(f.launch)
	}
}

// launch starts a sandbox. One that cannot be started is tried once more, with
// the function's timeout: "If all three tasks do not complete within 10
// seconds, Lambda retries the Init phase at the time of the first function
// invocation with the configured function timeout" ("Understanding the Lambda
// execution environment lifecycle", "Init phase"). If that fails, too, so does
// the invocation it was for.
func (f *Function) launch() {
	s, err := f.start(f.c.InitTimeout)
	if err != nil && !f.isClosed() {
		s, err = f.start(f.c.Timeout)
	}
	f.mu.Lock()
	f.starting--
	switch {
	case err != nil && len(f.waiters) > 0:
		f.grant(grant{err: err})
	case err == nil && !s.hasExited():
		f.sandboxes[s] = struct{}{}
	}
	f.scale()
	closed := f.closed
	f.mu.Unlock()
	if err == nil && closed {
		s.shutDown()
	}
}

func (f *Function) isClosed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.closed
}

// Close shuts every sandbox down, as Lambda does when it needs them no more,
// and returns when all processes are gone. Invocations that wait or run fail.
func (f *Function) Close() error {
	f.mu.Lock()
	if !f.closed {
		f.closed = true
		close(f.closing)
		for len(f.waiters) > 0 {
			f.grant(grant{err: ErrClosed})
		}
	}
	running := make([]*sandbox, 0, len(f.sandboxes))
	for s := range f.sandboxes {
		running = append(running, s)
	}
	f.mu.Unlock()
	for _, s := range running {
		f.wg.Go(s.shutDown)
	}
	f.wg.Wait()
	return nil
}

// newRequestID is a random UUID, RFC 9562 version 4.
func newRequestID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// newTraceHeader is the X-Ray header of an invocation. Without active tracing
// Lambda begins a trace of its own that is not sampled.
func newTraceHeader(now time.Time) string {
	return fmt.Sprintf("Root=1-%08x-%s;Parent=%s;Sampled=0;Lineage=1:%s:0", uint32(now.Unix()), randomHex(12), randomHex(8), randomHex(4)) //nolint:gosec // until 2106
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
