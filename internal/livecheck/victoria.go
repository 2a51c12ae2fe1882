//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/tracehaul/tracehaul/internal/filelock"
	"github.com/tracehaul/tracehaul/internal/freeport"
	"github.com/tracehaul/tracehaul/internal/program"
)

// The store for metrics. It is a program of its own, not a dependency: what it
// links stays out of go.mod.
const (
	victoriaModule  = "github.com/VictoriaMetrics/VictoriaMetrics"
	victoriaVersion = "v1.148.8"
	victoriaProgram = "victoria-metrics"
)

const (
	victoriaReady = 30 * time.Second
	victoriaGrace = 10 * time.Second
)

// victoria is a store that runs.
type victoria struct {
	url     string
	process *program.Process
}

// startVictoria starts a store whose data lie in dir.
func startVictoria(ctx context.Context, dir string, progress io.Writer, output func(program, line string)) (_ *victoria, err error) {
	path, err := victoriaPath(ctx, progress)
	if err != nil {
		return nil, err
	}
	address, err := freeport.Address(ctx)
	if err != nil {
		return nil, err
	}
	v := &victoria{url: "http://" + address}
	v.process, err = program.Start(path, nil, func(line string) { output(victoriaProgram, line) },
		"-httpListenAddr="+address,
		"-storageDataPath="+filepath.Join(dir, "metrics"),
		"-opentelemetry.usePrometheusNaming", // http.server.request.duration becomes http_server_request_duration_seconds
		"-search.latencyOffset=0s",           // by default the last 30 seconds are left out
		"-search.disableCache",               // or what was asked a moment ago is not asked again
		"-inmemoryDataFlushInterval=1s",
		"-memory.allowedBytes=256MB",
		"-retentionPeriod=1d",
		"-loggerLevel=WARN",
	)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, v.stop(context.WithoutCancel(ctx)))
		}
	}()
	return v, v.waitReady(ctx)
}

func (v *victoria) waitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, victoriaReady)
	defer cancel()
	for {
		if _, err := get(ctx, v.url+"/health"); err == nil {
			return nil
		}
		select {
		case <-v.process.Done():
			return errors.New("the store for metrics ended before it was ready; its output says why")
		case <-ctx.Done():
			return fmt.Errorf("the store for metrics was not ready: %w", ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (v *victoria) stop(ctx context.Context) error { return v.process.Stop(ctx, victoriaGrace) }

// victoriaPath returns the program, which the go command installs if it is not
// there yet. Several that want it at once wait for the first.
func victoriaPath(ctx context.Context, progress io.Writer) (string, error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("a place for %s: %w", victoriaProgram, err)
	}
	dir := filepath.Join(base, "tracehaul", victoriaProgram)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("a place for %s: %w", victoriaProgram, err)
	}
	path := filepath.Join(dir, victoriaVersion)
	unlock, err := filelock.Lock(ctx, path+".lock")
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := exec.LookPath(path); err == nil {
		return path, nil
	}
	_, _ = fmt.Fprintf(progress, "installing %s %s; the first time takes a minute\n", victoriaProgram, victoriaVersion)
	return path, install(ctx, dir, path)
}

// install has the go command build the program aside, so that a half-written
// one is never found.
func install(ctx context.Context, dir, path string) (err error) {
	temporary, err := os.MkdirTemp(dir, "install-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temporary)) }()
	source := victoriaModule + "/app/" + victoriaProgram + "@" + victoriaVersion
	cmd := exec.CommandContext(ctx, "go", "install", "-trimpath", source)
	cmd.Dir = temporary                                                                        // outside of any module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOBIN="+temporary, "GOTMPDIR="+temporary) //nolint:forbidigo // the go command needs the user's environment
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }                      // it ends its compilers, too
	cmd.WaitDelay = victoriaGrace
	if output, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("go install %s: %w\n%s", source, err, bytes.TrimSpace(output))
	}
	return os.Rename(filepath.Join(temporary, victoriaProgram), path)
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 32 << 20

// get returns the body of a 200.
func get(ctx context.Context, url string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %.200s", answer.Status, body)
	}
	return body, nil
}
