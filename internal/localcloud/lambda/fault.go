//go:build unix

package lambda

import (
	"maps"
	"slices"
	"syscall"
	"time"
)

// Stage is a step of an invocation.
type Stage int

const (
	// StageBegin is before the runtime is handed the invocation.
	StageBegin Stage = iota
	// StageAnswer is when the function's response has come, and nobody knows
	// of it yet: its messages are still in the queue.
	StageAnswer
)

// Moment is one at which something can go wrong.
type Moment struct {
	Stage     Stage
	RequestID string
	LogStream string // names the sandbox
	Payload   []byte // what the function is handed, or has returned
}

// Fault is what goes wrong.
type Fault int

const (
	// FaultNone is nothing.
	FaultNone Fault = iota
	// FaultKill ends the sandbox's process with SIGKILL, which fails the
	// invocation.
	FaultKill
)

// suffers asks for a fault and lets it happen. It reports whether the process
// is gone.
func (s *sandbox) suffers(m Moment) bool {
	if s.f.c.Fault(m) != FaultKill {
		return false
	}
	s.signal(syscall.SIGKILL)
	return true
}

// Kill ends the process of every sandbox with SIGKILL, as a crash of its host
// would, and returns how many there were. What they did fails.
func (f *Function) Kill() (killed int) {
	for _, s := range f.running() {
		if !s.hasExited() {
			s.signal(syscall.SIGKILL)
			killed++
		}
		<-s.exited
	}
	return killed
}

// Retire shuts every sandbox down, as Lambda does with those that it needs no
// more, and returns how many there were when their processes are gone. Nothing
// may be invoked meanwhile.
func (f *Function) Retire() (retired int) {
	for _, s := range f.running() {
		if !s.hasExited() {
			retired++
		}
		s.shutDown()
	}
	return retired
}

// Signal sends a signal to the process of every sandbox, and returns how many
// there were.
func (f *Function) Signal(sig syscall.Signal) (reached int) {
	for _, s := range f.running() {
		if !s.hasExited() {
			s.signal(sig)
			reached++
		}
	}
	return reached
}

// PIDs are those of the sandboxes' processes.
func (f *Function) PIDs() (pids []int) {
	for _, s := range f.running() {
		if !s.hasExited() {
			pids = append(pids, s.cmd.Process.Pid)
		}
	}
	return pids
}

func (f *Function) running() []*sandbox {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Collect(maps.Keys(f.sandboxes))
}

// memoryPoll is the time between two looks at a sandbox's memory.
const memoryPoll = 2 * time.Millisecond

// limitMemory kills the process once it takes more memory than the function
// has. To whoever invoked it, it "exited with error: signal: killed".
func (s *sandbox) limitMemory() {
	tick := time.NewTicker(memoryPoll)
	defer tick.Stop()
	limit := int64(s.f.c.MemoryMB) << 20
	for {
		select {
		case <-s.exited:
			return
		case <-tick.C:
		}
		if residentBytes(s.cmd.Process.Pid) > limit {
			s.mu.Lock()
			s.outOfMemory = true
			s.mu.Unlock()
			s.signal(syscall.SIGKILL)
			return
		}
	}
}
