//go:build unix

package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// recorder keeps what a function wrote and how its invocations went.
type recorder struct {
	mu      sync.Mutex
	lines   []Line
	reports []Report
}

func (r *recorder) output(l Line) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, l)
}

func (r *recorder) report(p Report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reports = append(r.reports, p)
}

// all are the reports so far.
func (r *recorder) all() []Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.reports)
}

// texts are the lines of a stream.
func (r *recorder) texts(stream string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, l := range r.lines {
		if l.Stream == stream {
			out = append(out, l.Text)
		}
	}
	return out
}

// patience is for what should happen, on a machine however busy.
const patience = 30 * time.Second

// newFunction makes a function of this test binary.
func newFunction(t *testing.T, c Config) (*Function, *recorder) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{}
	setDefault(&c.Name, "consumer")
	setDefault(&c.Timeout, patience)
	setDefault(&c.InitTimeout, patience)
	c.Binary, c.Output, c.Report = binary, r.output, r.report
	f, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f, r
}

// invoke runs a command in the function and returns what it tells.
func invoke(t *testing.T, f *Function, command string) seen {
	t.Helper()
	result, err := f.Invoke(t.Context(), payload(command))
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	var s seen
	if err := json.Unmarshal(result.Payload, &s); err != nil {
		t.Fatalf("%s: returned %s", command, result.Payload)
	}
	return s
}

func payload(command string) []byte {
	b, _ := json.Marshal(command) //nolint:errchkjson // a string
	return b
}

// wantError invokes and checks the error.
func wantError(t *testing.T, f *Function, command, kind, message string) {
	t.Helper()
	result, err := f.Invoke(t.Context(), payload(command))
	var failure *InvocationError
	if !errors.As(err, &failure) {
		t.Fatalf("%s: returned %.100s, %v, want an InvocationError", command, result.Payload, err)
	}
	if failure.Type != kind || !strings.Contains(failure.Message, message) {
		t.Errorf("%s: %s: %s, want %s: …%s", command, failure.Type, failure.Message, kind, message)
	}
}

func TestFunction_Invocation_SeesWhatLambdaGives(t *testing.T) {
	t.Setenv("OF_THE_PARENT", "must not be seen")
	f, r := newFunction(t, Config{
		MemoryMB: 256, Region: "us-east-2", AccountID: "123456789012", Timeout: 5 * time.Second,
		Env: map[string]string{"OWN": "value", "TZ": ":Europe/Berlin"},
	})
	before := time.Now()
	result, err := f.Invoke(t.Context(), payload("tell"))
	after := time.Now()
	if err != nil {
		t.Fatal(err)
	}
	var s seen
	if err := json.Unmarshal(result.Payload, &s); err != nil {
		t.Fatal(err)
	}
	if s.RequestID != result.RequestID || !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(s.RequestID) {
		t.Errorf("the request id is %q there and %q here", s.RequestID, result.RequestID)
	}
	if want := "arn:aws:lambda:us-east-2:123456789012:function:consumer"; s.ARN != want || f.ARN() != want {
		t.Errorf("the ARN is %q there and %q here, want %q", s.ARN, f.ARN(), want)
	}
	if !regexp.MustCompile(`^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0;Lineage=1:[0-9a-f]{8}:0$`).MatchString(s.Trace) {
		t.Errorf("the trace header is %q", s.Trace)
	}
	if !s.HasDeadline || s.Deadline.Before(before.Add(5*time.Second-time.Millisecond)) || s.Deadline.After(after.Add(5*time.Second)) {
		t.Errorf("the deadline is %v, want 5 s after the begin of a call from %v to %v", s.Deadline, before, after)
	}
	if binary, _ := os.Executable(); s.Dir != filepath.Dir(binary) {
		t.Errorf("it runs in %s", s.Dir)
	}
	stream := r.all()[0].LogStream
	if !regexp.MustCompile(`^\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}$`).MatchString(stream) {
		t.Errorf("the log stream is %q", stream)
	}
	env := map[string]string{}
	for _, kv := range s.Env {
		name, value, _ := strings.Cut(kv, "=")
		env[name] = value
	}
	for name, want := range map[string]string{
		"_HANDLER": "bootstrap", "AWS_REGION": "us-east-2", "AWS_DEFAULT_REGION": "us-east-2",
		"AWS_LAMBDA_FUNCTION_NAME": "consumer", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
		"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand", "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/consumer",
		"AWS_LAMBDA_LOG_STREAM_NAME": stream, "_X_AMZN_TRACE_ID": s.Trace, "OWN": "value", "TZ": ":Europe/Berlin", "LANG": "en_US.UTF-8",
	} {
		if env[name] != want {
			t.Errorf("%s is %q, want %q", name, env[name], want)
		}
	}
	for _, name := range []string{"OF_THE_PARENT", "HOME", "AWS_EXECUTION_ENV", "AWS_LAMBDA_MAX_CONCURRENCY"} {
		if value, ok := env[name]; ok {
			t.Errorf("%s is there: %q", name, value)
		}
	}
}

func TestFunction_Sequence_ReusesTheSandboxAndReportsOneInit(t *testing.T) {
	f, r := newFunction(t, Config{})
	first := invoke(t, f, "tell")
	wantError(t, f, "fail on purpose", "errorString", "on purpose") // "A Lambda Function continues to be re-used … even after a failure"
	second := invoke(t, f, "tell")
	if first.PID != second.PID {
		t.Errorf("process %d, then %d", first.PID, second.PID)
	}
	if first.Trace == second.Trace || first.RequestID == second.RequestID {
		t.Error("two invocations have the same ids")
	}
	reports := r.all()
	if len(reports) != 3 || reports[0].InitDuration == 0 || reports[1].InitDuration != 0 || reports[2].InitDuration != 0 {
		t.Errorf("reports are %+v, want an init duration in the first alone", reports)
	}
	if reports[1].ErrorType != "errorString" || reports[2].ErrorType != "" {
		t.Errorf("reports are %+v", reports)
	}
}

// Between its answer and its next request a runtime is not free; what comes
// then waits for it and does not start another sandbox.
func TestFunction_OneAfterTheOther_NeedsOneSandbox(t *testing.T) {
	f, _ := newFunction(t, Config{Sandboxes: 10})
	pids := map[int]bool{}
	for range 200 {
		pids[invoke(t, f, "tell").PID] = true
	}
	if len(pids) != 1 {
		t.Errorf("%d processes served 200 invocations one after the other", len(pids))
	}
}

func TestFunction_FunctionEnds_FailsAndStartsAnew(t *testing.T) {
	for name, tc := range map[string]struct{ command, kind, message string }{
		"panic": {"panic at the disco", "string", "at the disco"},
		"exit":  {"exit", "Runtime.ExitError", "Runtime exited with error: exit status 7"},
	} {
		t.Run(name, func(t *testing.T) {
			f, _ := newFunction(t, Config{})
			before := invoke(t, f, "tell").PID
			wantError(t, f, tc.command, tc.kind, tc.message)
			if after := invoke(t, f, "tell").PID; after == before {
				t.Errorf("process %d is still used", after)
			}
		})
	}
}

func TestFunction_Timeout_KillsTheSandboxAndStartsAnew(t *testing.T) {
	t.Parallel()
	f, r := newFunction(t, Config{Timeout: 2 * time.Second})
	before := invoke(t, f, "tell").PID
	began := time.Now()
	wantError(t, f, "sleep 1m", "Sandbox.Timedout", "Task timed out after 2.00 seconds")
	if took := time.Since(began); took < 2*time.Second {
		t.Errorf("it took %v", took)
	}
	if after := invoke(t, f, "tell").PID; after == before {
		t.Errorf("process %d is still used", after)
	}
	eventually(t, "the end of the old process", func() bool { return errors.Is(syscall.Kill(before, 0), syscall.ESRCH) })
	if reports := r.all(); reports[1].ErrorType != errTimeout {
		t.Errorf("reports are %+v", reports)
	}
}

func TestFunction_Concurrent_StaysWithinTheSandboxes(t *testing.T) {
	f, r := newFunction(t, Config{Sandboxes: 2})
	g := newGate(t)
	pids := map[int]int{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			result, err := f.Invoke(t.Context(), payload(g.hold()))
			var s seen
			if err := errors.Join(err, json.Unmarshal(result.Payload, &s)); err != nil {
				t.Error(err)
			}
			mu.Lock()
			pids[s.PID]++
			mu.Unlock()
		})
	}
	g.wantHeld(t, 2)
	g.open(t)
	wg.Wait()
	if len(pids) != 2 {
		t.Errorf("invocations by process: %v, want two processes", pids)
	}
	inits := 0
	for _, p := range r.all() {
		if p.InitDuration > 0 {
			inits++
		}
	}
	if inits != 2 {
		t.Errorf("%d reports have an init duration, want 2", inits)
	}
}

// On Lambda Managed Instances a process has several invocations at once;
// aws-lambda-go asks for as many as AWS_LAMBDA_MAX_CONCURRENCY says.
func TestFunction_PerSandbox_RunsInvocationsSideBySideInOneProcess(t *testing.T) {
	f, _ := newFunction(t, Config{Sandboxes: 1, PerSandbox: 3})
	invoke(t, f, "tell")
	g := newGate(t)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			if _, err := f.Invoke(t.Context(), payload(g.hold())); err != nil {
				t.Error(err)
			}
		})
	}
	g.wantHeld(t, 3)
	g.open(t)
	wg.Wait()
	invoke(t, f, "tell")
}

func TestFunction_CallerLeaves_InvocationGoesOn(t *testing.T) {
	f, _ := newFunction(t, Config{Sandboxes: 1})
	pid := invoke(t, f, "tell").PID
	g := newGate(t)
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error, 1)
	go func() {
		_, err := f.Invoke(ctx, payload(g.hold()))
		left <- err
	}()
	g.wantHeld(t, 1)
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the invocation: %v", err)
	}
	waiting, cancelWaiting := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancelWaiting()
	if _, err := f.Invoke(waiting, payload("tell")); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "wait for a sandbox") {
		t.Errorf("one that waits meanwhile: %v", err)
	}
	g.open(t)
	if after := invoke(t, f, "tell").PID; after != pid {
		t.Errorf("process %d, then %d", pid, after)
	}
}

func TestFunction_CloseDuringInvocations_FailsThem(t *testing.T) {
	f, _ := newFunction(t, Config{Sandboxes: 1})
	invoke(t, f, "tell")
	g := newGate(t)
	errs := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := f.Invoke(context.Background(), payload(g.hold()))
			errs <- err
		}()
	}
	g.wantHeld(t, 1)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var closed, ended int
	for range 2 {
		var failure *InvocationError
		switch err := <-errs; {
		case errors.Is(err, ErrClosed):
			closed++
		case errors.As(err, &failure) && failure.Type == errExit:
			ended++
		default:
			t.Errorf("unexpected: %v", err)
		}
	}
	if closed != 1 || ended != 1 {
		t.Errorf("%d failed for the close and %d for the end of the process, want one each", closed, ended)
	}
}

// "Lambda quotas" and the execution environment's lifecycle: what a function has
// that says nothing.
func TestConfig_Defaults_AreLambdas(t *testing.T) {
	c := Config{}.WithDefaults()
	if c.Timeout != 3*time.Second || c.InitTimeout != 10*time.Second || c.ShutdownGrace != 500*time.Millisecond || c.MemoryMB != 128 || c.PerSandbox != 1 {
		t.Errorf("timeout %v, init timeout %v, shutdown grace %v, %d MB, %d per sandbox; want 3s, 10s, 500ms, 128 MB, 1",
			c.Timeout, c.InitTimeout, c.ShutdownGrace, c.MemoryMB, c.PerSandbox)
	}
}

func TestConfig_BadSettings_AreReportedTogether(t *testing.T) {
	_, err := New(Config{
		Name: "a b", Binary: t.TempDir(), Timeout: time.Hour, MemoryMB: 1, Sandboxes: -1, ShutdownGrace: -1,
		Env: map[string]string{"AWS_REGION": "x", "AWS_LAMBDA_RUNTIME_API": "x"},
	})
	for _, want := range []string{`name "a b"`, "not an executable", "timeout 1h", "memory 1 MB", "sandboxes -1", "shutdown grace -1ns", "environment AWS_REGION", "environment AWS_LAMBDA_RUNTIME_API"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}
