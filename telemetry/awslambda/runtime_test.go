package awslambda_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
)

// runtimeAPI is as much of Lambda's Runtime API as aws-lambda-go needs, with
// extensions for SIGTERM, and the collector of the program that it runs.
// AWS Lambda Developer Guide, "Using the Lambda runtime API for custom
// runtimes".
type runtimeAPI struct {
	invocations chan work

	mu      sync.Mutex
	log     []string            // what happened, in order: "spans", "answer <id>", "flush"
	answers map[string][]byte   // by invocation
	spans   []exported          //
	metrics map[string]struct{} // names
	changed chan struct{}       // closed at every change
}

type work struct {
	id      string
	payload any
	time    time.Duration
}

func (api *runtimeAPI) handler(stop <-chan struct{}) http.Handler {
	mux := http.NewServeMux()
	var registered atomic.Bool
	ready := make(chan struct{}) // closed when the extension is
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", func(w http.ResponseWriter, r *http.Request) {
		if registered.Load() { // "the Init phase ends when the runtime and all extensions signal that they are ready"
			select {
			case <-ready:
			case <-r.Context().Done():
				return
			case <-stop:
				return
			}
		}
		select {
		case next := <-api.invocations:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", next.id)
			w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(next.time).UnixMilli(), 10))
			w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", functionARN)
			w.Header().Set("Lambda-Runtime-Trace-Id", traceHeader(next.id))
			_ = json.NewEncoder(w).Encode(next.payload)
		case <-r.Context().Done():
		case <-stop:
		}
	})
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/{what}", func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		api.note(r.PathValue("what")+" "+r.PathValue("id"), func() { api.answers[r.PathValue("id")] = body })
		w.WriteHeader(http.StatusAccepted)
	})
	mux.HandleFunc("POST /2020-01-01/extension/register", func(w http.ResponseWriter, _ *http.Request) {
		registered.Store(true)
		w.Header().Set("Lambda-Extension-Identifier", "1")
		_, _ = io.WriteString(w, "{}")
	})
	mux.HandleFunc("GET /2020-01-01/extension/event/next", func(_ http.ResponseWriter, r *http.Request) {
		close(ready)
		select {
		case <-r.Context().Done():
		case <-stop:
		}
	})
	mux.HandleFunc("POST /collector/spans", func(_ http.ResponseWriter, r *http.Request) {
		var spans []exported
		if err := json.NewDecoder(r.Body).Decode(&spans); err != nil {
			panic(err)
		}
		api.note("spans", func() { api.spans = append(api.spans, spans...) })
	})
	mux.HandleFunc("POST /collector/shutdown", func(http.ResponseWriter, *http.Request) { api.note("shutdown", func() {}) })
	mux.HandleFunc("POST /collector/metrics", func(_ http.ResponseWriter, r *http.Request) {
		var names []string
		if err := json.NewDecoder(r.Body).Decode(&names); err != nil {
			panic(err)
		}
		api.note("flush", func() {
			for _, name := range names {
				api.metrics[name] = struct{}{}
			}
		})
	})
	return mux
}

// traceHeader is the X-Ray header of an invocation, told apart by its id.
func traceHeader(id string) string {
	return fmt.Sprintf("Root=1-5759e988-%024s;Parent=53995c3f42cd8ad8;Sampled=0", id[:12])
}

func (api *runtimeAPI) note(what string, change func()) {
	api.mu.Lock()
	defer api.mu.Unlock()
	change()
	api.log = append(api.log, what)
	close(api.changed)
	api.changed = make(chan struct{})
}

// wait waits until what happened fulfils a condition.
func (api *runtimeAPI) wait(t *testing.T, what string, condition func() bool) {
	t.Helper()
	timeout := time.After(time.Minute)
	for {
		api.mu.Lock()
		met, changed, log := condition(), api.changed, slices.Clone(api.log)
		api.mu.Unlock()
		if met {
			return
		}
		select {
		case <-changed:
		case <-timeout:
			t.Fatalf("waited in vain for %s; so far: %v", what, log)
		}
	}
}

// program is a Lambda program, this test binary, on a Runtime API.
type program struct {
	*runtimeAPI
	process *os.Process
}

func run(t *testing.T, env ...string) *program {
	t.Helper()
	api := &runtimeAPI{
		invocations: make(chan work, 16), answers: map[string][]byte{}, metrics: map[string]struct{}{}, changed: make(chan struct{}),
	}
	stop := make(chan struct{})
	server := httptest.NewServer(api.handler(stop))
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), executable)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.Env = append(os.Environ(), env...)
	cmd.Env = append(cmd.Env, lambdaProgram+"="+server.URL, "AWS_LAMBDA_RUNTIME_API="+server.Listener.Addr().String(),
		"AWS_LAMBDA_FUNCTION_NAME=prod-shop-writer", "AWS_LAMBDA_FUNCTION_VERSION=7", "GOCOVERDIR="+t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		close(stop)
		server.Close()
		if t.Failed() {
			t.Logf("the program said:\n%s", output.String())
		}
	})
	return &program{runtimeAPI: api, process: cmd.Process}
}

func TestStart_RealRuntime_PartialFailureAnsweredAfterFlush(t *testing.T) {
	p := run(t)
	e := batchOf(4)
	e.Records[1].Body = "fail"
	e.Records[2].Body = "panic"
	p.invocations <- work{id: "000000000001-first", payload: e, time: time.Minute}
	p.wait(t, "an answer", func() bool { return len(p.answers) == 1 })

	var res events.SQSEventResponse
	if err := json.Unmarshal(p.answers["000000000001-first"], &res); err != nil {
		t.Fatalf("the answer is %s: %v", p.answers["000000000001-first"], err)
	}
	if diff := cmp.Diff([]int{1, 2}, failed(t, res)); diff != "" {
		t.Errorf("failed messages (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"spans", "flush", "response 000000000001-first"}, p.log); diff != "" {
		t.Errorf("what happened (-want +got):\n%s", diff)
	}
	names := map[string]int{}
	for _, span := range p.spans {
		names[span.Name]++
	}
	if diff := cmp.Diff(map[string]int{"prod-shop-writer": 1, processName: 4, waitName: 4}, names); diff != "" {
		t.Errorf("spans that were flushed (-want +got):\n%s", diff)
	}
	for _, name := range []string{"faas.init_duration", "faas.coldstarts", "faas.invoke_duration"} {
		if _, ok := p.metrics[name]; !ok {
			t.Errorf("there is no %s", name)
		}
	}

	// The panic did not end the program, and the next start is a warm one.
	p.invocations <- work{id: "000000000002-next", payload: batchOf(1), time: time.Minute}
	p.wait(t, "a second answer", func() bool { return len(p.answers) == 2 })
	cold := map[string]any{}
	for _, span := range p.spans {
		if span.Name == "prod-shop-writer" {
			cold[span.Attributes["faas.invocation_id"].(string)] = span.Attributes["faas.coldstart"]
		}
	}
	if diff := cmp.Diff(map[string]any{"000000000001-first": true, "000000000002-next": false}, cold); diff != "" {
		t.Errorf("cold starts (-want +got):\n%s", diff)
	}
}

func TestStart_RealRuntime_SeveralInvocationsAtOnce(t *testing.T) {
	const n = 4
	p := run(t, "AWS_LAMBDA_MAX_CONCURRENCY="+strconv.Itoa(n))
	ids := []string{"000000000001-a", "000000000002-b", "000000000003-c", "000000000004-d"}
	for i, id := range ids {
		e := events.SQSEvent{Records: []events.SQSMessage{record(i)}}
		e.Records[0].Body = "together" // waits until all are there
		p.invocations <- work{id: id, payload: e, time: time.Minute}
	}
	p.wait(t, "all answers", func() bool { return len(p.answers) == n })
	cold := 0
	headers := map[string]string{}
	for _, span := range p.spans {
		if span.Name != "prod-shop-writer" {
			continue
		}
		headers[span.Attributes["faas.invocation_id"].(string)] = span.Attributes["tracehaul.amzn_trace_id"].(string)
		if span.Attributes["faas.coldstart"] == true {
			cold++
		}
	}
	want := map[string]string{}
	for _, id := range ids {
		want[id] = traceHeader(id)
		var res events.SQSEventResponse
		if err := json.Unmarshal(p.answers[id], &res); err != nil || len(res.BatchItemFailures) != 0 {
			t.Errorf("invocation %s answered %s, want none failed", id, p.answers[id])
		}
	}
	if diff := cmp.Diff(want, headers); diff != "" {
		t.Errorf("headers by invocation (-want +got):\n%s", diff)
	}
	if cold != 1 {
		t.Errorf("%d invocations say they started cold, want 1", cold)
	}
}

// Lambda waits for what was registered, whether or not there is something to do
// at the end.
func TestStart_RegisteredWithoutShutdown_InitEnds(t *testing.T) {
	p := run(t, registerProgram+"=1")
	p.invocations <- work{id: "000000000001-only", payload: batchOf(1), time: time.Minute}
	p.wait(t, "an answer", func() bool { return len(p.answers) == 1 })
}

// A busy machine may give the program no time at all: one of many that keeps to
// it shows that it waits for nothing.
func TestStart_SIGTERM_FlushesWithin500Milliseconds(t *testing.T) {
	const tries = 20
	var took []time.Duration
	for range tries {
		took = append(took, flushAfterSIGTERM(t))
		if took[len(took)-1] <= 500*time.Millisecond {
			return
		}
	}
	t.Errorf("flushed %v after SIGTERM, want less than the 500ms until SIGKILL", took)
}

func flushAfterSIGTERM(t *testing.T) time.Duration {
	t.Helper()
	p := run(t)
	p.invocations <- work{id: "000000000001-only", payload: batchOf(1), time: time.Minute}
	p.wait(t, "an answer", func() bool { return len(p.answers) == 1 })
	before := time.Now()
	if err := p.process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	flushes := func() (n int) {
		for _, what := range p.log {
			if what == "flush" {
				n++
			}
		}
		return n
	}
	p.wait(t, "a flush", func() bool { return flushes() == 2 })
	return time.Since(before)
}

func TestStart_SIGTERM_ShutdownInPlaceOfFlush(t *testing.T) {
	p := run(t, shutdownProgram+"=1")
	p.invocations <- work{id: "000000000001-only", payload: batchOf(1), time: time.Minute}
	p.wait(t, "an answer", func() bool { return len(p.answers) == 1 })
	if err := p.process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.wait(t, "a shutdown", func() bool { return slices.Contains(p.log, "shutdown") })
	p.mu.Lock()
	defer p.mu.Unlock()
	if diff := cmp.Diff([]string{"spans", "flush", "response 000000000001-only", "shutdown"}, p.log); diff != "" {
		t.Errorf("what happened (-want +got):\n%s", diff)
	}
}
