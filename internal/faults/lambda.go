//go:build unix

package main

import (
	"errors"

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
