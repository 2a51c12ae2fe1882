//go:build unix

package docs_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/freeport"
	"github.com/tracehaul/tracehaul/internal/localcloud/otlp"
	"github.com/tracehaul/tracehaul/internal/program"
)

// The service that the README begins with is made and run as it stands there, but
// for the clone's place and the port. Whoever stops it, Ctrl-C or ECS, its span
// arrives, and it ends well.
func TestREADME_ServiceFromNothing_SpanArrives(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	dir, run := shop(ctx, t)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			receiver, err := otlp.New(otlp.Config{})
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(receiver)
			t.Cleanup(server.Close)
			address, err := freeport.Address(ctx)
			if err != nil {
				t.Fatal(err)
			}
			stop := start(ctx, t, dir, replaced(t, run, "localhost:8090", address), "OTLP="+server.URL)
			get(ctx, t, "http://"+address+"/orders/7")
			logged, err := stop(signal) // what is left is sent
			if err != nil {
				t.Errorf("it ends with %v:\n%s", err, logged)
			}

			traces := receiver.Latest(2)
			if len(traces) != 1 {
				t.Fatalf("%d traces came, want one:\n%s", len(traces), logged)
			}
			spans := receiver.Spans(traces[0].ID)
			if len(spans) != 1 || spans[0].Name != "GET /orders/{id}" || spans[0].Service != "shop" {
				t.Errorf("spans %+v, want GET /orders/{id} of shop", spans)
			}
			if !strings.Contains(logged, `"trace_id":"`+traces[0].ID+`"`) {
				t.Errorf("no line has the trace's id %s:\n%s", traces[0].ID, logged)
			}
		})
	}
	t.Run("AddressTaken_Fails", func(t *testing.T) {
		t.Parallel()
		taken := httptest.NewServer(http.NotFoundHandler())
		t.Cleanup(taken.Close)
		logged, err := start(ctx, t, dir, replaced(t, run, "localhost:8090", taken.Listener.Addr().String()), "OTLP="+taken.URL)(0)
		if err == nil || !strings.Contains(logged, "address already in use") {
			t.Errorf("it ends with %v, and says\n%s", err, logged)
		}
	})
}

// shop is the README's service, built in its directory, and the command that runs
// it: what `go run` builds and runs passes no exit code on when a signal ends both.
func shop(ctx context.Context, t *testing.T) (dir, run string) {
	t.Helper()
	if err := program.WatchSources(); err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	source, commands := blocks(string(readme), "go"), blocks(string(readme), "sh")
	if len(source) != 1 || len(commands) != 2 {
		t.Fatalf("the README has %d programs and %d blocks of commands, want one program, how to make it and how to run it", len(source), len(commands))
	}
	if !strings.Contains(source[0], "ReadHeaderTimeout: ") {
		t.Error("the README's server waits for the headers of a request for ever")
	}
	clone, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	made := exec.CommandContext(ctx, "bash", "-euc", replaced(t, commands[0], "../tracehaul", clone)+"\ngo build -o shop .")
	made.Dir = dir
	if out, err := made.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	line, _, _ := strings.Cut(commands[1], "\n")
	return dir, replaced(t, line, "go run .", "exec ./shop")
}

// replaced replaces what has to stand there.
func replaced(t *testing.T, text, old, replacement string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("%q does not name %s", text, old)
	}
	return strings.ReplaceAll(text, old, replacement)
}

// start runs a command as a terminal does. stop sends it a signal, or none, and
// returns what was printed and how it ended once all of it has.
func start(ctx context.Context, t *testing.T, dir, command, variable string) (stop func(syscall.Signal) (string, error)) {
	t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "bash", "-euc", command)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "OTEL_") }), variable)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	var how error
	ended := make(chan struct{})
	go func() {
		how = cmd.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return func(signal syscall.Signal) (string, error) {
		if signal != 0 {
			_ = syscall.Kill(-cmd.Process.Pid, signal)
		}
		<-ended
		return out.String(), how
	}
}

// get asks until there is somebody who answers.
func get(ctx context.Context, t *testing.T, url string) {
	t.Helper()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode != http.StatusOK {
				t.Errorf("%s: %s", url, response.Status)
			}
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("nobody answers: %v", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
