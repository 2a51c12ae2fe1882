package main

import (
	"runtime"
	"syscall"
	"time"
)

// usage is what this process has used so far.
type usage struct {
	Allocations uint64
	CPU         time.Duration // of all its threads, kernel included
}

func used() usage {
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	var r syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &r) // cannot fail with these arguments
	return usage{memory.Mallocs, time.Duration(r.Utime.Nano() + r.Stime.Nano())}
}

func (u usage) minus(o usage) usage { return usage{u.Allocations - o.Allocations, u.CPU - o.CPU} }
