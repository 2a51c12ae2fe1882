//go:build unix

package localpipeline_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/internal/program"
	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/pipeline"
)

// patience is how long anything may take on a slow machine.
const patience = 60 * time.Second

// backSoon is when a message comes back, where a test does not wait for six
// timeouts of the consumer: it must have dealt with it by then.
const backSoon = 3 * time.Second

var programs struct{ service, consumer, albspans string }

// The tests run the real programs, built once.
func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "localpipeline-test-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		paths, err := program.Build(context.Background(), dir, "service", "consumer", "albspans")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		programs.service, programs.consumer, programs.albspans = paths[0], paths[1], paths[2]
		return m.Run()
	}())
}

// describe parses the pipeline that the tests run, with changes to the
// consumer.
func describe(t *testing.T, consumer string) *pipeline.Pipeline {
	t.Helper()
	p, err := pipeline.Parse("test.yaml", fmt.Appendf(nil, `
product: orders
environment: test
region: eu-west-1
owner: team
edge: {authentication: none}
service: {name: intake, event_source: /orders/intake, event_type: com.example.orders.received}
topic: {event: order}
consumers:
  ledger: {%s}
routing:
  destinations: {team: {type: slack, channel: "#team", secret: slack}}
  routes:
    - {severity: page, to: [team]}
    - {severity: ticket, to: [team]}
    - {severity: notice, to: [team]}
`, consumer))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// start starts a pipeline and stops it with the test, showing what the
// programs wrote if the test failed.
func start(t *testing.T, consumer string, change ...func(*localpipeline.Config)) *localpipeline.Local {
	t.Helper()
	if err := program.WatchSources(); err != nil {
		t.Fatal(err)
	}
	var output output
	c := localpipeline.Config{
		Pipeline: describe(t, consumer), Service: programs.service, Consumer: programs.consumer, Migrate: migrate.UpURL,
		ServiceEnv: map[string]string{"DRAIN_GRACE": "0s"}, Output: output.add,
		Logger: slog.New(slog.NewTextHandler(&output, nil)),
	}
	for _, f := range change {
		f(&c)
	}
	l, err := localpipeline.Start(t.Context(), c)
	if err != nil {
		t.Fatalf("%v\n%s", err, output.text())
	}
	t.Cleanup(func() {
		if err := l.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
		if t.Failed() {
			t.Logf("the programs wrote:\n%s", output.text())
		}
	})
	return l
}

// output keeps the last lines of all programs, and all that the pipeline itself
// says, such as why a batch failed.
type output struct {
	mu    sync.Mutex
	lines []string
	said  strings.Builder
}

func (o *output) add(program, line string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.lines) == 200 {
		o.lines = o.lines[1:]
	}
	o.lines = append(o.lines, program+": "+line)
}

func (o *output) Write(line []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.Write(line)
}

func (o *output) text() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.String() + strings.Join(o.lines, "\n")
}

func wait(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// send posts plain JSON and returns the trace's id.
func send(t *testing.T, l *localpipeline.Local, body string, header http.Header) string {
	t.Helper()
	accepted, err := l.Send(wait(t), []byte(body), header)
	if err != nil {
		t.Fatal(err)
	}
	return accepted.TraceID
}

// post sends any request to the load balancer.
func post(t *testing.T, l *localpipeline.Local, contentType string, body []byte, header http.Header) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(wait(t), http.MethodPost, l.Addresses().ALB+"/v1/events", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	maps.Copy(r.Header, header)
	r.Header.Set("Content-Type", contentType)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, answer
}

// whole waits for the trace and the row of an event.
func whole(t *testing.T, l *localpipeline.Local, id string) (*trace.Trace, []trace.Span, trace.Row) {
	t.Helper()
	row, err := l.WaitRow(wait(t), id)
	if err != nil {
		t.Fatal(err)
	}
	tr, linked, err := l.WaitTrace(wait(t), id)
	if err != nil {
		t.Fatal(err)
	}
	return tr, linked, row
}

// eventually waits until the condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited %v in vain: %s", patience, what)
		}
	}
}

// ofKind returns the spans of one kind.
func ofKind(tr *trace.Trace, kind string) []trace.Span {
	return slices.DeleteFunc(tr.Spans(), func(s trace.Span) bool { return s.Kind != kind })
}

// one returns the only span of a kind.
func one(t *testing.T, tr *trace.Trace, kind string) trace.Span {
	t.Helper()
	spans := ofKind(tr, kind)
	if len(spans) != 1 {
		t.Fatalf("%d %s spans, want 1: %+v", len(spans), kind, tr.Spans())
	}
	return spans[0]
}
