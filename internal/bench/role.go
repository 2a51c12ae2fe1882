package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"time"

	"github.com/tracehaul/tracehaul/internal/memory"
)

// rolePrefix begins the argument that makes this program play a part in a
// measurement. What follows it are the part's settings, as JSON.
const rolePrefix = "role="

// The roles.
const (
	roleService = "service" // the service, with telemetry or without
	roleOutside = "outside" // clients, SNS and collector
)

// play runs until stdin ends: then whoever started it has gone. It writes the
// address at which it is told what to do to stdout.
func play(ctx context.Context, role, settings string, stdin io.Reader, stdout io.Writer) (err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var handler http.Handler
	switch role {
	case roleOutside:
		var s outsideSettings
		if err := json.Unmarshal([]byte(settings), &s); err != nil {
			return err
		}
		handler = newOutside(s)
	case roleService:
		var s serviceSettings
		if err := json.Unmarshal([]byte(settings), &s); err != nil {
			return err
		}
		memory.Tune(func(string) string { return "" }, os.DirFS("/")) // as cmd/service does
		served, stop, err := performService(ctx, s)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, stop()) }()
		handler = served.control()
	default:
		return fmt.Errorf("there is no role %q", role)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	if _, err := fmt.Fprintln(stdout, l.Addr()); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, stdin)
	return err
}

// performService starts a service with the profiles that are wanted of it.
func performService(ctx context.Context, s serviceSettings) (v *served, stop func() error, err error) {
	stopAllocations := profileAllocations(s.AllocationProfile)
	stopCPU, err := profileCPU(s.CPUProfile)
	if err != nil {
		return nil, nil, err
	}
	if v, err = startService(ctx, s); err != nil {
		return nil, nil, errors.Join(err, stopCPU())
	}
	return v, func() error { return errors.Join(stopCPU(), stopAllocations(), v.stop()) }, nil
}

// actor is a process that plays a role.
type actor struct {
	url   string // of what it listens to
	stdin io.Closer
	cmd   *exec.Cmd
}

// cast starts a process for a role on some of the processors.
func cast(ctx context.Context, role string, settings any, on processors) (*actor, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, rolePrefix+role, string(text))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := on.start(cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", role, err)
	}
	a := &actor{stdin: stdin, cmd: cmd}
	address, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s ended before it was ready", role), err, a.stop())
	}
	a.url = "http://" + address[:len(address)-1]
	return a, nil
}

// stop ends the process and waits for it.
func (a *actor) stop() error { return errors.Join(a.stdin.Close(), a.cmd.Wait()) }

// ask gets the answer of an actor.
func ask[T any](ctx context.Context, a *actor, path string) (answer T, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url+path, nil)
	if err != nil {
		return answer, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return answer, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return answer, err
	}
	if response.StatusCode != http.StatusOK {
		return answer, fmt.Errorf("%s: %s: %s", path, response.Status, body)
	}
	return answer, json.Unmarshal(body, &answer)
}

// respond answers with JSON, or with an error.
func respond(w http.ResponseWriter, answer any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}
