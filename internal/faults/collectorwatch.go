//go:build unix

package main

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/internal/localcloud/lambda"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// time takes the time of an invocation, and lets nothing go wrong with it.
func (c *collector) time(m lambda.Moment) lambda.Fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.Stage == lambda.StageBegin {
		c.begun[m.RequestID] = time.Now()
		return lambda.FaultNone
	}
	took := time.Since(c.begun[m.RequestID])
	delete(c.begun, m.RequestID)
	c.slowest = max(c.slowest, took)
	if took >= flushBound {
		c.waits[m.LogStream]++
	}
	return lambda.FaultNone
}

// programNames are those under which the service and the consumer are known in
// telemetry.
func (w *world) programNames() []string {
	p := w.Pipeline()
	return []string{p.TelemetryName(p.Service.Name), w.consumer.TelemetryName()}
}

// droppedBy is how much a program has dropped, by its metric.
func (w *world) droppedBy(program string) (sum float64) {
	for _, m := range w.Telemetry().Metrics() {
		if m.Name == semconv.MetricTelemetryDropped && m.Service == program {
			sum += m.Value
		}
	}
	return sum
}

// idle reports whether the queue is empty.
func (w *world) idle() bool {
	queue, _ := w.queues()
	depth, err := w.Broker().QueueDepth(queue)
	return err == nil && depth.Visible+depth.InFlight+depth.Delayed == 0
}

// whole says what is missing between an event's row and the client.
func (w *world) whole(ctx context.Context, e *entry) error {
	ev := evidence{spans: w.Telemetry().Spans}
	if err := readRows(ctx, w.pool, &ev); err != nil {
		return err
	}
	for _, r := range ev.rows {
		if r.key == e.key {
			return (&account{evidence: ev}).checkRowTrace(e, r, terms{})
		}
	}
	return fmt.Errorf("%s has no row", e.key)
}

// memory is what a process holds, in bytes.
func memory(ctx context.Context, pid int) (int64, error) {
	out, err := exec.CommandContext(ctx, "ps", "-o", "rss=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return 0, fmt.Errorf("ps: %w", err)
	}
	kilobytes, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	return kilobytes << 10, err
}

// request is what a collector is asked for: a path, which stands for a signal,
// by a program.
type request struct{ program, path string }

// whoHeader has the program in it that exports something.
const whoHeader = "X-Faults-Program"

// saysWho has a program put its name there.
func saysWho(program string) map[string]string {
	return map[string]string{"OTEL_EXPORTER_OTLP_HEADERS": whoHeader + "=" + program}
}

// processesOf is how many there may be of each program.
var processesOf = map[string]int{serviceProgram: 1, consumerProgram: concurrency}

// leftAlone wants a collector that has asked for a long pause to have been
// asked once by each process for each signal. c.mu is held.
func (c *collector) leftAlone() error {
	for of, n := range c.seen {
		if most := processesOf[of.program]; c.staysAway && n > most {
			return fmt.Errorf("%d requests came to %s from the %s, want %d at most: the collector has asked for a pause", n, of.path, of.program, most)
		}
	}
	return nil
}

// metAll wants spans of every program among what was met. c.mu is held.
func (c *collector) metAll() error {
	for program := range processesOf {
		if c.seen[request{program, "/v1/traces"}] == 0 && !c.refuse {
			return fmt.Errorf("no spans of the %s came while the collector failed", program)
		}
	}
	return nil
}

// fullLine is in the one in which it says that its queue was full.
func fullLine(name string) string { return dropLine(name) + strconv.Quote(semconv.DropQueueFull) }

// dropLine is in the line in which a program says that spans were dropped.
func dropLine(name string) string {
	return fmt.Sprintf(`"service.name":%q,"service.version":"local",%q:"traces",%q:`, name, semconv.LogKeySignal, semconv.LogKeyReason)
}
