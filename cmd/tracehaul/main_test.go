package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/tracehaul/tracehaul/internal/freeport"
	"github.com/tracehaul/tracehaul/internal/postgres/postgrestest"
	"github.com/tracehaul/tracehaul/internal/program"
	"github.com/tracehaul/tracehaul/internal/trace"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"tracehaul": main})
}

// The scripts in testdata/script run the tool as a person does.
func TestScripts(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"),
		Setup: func(e *testscript.Env) error {
			e.Setenv("ROOT", root)
			reference := filepath.Join(e.WorkDir, "reference")
			e.Setenv("REFERENCE", reference)
			return copyReference(root, reference)
		},
	})
}

// description is that of the repository, seen from this package.
var description = filepath.Join("..", "..", "pipeline", "testdata", "reference", "tracehaul.yaml")

// command runs the tool, which finds its source from wherever it runs in the
// repository.
func command(ctx context.Context, t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	if err := program.WatchSources(); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr syncBuffer
	code = run(ctx, args, environment{&stdout, &stderr, func(string) string { return "" }})
	return code, stdout.String(), stderr.String()
}

// syncBuffer can be read while a command writes to it.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func TestDemo_JSON_OneStory(t *testing.T) {
	t.Parallel()
	code, out, errs := command(t.Context(), t, "demo", "-f", description, "--json")
	if code != exitOK {
		t.Fatalf("exit code %d\n%s", code, errs)
	}
	var s struct {
		TraceID   string         `json:"trace_id"`
		ALBHeader string         `json:"alb_header"`
		Spans     []trace.Span   `json:"spans"`
		Row       map[string]any `json:"row"`
	}
	dec := json.NewDecoder(strings.NewReader(out))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if want := "Root=1-" + s.TraceID[:8] + "-" + s.TraceID[8:]; s.ALBHeader != want || s.Row["trace_id"] != s.TraceID {
		t.Errorf("trace %s, header %q, row's trace %v", s.TraceID, s.ALBHeader, s.Row["trace_id"])
	}
	var names []string
	for _, span := range s.Spans {
		names = append(names, span.Kind)
	}
	slices.Sort(names)
	if want := []string{"CLIENT", "CONSUMER", "INTERNAL", "PRODUCER", "SERVER", "SERVER", "SERVER"}; !slices.Equal(names, want) {
		t.Errorf("spans %v, want %v", names, want)
	}
}

func TestDemo_ServiceDoesNotStart_SaysWhyAndFails(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "broken")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho out of order >&2\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	code, _, errs := command(t.Context(), t, "demo", "-f", description, "--service-program", program, "--consumer-program", program)
	if code != exitFailed || !strings.Contains(errs, "out of order") {
		t.Errorf("exit code %d, errors: %s", code, errs)
	}
}

func TestDemo_ConsumerBroken_NamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	program := filepath.Join(t.TempDir(), "broken")
	if err := os.WriteFile(program, []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	code, out, errs := command(t.Context(), t, "demo", "-f", description, "--consumer-program", program, "--timeout", "6s")
	if code != exitFailed || !strings.Contains(errs, "no CONSUMER span") || !strings.Contains(errs, "no row") || !strings.Contains(out, "send dev-orders-order") {
		t.Errorf("exit code %d, errors: %s\noutput: %s", code, errs, out)
	}
}

// startTimeout is for a pipeline whose programs are built first.
const startTimeout = 3 * time.Minute

// up runs until it is told to stop: its addresses work, its page shows what
// was sent, and nothing of it is left behind.
func TestUp_JSON_AddressesWorkAndEnd(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var stdout, stderr syncBuffer
	port := freePort(t)
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, []string{"up", "-f", description, "--json", "--alb-port", port, "--web-port", "0", "--database-name", "tracehaul_up_test"}, environment{&stdout, &stderr, func(string) string { return "" }})
	}()
	var a map[string]string
	for deadline := time.Now().Add(startTimeout); a == nil; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not up after %v: %s", startTimeout, stderr.String())
		}
		if line := stdout.String(); strings.HasSuffix(line, "\n") {
			if err := json.Unmarshal([]byte(line), &a); err != nil {
				t.Fatalf("%v in %s", err, line)
			}
		}
	}
	for _, key := range []string{"alb", "service", "sns", "sqs", "topic_arn", "queue_url", "dlq_url", "database_url", "otlp", "web"} {
		if a[key] == "" {
			t.Errorf("no address %q in %v", key, a)
		}
	}
	if want := "http://127.0.0.1:" + port; a["alb"] != want {
		t.Errorf("the load balancer is at %s, want %s", a["alb"], want)
	}
	if !strings.Contains(a["database_url"], "/tracehaul_up_test?") {
		t.Errorf("the database is %s, want the name that was given", a["database_url"])
	}
	status, sent := fetch(t, http.MethodPost, a["web"]+"/api/events")
	if status != http.StatusAccepted {
		t.Fatalf("the page's event: %d %s", status, sent)
	}
	var accepted struct {
		TraceID string `json:"trace_id"`
	}
	if err := json.Unmarshal([]byte(sent), &accepted); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(50 * time.Millisecond) {
		_, detail := fetch(t, http.MethodGet, a["web"]+"/api/traces/"+accepted.TraceID)
		if strings.Contains(detail, "INSERT events") && strings.Contains(detail, `"written_at"`) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the page does not show the row after %v: %s", startTimeout, detail)
		}
	}
	stop()
	if code := <-ended; code != exitOK {
		t.Errorf("exit code %d after the end was asked for: %s", code, stderr.String())
	}
	if response, err := http.Get(a["alb"]); err == nil {
		response.Body.Close()
		t.Error("the load balancer still answers")
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	port, err := freeport.Find(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(port)
}

func TestUp_PortsThatThereAreNot_Refused(t *testing.T) {
	for _, flag := range []string{"alb", "sns", "sqs", "otlp", "web", "database"} {
		for _, port := range []string{"-1", "65536", "99999"} {
			code, _, errs := command(t.Context(), t, "up", "-f", description, "--"+flag+"-port="+port)
			if code != exitUsage || !strings.Contains(errs, "--"+flag+"-port "+port+": want 1 to 65535") {
				t.Errorf("--%s-port %s: exit code %d: %s", flag, port, code, errs)
			}
		}
	}
}

func TestUp_PortTaken_SaysSo(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, flag := range []string{"--alb-port", "--sns-port", "--sqs-port", "--otlp-port", "--web-port"} {
		args := []string{"up", "-f", description, "--alb-port", "0", "--web-port", "0", flag, port}
		if code, _, errs := command(t.Context(), t, args...); code != exitFailed || !strings.Contains(errs, port) {
			t.Errorf("%s: exit code %d: %s", flag, code, errs)
		}
	}
}

func fetch(t *testing.T, method, url string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestMigrate_Twice_SecondDoesNothing(t *testing.T) {
	url := postgrestest.Database(t)
	code, out, errs := command(t.Context(), t, "migrate", "--database-url", url)
	if code != exitOK || !strings.Contains(out, "applied 00001") {
		t.Fatalf("exit code %d: %s%s", code, out, errs)
	}
	code, out, errs = command(t.Context(), t, "migrate", "--database-url", url)
	if code != exitOK || out != "the schema is up to date\n" {
		t.Errorf("exit code %d: %s%s", code, out, errs)
	}
}

func TestMigrate_BadURL_NoPasswordInTheError(t *testing.T) {
	code, _, errs := command(t.Context(), t, "migrate", "--database-url", "postgres://u:geheim@127.0.0.1:1/x?sslmode=nonsense")
	if code != exitUsage || strings.Contains(errs, "geheim") {
		t.Errorf("exit code %d: %s", code, errs)
	}
	code, _, errs = command(t.Context(), t, "migrate", "--database-url", "postgres://u:geheim@127.0.0.1:1/x", "--timeout", "5s")
	if code != exitFailed || strings.Contains(errs, "geheim") {
		t.Errorf("exit code %d: %s", code, errs)
	}
}

// copyReference makes a directory with the reference pipeline's description, and
// what belongs to it.
func copyReference(root, dir string) error {
	for from, to := range map[string]string{"pipeline/testdata/reference": ".", "docs/runbooks": "docs/runbooks", "alarms/scenarios": "alarms/scenarios"} {
		if err := os.CopyFS(filepath.Join(dir, to), os.DirFS(filepath.Join(root, from))); err != nil {
			return err
		}
	}
	return nil
}
