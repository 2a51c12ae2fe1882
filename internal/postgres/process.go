//go:build unix

package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// watch is what the watchdog runs: it reads the number of the server's process,
// one line for each start, and when our end of the pipe closes, because we
// closed it or because we are gone, it stops that process and removes the
// directory in $1.
//
// The server removes postmaster.pid as the last thing it does, and its process
// may then stay a zombie for as long as init likes.
//
// A signal on the parent's death (PR_SET_PDEATHSIG) would be shorter, but it is
// sent when the *thread* that started the child ends, which the Go runtime
// does to threads as it sees fit, it exists on Linux only, and it leaves the
// files.
const watch = `
pid=
while read -r line; do pid=$line; done
if [ -z "$pid" ] && [ -r "$1/data/postmaster.pid" ]; then read -r pid <"$1/data/postmaster.pid"; fi
if [ -n "$pid" ] && [ "$pid" -gt 1 ]; then
	kill -s QUIT "$pid" 2>/dev/null
	tries=0
	while [ -e "$1/data/postmaster.pid" ] && kill -0 "$pid" 2>/dev/null && [ "$tries" -lt 100 ]; do
		sleep 0.05
		tries=$((tries+1))
	done
	[ -e "$1/data/postmaster.pid" ] && kill -s KILL "$pid" 2>/dev/null
fi
rm -rf "$1"
`

// noProcess tells the watchdog that there is nothing to stop.
const noProcess = 0

// watchdog cleans up after a server, whatever happens to us.
type watchdog struct {
	cmd  *exec.Cmd
	pipe *os.File
}

func startWatchdog(dir string) (*watchdog, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	cmd := exec.Command("/bin/sh", "-c", watch, "tracehaul-postgres-watchdog", dir) //nolint:noctx // it must outlive any context
	cmd.Env = []string{"PATH=/usr/bin:/bin"}
	cmd.Dir = "/"
	cmd.Stdin = r
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C is not for it
	if err := cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("watchdog: %w", err), w.Close())
	}
	return &watchdog{cmd: cmd, pipe: w}, nil
}

// guard makes pid the process to stop.
func (w *watchdog) guard(pid int) error {
	if _, err := fmt.Fprintln(w.pipe, pid); err != nil {
		return fmt.Errorf("watchdog: %w", err)
	}
	return nil
}

// finish lets it clean up and waits for that.
func (w *watchdog) finish() error {
	err := w.pipe.Close()
	if waitErr := w.cmd.Wait(); waitErr != nil {
		err = errors.Join(err, fmt.Errorf("watchdog: %w", waitErr))
	}
	return err
}

// process is a server that runs. It has no goroutine waiting for it, so that a
// test that looks for leaked ones finds none of ours.
type process struct {
	pid int

	mu     sync.Mutex
	exited bool
	status syscall.WaitStatus
}

// startProcess starts a program with its output in a file.
func startProcess(path string, args []string, logPath string, attr *syscall.SysProcAttr) (*process, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, err
	}
	defer null.Close()
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	pid, err := syscall.ForkExec(path, append([]string{path}, args...), &syscall.ProcAttr{
		Dir: "/", Env: programEnv, Sys: attr,
		Files: []uintptr{null.Fd(), log.Fd(), log.Fd()},
	})
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	return &process{pid: pid}, nil
}

// done reports whether the process has ended, and takes its status.
func (p *process) done() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.exited {
		return true
	}
	pid, err := syscall.Wait4(p.pid, &p.status, syscall.WNOHANG, nil)
	p.exited = pid == p.pid || errors.Is(err, syscall.ECHILD)
	return p.exited
}

func (p *process) signal(s syscall.Signal) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.exited {
		return nil
	}
	if err := syscall.Kill(p.pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("signal %v: %w", s, err)
	}
	return nil
}

// stop sends a signal and waits for the end.
func (p *process) stop(ctx context.Context, s syscall.Signal) error {
	if err := p.signal(s); err != nil {
		return err
	}
	return poll(ctx, func() bool { return p.done() })
}

// poll waits until something is so.
func poll(ctx context.Context, done func() bool) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}

// lastLines is the end of a log, for an error.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "; ")
}
