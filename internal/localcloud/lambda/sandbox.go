//go:build unix

package lambda

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// pipeGrace is how long the output may stay open after the process has ended,
// by a process of its own that it left behind.
const pipeGrace = time.Second

// sandbox is an execution environment: one process and the Runtime API that it
// talks to.
type sandbox struct {
	f         *Function
	logStream string
	cmd       *exec.Cmd
	server    *http.Server
	began     time.Time
	spawned   chan struct{} // closed when the process has been started, or could not be
	spawnErr  error         // why not
	exited    chan struct{} // closed when the process has ended and its output is read

	mu          sync.Mutex
	ready       chan struct{} // closed by the first /next, when its slot is there
	asked       bool          // /next was called
	initialised chan struct{} // closed when the init phase is over
	initTime    time.Duration // 0 until then
	initFailure *InvocationError
	extensions  map[string]bool // by identifier: whether it has asked for an event
	running     map[string]*invocation
	ending      bool
	reported    bool // the init time, with the first invocation
	outOfMemory bool
	how         string
}

// start starts a sandbox and returns when it has taken up work or failed to.
func (f *Function) start(limit time.Duration) (*sandbox, error) {
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("lambda: runtime API: %w", err)
	}
	now := time.Now()
	s := &sandbox{
		f: f, began: now, spawned: make(chan struct{}), exited: make(chan struct{}), ready: make(chan struct{}),
		initialised: make(chan struct{}), extensions: map[string]bool{}, running: map[string]*invocation{},
		logStream: now.UTC().Format("2006/01/02/") + "[" + version + "]" + randomHex(16),
	}
	s.server = &http.Server{Handler: s.runtimeAPI(), ReadHeaderTimeout: 10 * time.Second}
	s.cmd = exec.Command(f.c.Binary, f.c.Args...) //nolint:noctx // shutDown ends it
	s.cmd.Env = f.c.environment(l.Addr().String(), s.logStream)
	s.cmd.Dir = filepath.Dir(f.c.Binary)
	out, errOut := newLineWriter(f.c.Output, "stdout", s.logStream), newLineWriter(f.c.Output, "stderr", s.logStream)
	s.cmd.Stdout, s.cmd.Stderr = out, errOut
	s.cmd.SysProcAttr = processAttr()
	s.cmd.WaitDelay = pipeGrace

	f.wg.Go(func() { _ = s.server.Serve(l) }) // until closed
	f.wg.Go(func() {
		s.run()
		out.flush()
		errOut.flush()
		s.gone()
	})
	if <-s.spawned; s.spawnErr != nil {
		return nil, &InvocationError{Type: errExit, Message: s.spawnErr.Error()}
	}
	if err := s.awaitInit(limit); err != nil {
		return nil, err
	}
	return s, nil
}

// awaitInit returns once the init phase is over, see endInit.
func (s *sandbox) awaitInit(limit time.Duration) error {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-s.ready:
		return nil
	case <-s.exited:
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.initFailure != nil {
			return s.initFailure
		}
		return exited("", s.how)
	case <-timer.C:
		s.mu.Lock()
		message := fmt.Sprintf("the init phase took more than %.2f seconds", limit.Seconds())
		if n := s.waitsFor(); s.asked && n > 0 {
			message += fmt.Sprintf("; extensions that registered and did not ask for an event: %d", n)
		}
		s.mu.Unlock()
		s.shutDown()
		return &InvocationError{Type: errTimeout, Message: message}
	case <-s.f.closing:
		s.shutDown()
		return ErrClosed
	}
}

// run starts the process and waits for its end. The thread stays the same
// throughout: where the process dies with its parent, it dies with the thread
// that started it (PR_SET_PDEATHSIG).
func (s *sandbox) run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s.spawnErr = s.cmd.Start()
	close(s.spawned)
	if s.spawnErr != nil {
		return
	}
	if s.f.c.EnforceMemory {
		s.f.wg.Go(s.limitMemory)
	}
	err := s.cmd.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.how = s.cmd.ProcessState.String(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		s.how += ", " + err.Error()
	}
}

// gone takes the sandbox off the books after its process has ended.
func (s *sandbox) gone() {
	close(s.exited)
	_ = s.server.Close()
	s.mu.Lock()
	how, running := s.how, s.running
	s.running = map[string]*invocation{}
	s.mu.Unlock()
	for _, inv := range running {
		inv.finish(nil, s.ended(inv.id, how))
	}
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	delete(s.f.sandboxes, s)
	s.f.scale()
}

// ended is the error of an invocation whose process has ended.
func (s *sandbox) ended(requestID, how string) *InvocationError {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := exited(requestID, how)
	if s.outOfMemory {
		e.Type = errOutOfMemory
	}
	return e
}

// begin makes an invocation of this sandbox. Its time runs from now.
func (s *sandbox) begin(payload []byte) *invocation {
	now := time.Now()
	inv := &invocation{
		s: s, id: newRequestID(), payload: payload, traceHeader: newTraceHeader(now),
		began: now, deadline: now.Add(s.f.c.Timeout), outcome: make(chan outcome, 1),
	}
	s.mu.Lock()
	s.running[inv.id] = inv
	if !s.reported {
		s.reported, inv.initTime = true, s.initTime
	}
	s.mu.Unlock()
	s.thaw()
	inv.timer = time.AfterFunc(s.f.c.Timeout, func() {
		inv.finish(nil, timedOut(inv.id, s.f.c.Timeout))
		s.shutDown()
	})
	return inv
}

// shutDown ends the process, as Lambda does with an environment that it needs
// no more or that timed out, and waits for that.
func (s *sandbox) shutDown() {
	s.mu.Lock()
	first, extensions := !s.ending, len(s.extensions)
	s.ending = true
	s.mu.Unlock()
	if first && extensions > 0 {
		s.signal(syscall.SIGTERM)
		s.signal(syscall.SIGCONT)
		select {
		case <-s.exited:
			return
		case <-time.After(s.f.c.ShutdownGrace):
		}
	}
	if first {
		s.signal(syscall.SIGKILL)
	}
	<-s.exited
}

// freeze stops the process: "Lambda freezes the execution environment when the
// runtime and each extension have completed and there are no pending events"
// ("Understanding the Lambda execution environment lifecycle").
func (s *sandbox) freeze() {
	if !s.f.c.NoFreeze {
		s.signal(syscall.SIGSTOP)
	}
}

func (s *sandbox) thaw() {
	if !s.f.c.NoFreeze {
		s.signal(syscall.SIGCONT)
	}
}

// signal reaches the process and all it started.
func (s *sandbox) signal(sig syscall.Signal) {
	<-s.spawned // the process may call before we know its number
	if !s.hasExited() {
		_ = syscall.Kill(-s.cmd.Process.Pid, sig) // it may be gone
	}
}

// finishing is the number of invocations that were answered, but whose end the
// runtime has still to tell by asking for the next one.
func (s *sandbox) finishing() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, inv := range s.running {
		if inv.answered && !s.ending {
			n++
		}
	}
	return n
}

func (s *sandbox) isEnding() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ending
}

func (s *sandbox) hasExited() bool {
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}
