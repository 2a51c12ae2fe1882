package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
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

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// patience is for a machine that has other things to do.
const patience = 2 * time.Minute

// Both consumers get each event. The partner is told within the event's own
// trace, and what it never takes is a dead letter of its own consumer alone.
func TestPipeline_TwoConsumers_BothGetEachEvent(t *testing.T) {
	partner := startPartner(t)
	up := start(t, partner.URL)

	good := up.send(t, `{"parcel":"p-1"}`)
	if told := partner.next(t); told.trace != good || !strings.Contains(told.event, `"p-1"`) {
		t.Errorf("the partner is told of %s in trace %s, want p-1 in %s", told.event, told.trace, good)
	}
	partner.answer(http.StatusUnprocessableEntity)
	bad := up.send(t, `{"parcel":"p-2"}`)
	if told := partner.next(t); told.trace != bad {
		t.Errorf("the partner is told in trace %s, want %s", told.trace, bad)
	}

	for _, id := range []string{good, bad} { // the history does not mind
		up.eventually(t, "a row of "+id, func(out string) bool { return strings.Contains(out, `"written_at"`) }, "trace", "--json", id)
	}
	up.eventually(t, "a dead letter", func(out string) bool { return strings.Contains(out, "webhook_422") && strings.Contains(out, bad) },
		"dlq", "ls", "--json", "--consumer", "partner", "--sqs-endpoint", up.SQS)
}

// The partner is told of the trace, and of nothing else that a client sent along.
func TestWebhook_ClientsBaggage_StaysHere(t *testing.T) {
	global := otel.GetTextMapPropagator()
	t.Cleanup(func() { otel.SetTextMapPropagator(global) })
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}, xray.Propagator{}))
	told := make(chan http.Header, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told <- r.Header }))
	t.Cleanup(server.Close)
	const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	ctx := otel.GetTextMapPropagator().Extract(t.Context(), propagation.MapCarrier{
		"traceparent": traceparent, "baggage": "customer=jane%40example.com", "X-Amzn-Trace-Id": "Root=1-67891233-abcdef012345678912345678",
	})
	w := &webhook{url: server.URL, client: server.Client()}
	if _, err := w.Write(t.Context(), []*consumer.Record{{Context: ctx}}); err != nil {
		t.Fatal(err)
	}
	got := <-told
	if got.Get("Traceparent") != traceparent || got.Get("Baggage") != "" || got.Get("X-Amzn-Trace-Id") != "" {
		t.Errorf("the partner is told %v, want the traceparent alone", got)
	}
}

// What is committed is what the description says, and the alarms of both
// consumers do what their teams want.
func TestDescription_GeneratedAndAlarms_AreAsTheyShouldBe(t *testing.T) {
	up := &running{program: tool(t), env: os.Environ()}
	for _, args := range [][]string{{"generate", "--check"}, {"alarms", "test", "--quiet", filepath.Join("alarms", "scenarios")}} {
		if out, err := up.tool(t, args...).Output(); err != nil {
			t.Errorf("tracehaul %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

type call struct{ trace, event string }

// partner is a webhook that says what it is told.
type partner struct {
	*httptest.Server
	calls  chan call
	status chan int
}

func startPartner(t *testing.T) *partner {
	t.Helper()
	p := &partner{calls: make(chan call, 100), status: make(chan int, 1)}
	p.status <- http.StatusNoContent
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var event json.RawMessage
		if err := json.NewDecoder(r.Body).Decode(&event); err != nil {
			t.Errorf("the webhook got no JSON: %v", err)
		}
		status := <-p.status
		p.status <- status
		trace := strings.Split(r.Header.Get("Traceparent")+"--", "-")[1]
		p.calls <- call{trace, string(event)}
		w.WriteHeader(status)
	}))
	t.Cleanup(p.Close)
	return p
}

func (p *partner) answer(status int) {
	<-p.status
	p.status <- status
}

func (p *partner) next(t *testing.T) call {
	t.Helper()
	select {
	case c := <-p.calls:
		return c
	case <-time.After(patience):
		t.Fatal("the partner is told of nothing")
		return call{}
	}
}

// running is the pipeline of tracehaul.yaml on this machine.
type running struct {
	ALB, SQS string
	program  string
	env      []string
}

// start builds the consumer as it is deployed, and starts the pipeline with it.
func start(t *testing.T, url string) *running {
	t.Helper()
	program := build(t, "partner", ".", "-tags", "lambda.norpc")
	up := &running{program: tool(t), env: append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir())}
	cmd := up.tool(t, "up", "--json", "--alb-port", "0", "--web-port", "0", "--consumer-program", "partner="+program, "--consumer-env", "WEBHOOK_URL="+url)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = patience
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("tracehaul up: %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("tracehaul up: %v", err)
	}
	if err := json.Unmarshal(line, up); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	return up
}

// tool is the program tracehaul, built if none is named. `go run` would not do:
// it does not pass on the signal that ends the pipeline.
func tool(t *testing.T) string {
	t.Helper()
	if named := os.Getenv("TRACEHAUL"); named != "" {
		return named
	}
	return build(t, "tracehaul", "./cmd/tracehaul", "-C", "../..")
}

// build builds a command, as `go build` does it, and returns its path.
func build(t *testing.T, name, of string, flags ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	args := slices.Concat([]string{"build"}, flags, []string{"-o", file, of})
	if out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput(); err != nil {
		t.Fatalf("go %v: %v\n%s", args, err, out)
	}
	return file
}

// tool is a call of tracehaul in this directory, as the README has it. The kit's
// programs are built from the module that go.mod names.
func (up *running) tool(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), up.program, args...)
	cmd.Env, cmd.Stderr = up.env, t.Output()
	return cmd
}

// send sends an event through the load balancer and returns its trace.
func (up *running) send(t *testing.T, data string) string {
	t.Helper()
	r, err := http.Post(up.ALB+"/v1/events", "application/json", strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	parts := strings.Split(r.Header.Get("Traceresponse"), "-")
	if r.StatusCode != http.StatusAccepted || len(parts) != 4 {
		t.Fatalf("status %s, headers %v", r.Status, r.Header)
	}
	return parts[1]
}

// eventually asks the tool until what it prints will do.
func (up *running) eventually(t *testing.T, what string, enough func(out string) bool, args ...string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(200 * time.Millisecond) {
		out, err := up.tool(t, args...).Output()
		if enough(string(out)) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("no %s: %v\n%.2000s", what, err, out)
		}
	}
}
