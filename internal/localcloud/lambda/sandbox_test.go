//go:build unix

package lambda

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// "Shutdown phase": without an extension there is no time between the end of
// the runtime and SIGKILL, with an internal one 500 ms.
func TestFunction_Close_SendsSIGTERMOnlyWithAnExtension(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		child string
		says  []string
		grace time.Duration
		min   time.Duration
	}{
		"no extension":  {"listens in vain", nil, patience, 0},
		"extension":     {"sigterm", []string{"flushed"}, patience, 0},
		"too slow":      {"slow sigterm", []string{"flushing"}, 2 * time.Second, 2 * time.Second},
		"never invoked": {"none", nil, patience, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, r := newFunction(t, Config{ShutdownGrace: tc.grace, Env: map[string]string{"CHILD": tc.child}})
			if tc.child != "none" {
				invoke(t, f, "tell")
			}
			began := time.Now()
			if err := f.Close(); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took < tc.min || took >= patience {
				t.Errorf("it took %v, want %v to %v", took, tc.min, patience)
			}
			if got := r.texts("stdout"); !slices.Equal(got, tc.says) {
				t.Errorf("it said %q, want %q", got, tc.says)
			}
			if _, err := f.Invoke(t.Context(), payload("tell")); !errors.Is(err, ErrClosed) {
				t.Errorf("an invocation after the close: %v", err)
			}
		})
	}
}

func TestFunction_TimeoutWithAnExtension_SendsSIGTERM(t *testing.T) {
	t.Parallel()
	f, r := newFunction(t, Config{Timeout: 2 * time.Second, ShutdownGrace: patience, Env: map[string]string{"CHILD": "sigterm"}})
	wantError(t, f, "sleep 1m", errTimeout, "")
	invoke(t, f, "tell") // of another process, while that one ends
	eventually(t, "the end of the first", func() bool { return slices.Equal(r.texts("stdout"), []string{"flushed"}) })
}

func TestFunction_InitFails_IsTriedTwiceThenFailsTheInvocation(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		child, kind, message string
		timeout              time.Duration
	}{
		"exits":   {"exits in init", "Runtime.ExitError", "exit status 3", patience},
		"hangs":   {"hangs in init", "Sandbox.Timedout", "the init phase took more than 0.40 seconds", 400 * time.Millisecond},
		"forgets": {"forgets its extension", "Sandbox.Timedout", "2.00 seconds; extensions that registered and did not ask for an event: 1", 2 * time.Second},
		"reports": {"reports an init error", "Runtime.BadConfig", "no table", patience},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := newFunction(t, Config{InitTimeout: tc.timeout / 4, Timeout: tc.timeout, Env: map[string]string{"CHILD": tc.child}})
			wantError(t, f, "tell", tc.kind, tc.message)
		})
	}
}

func TestFunction_BinaryCannotRun_SaysSo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bootstrap")
	if err := os.WriteFile(path, []byte("not a program"), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := New(Config{Name: "broken", Binary: path})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	wantError(t, f, "tell", "Runtime.ExitError", "exec format error")
}

// "Invocation payload (request and response): 6 MB each for synchronous
// requests" ("Lambda quotas").
func TestFunction_PayloadsTooLarge_AreRefused(t *testing.T) {
	f, _ := newFunction(t, Config{})
	wantError(t, f, strings.Repeat("x", maxPayload), errRequestTooLarge, "6291456")
	wantError(t, f, "large", errResponseTooLarge, "maximum allowed payload size")
	invoke(t, f, "tell") // in a sandbox anew: aws-lambda-go ends when its response is refused
}

func TestFunction_ResponseBreaksOff_FailsTheInvocation(t *testing.T) {
	f, _ := newFunction(t, Config{})
	wantError(t, f, "stream", "errorString", "while it wrote its response")
	invoke(t, f, "tell")
}

// "Lambda freezes the execution environment when the runtime and each
// extension have completed and there are no pending events."
func TestFunction_BetweenInvocations_IsFrozen(t *testing.T) {
	t.Parallel()
	for name, noFreeze := range map[string]bool{"frozen": false, "NoFreeze": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, _ := newFunction(t, Config{NoFreeze: noFreeze})
			if _, err := f.Invoke(t.Context(), payload("tick")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second)
			if gap := invoke(t, f, "tell").Gap; (gap > time.Second) == noFreeze {
				t.Errorf("in 2 s between invocations nothing happened for %v", gap)
			}
		})
	}
}

func TestFunction_Output_ComesLineByLine(t *testing.T) {
	f, r := newFunction(t, Config{})
	if _, err := f.Invoke(t.Context(), payload("print")); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if got := r.texts("stdout"); !slices.Equal(got, []string{"one", "two", "", "last without an end"}) {
		t.Errorf("stdout is %q", got)
	}
	got := r.texts("stderr")
	if len(got) != 2 || len(got[0]) != maxLine || got[1] != "x" {
		t.Errorf("stderr has %d lines, want one cut in two at %d bytes", len(got), maxLine)
	}
	if l := r.lines[0]; l.LogStream != r.all()[0].LogStream || l.Time.IsZero() {
		t.Errorf("the line is %+v", l)
	}
}

func TestRuntimeAPI_Misuse_IsRefusedByName(t *testing.T) {
	f, r := newFunction(t, Config{})
	got := invoke(t, f, "misuse").Answers
	for i, want := range []string{
		"400 InvalidRequestID", "400 InvalidRequestID", "403 Extension.RegistrationClosed",
		"400 ShutdownEventNotSupportedForInternalExtension", "501 NotImplemented INVOKE", "400 InvalidRequestFormat",
		"404 NotImplemented POST /2022-07-01/telemetry",
	} {
		for word := range strings.SplitSeq(want, " ") {
			if i >= len(got) || !strings.Contains(got[i], word) {
				t.Errorf("answer %d of %q does not say %q", i, got, word)
			}
		}
	}
	invoke(t, f, "tell") // in another sandbox: the second answer of the first ended it
	eventually(t, "what aws-lambda-go says of its second answer", func() bool {
		return strings.Contains(strings.Join(r.texts("stderr"), "\n"), "403")
	})
}

// parentEnv makes this test binary a program that runs a function and is
// killed.
const parentEnv = "TRACEHAUL_LAMBDA_TEST_PARENT"

func parent() {
	f, err := New(Config{Name: "f", Binary: os.Getenv(parentEnv), Timeout: time.Minute})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	result, err := f.Invoke(context.Background(), payload("tell"))
	var s seen
	if err := errors.Join(err, json.Unmarshal(result.Payload, &s)); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(s.PID)
	_, _ = f.Invoke(context.Background(), payload("sleep 1m"))
}

func TestFunction_ParentKilled_LeavesNoProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere the function ends with its next call of the Runtime API")
	}
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Env = append(os.Environ(), parentEnv+"="+binary)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	scanner := bufio.NewScanner(out)
	scanner.Scan()
	pid, err := strconv.Atoi(scanner.Text())
	if err != nil {
		t.Fatalf("the parent says %q", scanner.Text())
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	eventually(t, "the end of the function's process", func() bool { return !alive(pid) })
}

// alive reports whether a process runs; one that nobody has waited for yet
// does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.Contains(string(stat), ") Z ")
}
