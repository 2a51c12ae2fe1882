//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tracehaul/tracehaul/internal/faultproxy"
	"github.com/tracehaul/tracehaul/internal/harness"
	"github.com/tracehaul/tracehaul/internal/localpipeline"
)

const (
	// exportTimeout is what the programs are given for an export with all its
	// attempts. Whoever waits for a collector that hangs waits for longer than
	// requestBound.
	exportTimeout = 5 * time.Second

	// requestBound is the longest that a request may take: it never waits for
	// telemetry, but the machine may be busy.
	requestBound = 3 * time.Second

	// flushBound is the longest that an invocation waits for telemetry:
	// awslambda.Config.FlushTimeout. workBound is for what else it does.
	flushBound = 2 * time.Second
	workBound  = 2 * time.Second

	// invocationTimeout leaves room for an invocation that waits for too long.
	invocationTimeout = 10 * time.Second

	// memoryBound is by how much the service may grow: its queues hold 2,048
	// spans and as many records.
	memoryBound = 64 << 20
)

// collectorFault is a way in which a collector fails the service and the
// consumer at once.
type collectorFault struct {
	name, what string

	fault  faultproxy.Fault
	refuse bool // connections, in place of fault

	// events are as in scenario.
	events int
	short  bool

	// first is how many requests of each kind are met of each program, all if it
	// is 0; over is how many bytes those have at least.
	first int
	over  int64

	// keepsAll says that nothing is dropped: what fails is sent again in time.
	keepsAll bool

	// eachWaits says that every flush may wait: the collector does answer.
	eachWaits bool

	// fills says that more comes than the service's queue holds.
	fills bool

	// staysAway says that the programs leave the collector alone for longer
	// than the scenario takes, as it has asked for.
	staysAway bool
}

func answers(status int, header map[string]string, body string) faultproxy.Fault {
	h := http.Header{}
	for name, value := range header {
		h.Set(name, value)
	}
	return faultproxy.Fault{Way: faultproxy.Answer, Status: status, Header: h, Body: []byte(body)}
}

func collectorScenarios() (all []scenario) {
	protobuf, html := map[string]string{"Content-Type": "application/x-protobuf"}, map[string]string{"Content-Type": "text/html"}
	for _, f := range []collectorFault{
		{name: "down", what: "Nobody listens at the collector's address, from the start.", refuse: true, short: true},
		{name: "hangs", what: "The collector takes requests and never answers.", fault: faultproxy.Fault{Way: faultproxy.Hang}, events: 3000, fills: true},
		{name: "slow", what: "The collector takes 700 ms for every request.", fault: faultproxy.Fault{Delay: 700 * time.Millisecond}, keepsAll: true, eachWaits: true},
		{name: "drips", what: "The collector's answers come at 10 bytes per second.", fault: faultproxy.Fault{Way: faultproxy.Endless, BytesPerSecond: 10}},
		{name: "resets", what: "The collector resets every connection.", fault: faultproxy.Fault{Way: faultproxy.Reset}},
		{name: "cuts-answers", what: "The collector takes everything, and its answers are cut off.", fault: faultproxy.Fault{Way: faultproxy.ForwardThenCut}},
		{name: "takes-and-hangs", what: "The collector takes everything, and never says so.", fault: faultproxy.Fault{Way: faultproxy.ForwardThenHang}},
		{name: "too-large", what: "The collector finds every request too large (413).", fault: answers(http.StatusRequestEntityTooLarge, nil, "")},
		{name: "takes-little", what: "The collector finds requests of more than 8 KiB too large (413).", fault: answers(http.StatusRequestEntityTooLarge, nil, ""), over: 8 << 10, keepsAll: true, eachWaits: true},
		{name: "refuses", what: "The collector refuses every request (400).", fault: answers(http.StatusBadRequest, nil, "no")},
		{name: "unavailable", what: "The collector is not available (503).", fault: answers(http.StatusServiceUnavailable, nil, "")},
		{name: "throttles", what: "The collector asks for a pause of a second (429), each program once for each signal.", fault: answers(http.StatusTooManyRequests, map[string]string{"Retry-After": "1"}, ""), first: 1, keepsAll: true, eachWaits: true},
		{name: "throttles-for-long", what: "The collector asks for a pause of a day (429).", fault: answers(http.StatusTooManyRequests, map[string]string{"Retry-After": "86400"}, ""), staysAway: true},
		{name: "garbage", what: "The collector's answers are no OTLP.", fault: answers(http.StatusOK, protobuf, "\xff\xff")},
		{name: "web-page", what: "Something else answers at the collector's address: a web page.", fault: answers(http.StatusOK, html, "<html>")},
		{name: "endless", what: "The collector's answers do not end.", fault: faultproxy.Fault{Way: faultproxy.Endless, BytesPerSecond: 64 << 20}},
	} {
		all = append(all, f.scenario())
	}
	return all
}

func (f collectorFault) scenario() scenario {
	c := &collector{collectorFault: f, seen: map[request]int{}, begun: map[string]time.Time{}, waits: map[string]int{}}
	s := scenario{
		name: "collector/" + f.name, what: f.what, events: f.events, short: f.short,
		setup: c.between, run: c.run, check: c.check,
	}
	if !f.keepsAll {
		s.spansMayMiss = "the collector does not take them"
	}
	return s
}

// collector is the one that programs send to, with something before it.
type collector struct {
	collectorFault

	proxy  *faultproxy.HTTP
	broken atomic.Bool

	mu      sync.Mutex
	met     int64
	seen    map[request]int // how many there were
	begun   map[string]time.Time
	waits   map[string]int // invocations that took long, by sandbox
	slowest time.Duration  // of the invocations
	cost    cost           // of requests
	held    memories       // of the service
	grown   int64          // bytes by which it has grown
}

// between puts the proxy there. It fails from the start.
func (c *collector) between(s *settings) {
	telemetry := map[string]string{"OTEL_EXPORTER_OTLP_TIMEOUT": strconv.FormatInt(exportTimeout.Milliseconds(), 10)}
	s.serviceEnv(telemetry)
	s.consumerEnv(telemetry)
	s.serviceEnv(saysWho(serviceProgram))
	s.consumerEnv(saysWho(consumerProgram))
	s.consumer.Timeout, s.consumer.VisibilityTimeout = invocationTimeout, invocationTimeout
	c.broken.Store(true)
	s.routes[localpipeline.PartOTLP] = func(url string) (_ string, err error) {
		if c.proxy, err = faultproxy.NewHTTP(faultproxy.HTTPConfig{URL: url, Hook: c.decide}); err != nil {
			return "", err
		}
		s.onStop(func(context.Context) error { return c.proxy.Close() })
		if c.refuse {
			c.proxy.Refuse()
		}
		return c.proxy.URL(), nil
	}
}

func (c *collector) decide(r *http.Request) faultproxy.Fault {
	if !c.broken.Load() {
		return faultproxy.Fault{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	this := request{r.Header.Get(whoHeader), r.URL.Path}
	c.seen[this]++
	if c.first > 0 && c.seen[this] > c.first || r.ContentLength < c.over {
		return faultproxy.Fault{}
	}
	c.met++
	return c.fault
}

// mend lets the collector be well again. What hangs is let go.
func (c *collector) mend(ctx context.Context) error {
	c.broken.Store(false)
	c.proxy.DropAll()
	return c.proxy.Accept(ctx)
}

// run has everything happen without a collector, and then with one again.
func (c *collector) run(ctx context.Context, w *world) error {
	w.failInvocations(c.time)
	for _, name := range w.programNames() {
		w.output.watch(dropLine(name))
		w.output.watch(fullLine(name))
	}
	before, err := memory(ctx, w.Service().PID())
	if err != nil {
		return err
	}
	if err := c.without(ctx, w); err != nil {
		return err
	}
	c.grown = c.held.most - before
	c.mu.Lock()
	w.hits.Add(c.met)
	c.mu.Unlock()
	if err := c.mend(ctx); err != nil {
		return err
	}
	if c.keepsAll || c.staysAway {
		return nil
	}
	return c.comesBack(ctx, w)
}

// without has everything happen without a collector, and looks at what the
// service holds meanwhile.
func (c *collector) without(ctx context.Context, w *world) error {
	defer c.held.watch(ctx, w)()
	if err := c.cost.compare(ctx, w); err != nil {
		return err
	}
	if err := w.await(ctx, "all is consumed", w.idle); err != nil {
		return err
	}
	w.failInvocations(nil)
	if c.keepsAll {
		return nil
	}
	return c.dropped(ctx, w)
}

// dropped waits until both programs have said that they have dropped
// something.
func (c *collector) dropped(ctx context.Context, w *world) error {
	for _, name := range w.programNames() {
		err := w.meanwhile(ctx, name+" says what it has dropped", func(*entry) bool { return w.output.count(dropLine(name)) > 0 })
		if err != nil {
			return err
		}
		if c.refuse {
			w.hit() // the system has refused for us
		}
	}
	return nil
}

// comesBack waits until what was dropped is in the metrics of both programs,
// and an event's trace is whole again.
func (c *collector) comesBack(ctx context.Context, w *world) error {
	for _, name := range w.programNames() {
		err := w.meanwhile(ctx, "the metrics of "+name+" tell what it has dropped", func(*entry) bool { return w.droppedBy(name) > 0 })
		if err != nil {
			return err
		}
	}
	return w.meanwhile(ctx, "a trace is whole again", func(e *entry) bool { return w.whole(ctx, e) == nil })
}

// meanwhile waits until something is so, and sends events: a Lambda that is not
// invoked is frozen, and does nothing. so is told the last event.
func (w *world) meanwhile(ctx context.Context, what string, so func(*entry) bool) error {
	return w.await(ctx, what, func() bool {
		e := w.newEvent()
		w.post(ctx, nil, e)
		_ = harness.Sleep(ctx, 200*time.Millisecond)
		return so(e)
	})
}

// check is that telemetry has cost nobody anything.
func (c *collector) check(w *world, a *account) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	errs := []error{allStored(w, a), w.inTime(), c.held.err}
	if most := flushBound + workBound; c.slowest > most {
		errs = append(errs, fmt.Errorf("an invocation took %v, want at most %v", c.slowest, most))
	}
	for sandbox, n := range c.waits {
		if n > 1 && !c.eachWaits {
			errs = append(errs, fmt.Errorf("%d invocations of sandbox %s have waited for the collector, want one", n, sandbox))
		}
	}
	errs = append(errs, c.leftAlone(), c.metAll())
	if line := fullLine(w.programNames()[0]); c.fills && w.output.count(line) == 0 {
		errs = append(errs, fmt.Errorf("the service has kept all spans: want a line with %s", line))
	}
	if c.grown > memoryBound {
		errs = append(errs, fmt.Errorf("the service has grown by %d bytes, want at most %d", c.grown, memoryBound))
	}
	return errors.Join(errs...)
}
