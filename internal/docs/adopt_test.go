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
// for the clone's place and the port, and its span arrives.
func TestREADME_ServiceFromNothing_SpanArrives(t *testing.T) {
	t.Parallel()
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
	clone, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	made := exec.CommandContext(ctx, "bash", "-euc", replaced(t, commands[0], "../tracehaul", clone))
	made.Dir = dir
	if out, err := made.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

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
	run, _, _ := strings.Cut(commands[1], "\n")
	stop := start(ctx, t, dir, replaced(t, run, "localhost:8090", address), "OTLP="+server.URL)
	get(ctx, t, "http://"+address+"/orders/7")
	logged := stop() // what is left is sent

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
}

// replaced replaces what has to stand there.
func replaced(t *testing.T, text, old, replacement string) string {
	t.Helper()
	if !strings.Contains(text, old) {
		t.Fatalf("%q does not name %s", text, old)
	}
	return strings.ReplaceAll(text, old, replacement)
}

// start runs a command as a terminal does. stop is Ctrl-C, and returns what was
// printed once all of it has ended.
func start(ctx context.Context, t *testing.T, dir, command, variable string) (stop func() string) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, "bash", "-euc", command)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "OTEL_") }), variable)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // by its signal, or with the server's last word
		close(ended)
	}()
	t.Cleanup(func() { <-ended }) // by then the context has
	return func() string {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		<-ended
		return out.String()
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
