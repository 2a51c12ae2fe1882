package main

import "runtime/debug"

const (
	// gcPercent lets the heap grow to five times what is in use before it is
	// collected. What is in use is little, some 10 MB, so that the runtime's
	// own 100 would collect it dozens of times a second under load: a fifth of
	// the processor's time.
	gcPercent = 400

	// memoryLimit makes the collector work harder before a task of 512 MiB is
	// out of memory. The service holds 64 MiB of events at most, see
	// service.Config.MaxBufferedBytes, and a few times that while it handles
	// them.
	memoryLimit = 384 << 20
)

// tuneMemory sets what the operator has not: GOGC and GOMEMLIMIT.
func tuneMemory(getenv func(string) string) {
	if getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}
