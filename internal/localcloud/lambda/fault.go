//go:build unix

package lambda

import "syscall"

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
	f.mu.Lock()
	running := make([]*sandbox, 0, len(f.sandboxes))
	for s := range f.sandboxes {
		running = append(running, s)
	}
	f.mu.Unlock()
	for _, s := range running {
		if !s.hasExited() {
			s.signal(syscall.SIGKILL)
			killed++
		}
		<-s.exited
	}
	return killed
}
