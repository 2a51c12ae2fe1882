//go:build unix

package main

import (
	"errors"
	"sync"

	"github.com/tracehaul/tracehaul/internal/localcloud/lambda"
)

// lambdaFault decides what goes wrong at a moment of an invocation.
type lambdaFault func(lambda.Moment) lambda.Fault

// failInvocations lets f decide what goes wrong with invocations, until it is
// nil. It counts a hit for each fault.
func (w *world) failInvocations(f lambdaFault) {
	if f == nil {
		w.lambda.Store(nil)
		return
	}
	w.lambda.Store(&f)
}

func (w *world) lambdaFaults(m lambda.Moment) lambda.Fault {
	if m.Stage == lambda.StageBegin {
		w.invocations.begin(m)
	}
	f := w.lambda.Load()
	if f == nil {
		return lambda.FaultNone
	}
	fault := (*f)(m)
	if fault != lambda.FaultNone {
		w.hit()
	}
	return fault
}

// batchEnded counts invocations that Lambda has ended.
func (w *world) batchEnded(_ string, b lambda.Batch) {
	failed, ok := errors.AsType[*lambda.InvocationError](b.Err)
	w.invocations.end(b.RequestID, ok)
	if !ok {
		return
	}
	switch failed.Type {
	case "Sandbox.Timedout":
		w.timeouts.Add(1)
	case "Runtime.OutOfMemory":
		w.outOfMemory.Add(1)
	}
}

// killConsumers ends all processes of the consumer with SIGKILL, and counts a
// hit for each.
func (w *world) killConsumers() (killed int) {
	killed = w.Function(w.consumer.Name).Kill()
	w.hits.Add(int64(killed))
	return killed
}

// invocations knows what messages those have that are under way, and which
// messages were in one that failed.
type invocations struct {
	mu      sync.Mutex
	running map[string][]record // by request id
	failed  []record
}

func (i *invocations) begin(m lambda.Moment) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.running == nil {
		i.running = map[string][]record{}
	}
	i.running[m.RequestID] = records(m)
}

func (i *invocations) end(requestID string, failed bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if failed {
		i.failed = append(i.failed, i.running[requestID]...)
	}
	delete(i.running, requestID)
}

// ended is how many messages were in an invocation that failed.
func (i *invocations) ended() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.failed)
}

// cutOff returns the traces that nobody samples, and those of all messages that
// were in an invocation that failed, where the scenario is about that.
func (w *world) cutOff() map[string]bool {
	traces := w.books.withoutSpans()
	if w.sc.invocationsFail == "" {
		return traces
	}
	w.invocations.mu.Lock()
	defer w.invocations.mu.Unlock()
	for _, r := range w.invocations.failed {
		o := dead{body: r.Body}.open()
		if e := w.books.find(o.text, o.key); e != nil {
			for id := range e.traces {
				traces[id] = true
			}
		}
	}
	return traces
}
