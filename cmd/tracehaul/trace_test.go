package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/tracehaul/tracehaul/internal/program"
)

// running is a pipeline that a process of the real program keeps running, and
// who traces its events by other processes.
type running struct {
	t       *testing.T
	root    string // of the repository
	state   string // where it tells others of itself
	up      *exec.Cmd
	address map[string]string
}

func (r *running) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(r.t.Context(), "tracehaul", args...)
	cmd.Dir = r.root
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+r.state, "DATABASE_URL=", "NO_COLOR=1")
	return cmd
}

// trace asks for an event, as another process.
func (r *running) trace(args ...string) (code int, out, errs string) {
	r.t.Helper()
	cmd := r.command(append([]string{"trace"}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		ended, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			r.t.Fatal(err)
		}
		code = ended.ExitCode()
	}
	return code, stdout.String(), stderr.String()
}

// tracedJSON is what the tests look at of a story.
type tracedJSON struct {
	TraceID string `json:"trace_id"`
	Verdict struct {
		Arrived, Gaps   bool
		Place, Headline string
		Why             []string
	}
	Deliveries []struct {
		SNSMessageID string   `json:"sns_message_id"`
		SQSIDs       []string `json:"sqs_message_ids"`
		Receives     []struct{ Outcome, Code string }
		Message      *struct {
			ReceiveCount int `json:"receive_count"`
		}
	}
	Missing []any
	Spans   []struct{ Name string }
	Linked  []linkedJSON
	Logs    []struct{ Text string }
}

type linkedJSON struct {
	TraceID string `json:"trace_id"`
}

func (s *tracedJSON) has(line string) bool {
	for _, l := range s.Logs {
		if l.Text == line {
			return true
		}
	}
	return false
}

// wait asks until a story is as it should be: spans come late.
func (r *running) wait(given, what string, enough func(*tracedJSON) bool) (s tracedJSON) {
	r.t.Helper()
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(200 * time.Millisecond) {
		_, out, errs := r.trace(given, "--json")
		s = tracedJSON{}
		if json.Unmarshal([]byte(out), &s) == nil && enough(&s) {
			return s
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("not %s after %v:\n%s%s", what, startTimeout, out, errs)
		}
	}
}

// send posts an event with an id of its own.
func (r *running) send(id string) (traceID string) { return r.sendOf("/shop", id, "") }

// sendOf posts an event with a source, and a subject made of its id, in the
// client's own trace if there is one.
func (r *running) sendOf(source, id, traceparent string) (traceID string) {
	r.t.Helper()
	body := `{"specversion":"1.0","id":"` + id + `","source":"` + source + `","type":"order.placed","subject":"customer of ` + id + `","data":{"name":"Erika Mustermann"}}`
	request, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.address["alb"]+"/v1/events", strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/cloudevents+json")
	if traceparent != "" {
		request.Header.Set("Traceparent", traceparent)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	var accepted struct {
		TraceID string `json:"trace_id"`
	}
	if err := json.NewDecoder(response.Body).Decode(&accepted); err != nil || response.StatusCode != http.StatusAccepted {
		r.t.Fatalf("the event was answered %s, %v", response.Status, err)
	}
	return accepted.TraceID
}

func startUp(t *testing.T) *running {
	t.Helper()
	if err := program.WatchSources(); err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	r := &running{t: t, root: root, state: t.TempDir()}
	r.up = r.command("up", "--json", "--alb-port", "0", "--web-port", "0")
	r.up.Cancel = func() error { return r.up.Process.Signal(os.Interrupt) } // it takes its database along
	r.up.WaitDelay = time.Minute
	var stderr syncBuffer
	r.up.Stderr = &stderr
	out, err := r.up.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.up.Start(); err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(out).Decode(&r.address); err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	return r
}

// killDatabase ends the server at once, as a machine that is gone would.
func (r *running) killDatabase() {
	r.t.Helper()
	conn, err := pgx.Connect(r.t.Context(), r.address["database_url"])
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var file string
	if err := conn.QueryRow(r.t.Context(), "SELECT pg_read_file('postmaster.pid')").Scan(&file); err != nil {
		r.t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.Fields(file)[0])
	if err != nil || pid <= 1 {
		r.t.Fatalf("the server's process is %q, %v", file, err)
	}
	if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil {
		r.t.Fatal(err)
	}
}

// An event's ids all lead to the same story; of one that the database's death
// has stopped it is told where, and why.
func TestTrace_LocalPipeline_FromAnyIDAndAfterTheDatabaseDied(t *testing.T) {
	t.Parallel() // it waits more than it works
	r := startUp(t)
	id := r.send("order-4711")
	s := r.wait(id, "arrived with all spans and lines", func(s *tracedJSON) bool {
		return s.Verdict.Arrived && len(s.Missing) == 0 && s.has("events stored") && s.has("batch settled")
	})
	if len(s.Deliveries) != 1 || len(s.Deliveries[0].SQSIDs) != 1 || s.Deliveries[0].SNSMessageID == "" || len(s.Spans) != 6 {
		t.Fatalf("the story is %+v", s)
	}
	ids := []string{
		id, "1-" + id[:8] + "-" + id[8:], "Root=1-" + id[:8] + "-" + id[8:], "00-" + id + "-00f067aa0ba902b7-01", "order-4711", "/shop order-4711", "customer of order-4711",
		s.Deliveries[0].SNSMessageID, s.Deliveries[0].SQSIDs[0],
	}
	first := sameStory(t, r, ids, exitOK)
	for _, shown := range []string{first, r.shows(exitOK, id), r.shows(exitOK, id, "--html", "-")} {
		if strings.Contains(shown, "Erika") {
			t.Errorf("it shows data that nobody asked for:\n%s", shown)
		}
	}
	wantAll(t, r.shows(exitOK, id, "--body"), "Erika", "It arrived: the row is there.", "INSERT events", "sns", "asked")
	if code, _, errs := r.trace("order-0"); code != exitNothing || !strings.Contains(errs, `nothing was found of "order-0" since `) {
		t.Errorf("an unknown event: exit code %d: %s", code, errs)
	}

	r.idsLikeTraces(s.Linked)
	r.notSampledLetter()
	r.killDatabase()
	r.notSampledFailure()
	id = r.send("order-4712")
	s = r.wait(id, "stopped", func(s *tracedJSON) bool {
		return len(s.Deliveries) == 1 && len(s.Deliveries[0].Receives) > 0 && s.Deliveries[0].Receives[0].Outcome == "failed" && s.Deliveries[0].Receives[0].Code != "" && len(s.Missing) == 0 && s.has("batch failed, its messages will come again")
	})
	if s.Verdict.Place != "queue" || s.Deliveries[0].Message == nil || s.Deliveries[0].Message.ReceiveCount < 1 {
		t.Errorf("the event is at %+v", s)
	}
	text := r.shows(exitNotArrived, "order-4712")
	wantAll(t, text, "It stopped at the consumer of dev-intake-order-ledger", "failed (sink_unavailable", "received 1 time of 5", "could not be asked: no connection", "batch failed, its messages will come again")
	for _, given := range []string{id, "order-4712", "customer of order-4712", s.Deliveries[0].SNSMessageID, s.Deliveries[0].SQSIDs[0]} {
		wantAll(t, r.shows(exitNotArrived, given), "trace  "+id, "It stopped at the consumer of dev-intake-order-ledger")
	}

	if err := r.up.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = r.up.Wait() // it may say that its database was gone
	if code, _, errs := r.trace(id, "--no-aws"); code != exitUsage || !strings.Contains(errs, "a local pipeline: none runs") {
		t.Errorf("after it ended: exit code %d: %s", code, errs)
	}
}

// idsLikeTraces holds that an invocation's trace is no event's, an event's id
// that looks like a trace's may be that of two events, and one may have spaces.
func (r *running) idsLikeTraces(linked []linkedJSON) {
	r.t.Helper()
	if len(linked) == 0 {
		r.t.Error("the event's trace is linked to no invocation")
	}
	for _, l := range linked {
		wantAll(r.t, r.shows(exitNothing, l.TraceID), "an invocation of ")
	}
	const hex = "feedfacefeedfacefeedfacefeedface"
	for _, source := range []string{"/a", "/b"} {
		id := r.sendOf(source, hex, "")
		r.wait(id, "arrived", func(s *tracedJSON) bool { return s.Verdict.Arrived })
		wantAll(r.t, r.shows(exitOK, hex, "--source", source), "trace  "+id)
	}
	id := r.send("order 47 11")
	r.wait(id, "arrived", func(s *tracedJSON) bool { return s.Verdict.Arrived })
	for _, args := range [][]string{{"order 47 11"}, {"order", "47", "11"}, {"order 47 11", "--as", "event"}, {"/shop", "order 47 11"}} {
		wantAll(r.t, r.shows(exitOK, args...), "trace  "+id)
	}
	if code, _, errs := r.trace(hex); code != exitUsage || !strings.Contains(errs, `"/a"`) || !strings.Contains(errs, `"/b"`) {
		r.t.Errorf("an id of two events: exit code %d: %s", code, errs)
	}
	if code, _, errs := r.trace("customer of " + hex); code != exitUsage || !strings.Contains(errs, "2 events have the subject") || !strings.Contains(errs, "\n  /b "+hex+"  2") || !strings.Contains(errs, ", written") {
		r.t.Errorf("a subject of two events: exit code %d: %s", code, errs)
	}
	var several struct {
		Events []struct{ Source, ID, Place string }
	}
	if out := r.shows(exitUsage, "customer of "+hex, "--json"); json.Unmarshal([]byte(out), &several) != nil || len(several.Events) != 2 || several.Events[0].ID != hex || several.Events[0].Place != "row" {
		r.t.Errorf("a subject of two events as JSON: %s", out)
	}
}

// notSampledLetter holds that a dead letter whose trace was not sampled is
// found by the message id in its log line.
func (r *running) notSampledLetter() {
	r.t.Helper()
	conn, err := pgx.Connect(r.t.Context(), r.address["database_url"])
	if err == nil {
		_, err = conn.Exec(r.t.Context(), "ALTER TABLE events ADD CONSTRAINT refuses CHECK (id <> 'order-refused')")
	}
	if err != nil {
		r.t.Fatal(err)
	}
	if err := conn.Close(r.t.Context()); err != nil {
		r.t.Error(err)
	}
	const id = "0af7651916cd43dd8448eb211c80319c"
	r.sendOf("/shop", "order-refused", "00-"+id+"-b7ad6b7169203331-00")
	s := r.wait(id, "a letter with its line", func(s *tracedJSON) bool {
		return s.has("message sent to the dead-letter queue") && len(s.Deliveries) == 1 && s.Deliveries[0].Message != nil
	})
	for _, given := range append(s.Deliveries[0].SQSIDs, id, "order-refused", "customer of order-refused") {
		wantAll(r.t, r.shows(exitNotArrived, given), "trace  "+id, "is a dead letter", "ended dead_lettered (refused 23514)", "1 message, ")
	}
	if len(s.Deliveries[0].SQSIDs) != 2 {
		r.t.Errorf("messages %q, want the event's and the letter's", s.Deliveries[0].SQSIDs)
	}
}

// notSampledFailure holds that of an event whose trace was not sampled it is
// told where it stopped and why.
func (r *running) notSampledFailure() {
	r.t.Helper()
	const id = "1bf7651916cd43dd8448eb211c80319c"
	r.sendOf("/shop", "order-not-sampled", "00-"+id+"-b7ad6b7169203331-00")
	r.wait(id, "stopped", func(s *tracedJSON) bool { return s.has("message failed, it will come again") })
	for _, given := range []string{id, "order-not-sampled"} {
		wantAll(r.t, r.shows(exitNotArrived, given), "It stopped at the consumer of dev-intake-order-ledger and waits", "Delivery 1 ended failed (sink_unavailable", "No back end has a span")
	}
}

// shows is what a command line prints, with an exit code.
func (r *running) shows(want int, args ...string) string {
	r.t.Helper()
	code, out, errs := r.trace(args...)
	if code != want {
		r.t.Errorf("trace %q: exit code %d, want %d\n%s%s", args, code, want, out, errs)
	}
	return out
}

// sameStory holds what each id leads to against the first, without what was
// given and who said what when.
func sameStory(t *testing.T, r *running, ids []string, code int) (first string) {
	t.Helper()
	var want map[string]any
	for _, id := range ids {
		out := r.shows(code, id, "--json")
		var got map[string]any
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatalf("%s: %v in %s", id, err, out)
		}
		for _, name := range []string{"given", "as", "collected_at", "asked"} {
			delete(got, name)
		}
		if want == nil {
			want, first = got, out
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s tells another story than %s (-want +got):\n%s", id, ids[0], diff)
		}
	}
	return first
}
