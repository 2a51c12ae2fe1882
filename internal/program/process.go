//go:build unix

package program

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Process is a program that runs.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // of the exit; valid when done is closed
}

// longestLine is where a line of output is cut.
const longestLine = 64 << 10

// Start runs a program with exactly the given environment. Each line it writes
// to stdout or stderr goes to output, from one goroutine a stream.
func Start(path string, env []string, output func(line string), args ...string) (*Process, error) {
	cmd := exec.Command(path, args...) //nolint:noctx // it lives until Stop
	cmd.Env = env
	cmd.Dir = string(filepath.Separator)
	cmd.SysProcAttr = attributes()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", path, err)
	}
	p := &Process{cmd: cmd, done: make(chan struct{})}
	read := make(chan struct{}, 2)
	for _, stream := range []io.Reader{stdout, stderr} {
		go func() {
			lines(stream, output)
			read <- struct{}{}
		}()
	}
	go func() {
		<-read
		<-read
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func lines(from io.Reader, output func(string)) {
	r := bufio.NewReaderSize(from, longestLine)
	for {
		line, err := r.ReadSlice('\n')
		if len(line) > 0 {
			output(strings.TrimRight(string(line), "\r\n"))
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

// PID is the process's id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Signal sends a signal to the process.
func (p *Process) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

// Stop asks the process to end with SIGTERM and kills it when ctx ends or
// grace is over. It returns how the process ended if that was not with 0, and
// an error if it had to be killed.
func (p *Process) Stop(ctx context.Context, grace time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	if err := p.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.cmd.Path, err)
	}
	select {
	case <-p.done:
		if p.err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(p.cmd.Path), p.err)
		}
		return nil
	case <-ctx.Done():
		_ = syscall.Kill(-p.PID(), syscall.SIGKILL) // with what it started; all may just have ended
		<-p.done
		return fmt.Errorf("%s did not end within %v of SIGTERM and was killed", filepath.Base(p.cmd.Path), grace)
	}
}
