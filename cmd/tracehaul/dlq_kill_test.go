//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/jackc/pgx/v5"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/internal/program"
	"github.com/tracehaul/tracehaul/pipeline"
)

// killing is a whole pipeline whose consumers start when the dead letters are
// there, and the real tool.
type killing struct {
	t        *testing.T
	l        *localpipeline.Local
	consumer *pipeline.Consumer
	client   *sqs.Client
	tool     string
	root     string

	// A delete waits a moment, so that kills hit between send and delete.
	// watch, when set, hears of it.
	watch atomic.Pointer[chan struct{}]
	sent  atomic.Int64 // messages that redrives have sent, doubles included
}

func setupKilling(t *testing.T) *killing {
	t.Helper()
	if testing.Short() {
		t.Skip("it takes a whole pipeline and a minute")
	}
	if err := program.WatchSources(); err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "pipeline", "testdata", "reference", "tracehaul.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	// What an invocation fails at, such as a deadlock with the double of a
	// message, comes again after six times its timeout, which nobody is to wait
	// for here: see below.
	shorter := bytes.Replace(text, []byte("timeout_seconds: 30"), []byte("timeout_seconds: 10"), 1)
	if bytes.Equal(shorter, text) {
		t.Fatal("the consumer's timeout is no longer where it was")
	}
	p, err := pipeline.Parse("tracehaul.yaml", shorter)
	if err != nil {
		t.Fatal(err)
	}
	programs, err := program.Build(t.Context(), t.TempDir(), "service", "consumer", "tracehaul")
	if err != nil {
		t.Fatal(err)
	}
	k := &killing{t: t, consumer: &p.Consumers[0], tool: programs[2], root: root}
	var output program.Tail
	k.l, err = localpipeline.Start(t.Context(), localpipeline.Config{
		Pipeline: p, Service: programs[0], Consumer: programs[1], Migrate: migrate.UpURL, HoldConsumers: true, Fault: k.fault,
		Traces: 5000, ServiceEnv: map[string]string{"DRAIN_GRACE": "0s"}, Output: func(program, line string) { output.Keep(program + ": " + line) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.l.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
		if t.Failed() {
			t.Log(output.Text())
		}
	})
	k.client = sqs.New(sqs.Options{
		Region: p.Region, BaseEndpoint: aws.String(k.l.Addresses().SQS), Credentials: credentials.NewStaticCredentialsProvider("local", "local", ""),
	})
	_, err = k.client.SetQueueAttributes(t.Context(), &sqs.SetQueueAttributesInput{
		QueueUrl: aws.String(k.l.Addresses().QueueURL), Attributes: map[string]string{"VisibilityTimeout": "12"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func (k *killing) fault(c messaging.Call) *messaging.Fault {
	switch {
	case c.Action == "SendMessageBatch" && c.Resource == k.consumer.QueueName():
		k.sent.Add(int64(c.Entries))
	case c.Action == "DeleteMessageBatch" && c.Resource == k.consumer.DLQName():
		if watch := k.watch.Load(); watch != nil {
			select {
			case *watch <- struct{}{}:
			default:
			}
		}
		return &messaging.Fault{Delay: 30 * time.Millisecond}
	}
	return nil
}

// post sends events through the front door and returns the trace of each by
// its id.
func (k *killing) post(n int) map[string]string {
	k.t.Helper()
	traces := make(map[string]string, n)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range n / 8 {
				a, err := k.l.Send(k.t.Context(), localpipeline.ExampleEvent(time.Now()), nil)
				if err != nil {
					k.t.Error(err)
					return
				}
				mu.Lock()
				traces[a.ID] = a.TraceID
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(traces) != n {
		k.t.Fatalf("%d events were accepted, want %d", len(traces), n)
	}
	return traces
}

// bury moves everything from the queue to the dead-letter queue, as the
// consumer does with what it cannot write.
func (k *killing) bury(n int) {
	k.t.Helper()
	from, to := k.l.Addresses().QueueURL, k.l.Addresses().DLQURL
	deadline := time.Now().Add(3 * time.Minute) // longer than a message that was handed out once is hidden
	for n > 0 {
		out, err := k.client.ReceiveMessage(k.t.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: &from, MaxNumberOfMessages: 10, WaitTimeSeconds: 5, MessageAttributeNames: []string{"All"},
		})
		if err == nil && len(out.Messages) == 0 && time.Now().After(deadline) {
			depth, depthErr := k.l.Broker().QueueDepth(k.consumer.QueueName())
			err = errors.Join(fmt.Errorf("%d messages are missing in the queue: it has %+v", n, depth), depthErr)
		}
		if err != nil {
			k.t.Fatal(err)
		}
		for _, m := range out.Messages {
			for name, value := range map[string]string{consumer.AttributeReason: "refused", consumer.AttributeCode: "23514"} {
				m.MessageAttributes[name] = sqstypes.MessageAttributeValue{DataType: aws.String("String"), StringValue: &value}
			}
			_, err := k.client.SendMessage(k.t.Context(), &sqs.SendMessageInput{QueueUrl: &to, MessageBody: m.Body, MessageAttributes: m.MessageAttributes})
			if err == nil {
				_, err = k.client.DeleteMessage(k.t.Context(), &sqs.DeleteMessageInput{QueueUrl: &from, ReceiptHandle: m.ReceiptHandle})
			}
			if err != nil {
				k.t.Fatal(err)
			}
			n--
		}
	}
}

// redrive starts the tool.
func (k *killing) redrive(out *bytes.Buffer) *exec.Cmd {
	k.t.Helper()
	c := exec.CommandContext(k.t.Context(), k.tool, "dlq", "redrive", "-f", filepath.Join(k.root, "pipeline", "testdata", "reference", "tracehaul.yaml"),
		"--sqs-endpoint", k.l.Addresses().SQS, "--visibility", "2s", "--rate", "400")
	c.Env = []string{"HOME=" + k.t.TempDir(), "OTEL_EXPORTER_OTLP_ENDPOINT=" + k.l.Addresses().OTLP}
	c.Stdout, c.Stderr = out, out
	if err := c.Start(); err != nil {
		k.t.Fatal(err)
	}
	return c
}

// finish redrives until nothing is left.
func (k *killing) finish() (outputs string) {
	k.t.Helper()
	for range 20 {
		var out bytes.Buffer
		c := k.redrive(&out)
		_ = c.Wait()
		outputs += out.String()
		if code := c.ProcessState.ExitCode(); code != exitOK && code != exitNothing && (code != exitFailed || !strings.Contains(out.String(), "are hidden")) {
			k.t.Fatalf("exit code %d: %s", code, out.String())
		}
		depth, err := k.l.Broker().QueueDepth(k.consumer.DLQName())
		if err != nil {
			k.t.Fatal(err)
		}
		if depth.Visible+depth.InFlight == 0 {
			return outputs
		}
		time.Sleep(500 * time.Millisecond) // what a killed one held comes back
	}
	k.t.Fatalf("the dead-letter queue does not get empty:\n%s", outputs)
	return ""
}

// rows are the traces of the rows by the event's id, once there are n.
func (k *killing) rows(n int) map[string][]string {
	k.t.Helper()
	ctx, cancel := context.WithTimeout(k.t.Context(), 3*time.Minute)
	defer cancel()
	db, err := pgx.Connect(ctx, k.l.Addresses().DatabaseURL)
	if err != nil {
		k.t.Fatal(err)
	}
	defer db.Close(context.Background())
	last := 0
	for {
		found := map[string][]string{}
		var id, trace string
		rows, err := db.Query(ctx, "select id, trace_id from events")
		if err == nil {
			_, err = pgx.ForEachRow(rows, []any{&id, &trace}, func() error { found[id] = append(found[id], trace); return nil })
		}
		depth, depthErr := k.l.Broker().QueueDepth(k.consumer.QueueName())
		dead, deadErr := k.l.Broker().QueueDepth(k.consumer.DLQName())
		if err := errors.Join(err, depthErr, deadErr); err != nil {
			k.t.Fatalf("%v; had %d rows, want %d; the queue has %+v, the dead-letter queue %+v", err, last, n, depth, dead)
		}
		if last = len(found); last >= n && depth.Visible+depth.InFlight == 0 {
			if dead.Visible+dead.InFlight > 0 {
				k.t.Errorf("the dead-letter queue has %+v", dead)
			}
			return found
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// A redrive of a thousand letters that is killed again and again loses nothing
// and doubles nothing: in the end each event is a row once, of its own trace.
func TestDLQRedrive_KilledAgainAndAgain_EachEventIsARowOnce(t *testing.T) {
	t.Parallel() // it waits more than it works
	k := setupKilling(t)
	const events = 1000
	phase := time.Now()
	took := func(what string) { // which part of it a slow run was slow in
		t.Logf("%s: %v", what, time.Since(phase).Round(time.Millisecond))
		phase = time.Now()
	}
	traces := k.post(events)
	took("sent")
	k.bury(events)
	took("buried")
	if err := k.l.StartConsumers(); err != nil {
		t.Fatal(err)
	}
	kill := func(after func()) (killed bool) {
		var out bytes.Buffer
		c := k.redrive(&out)
		after()
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = c.Wait()
		if c.ProcessState.Exited() {
			t.Logf("the redrive had ended before it was killed: %s", out.String())
		}
		return !c.ProcessState.Exited()
	}
	// Once for certain between a confirmed send and its delete.
	watch := make(chan struct{})
	k.watch.Store(&watch)
	if !kill(func() {
		for range 2 {
			select {
			case <-watch:
			case <-time.After(time.Minute):
				t.Fatal("no redrive has deleted anything")
			}
		}
	}) {
		t.Error("no redrive was killed between a send and its delete")
	}
	k.watch.Store(nil)
	for more, n := true, 0; more && n < 5; n++ { // a slow machine may let one come to its end
		before := k.sent.Load()
		more = kill(func() {
			for deadline := time.Now().Add(time.Minute); k.sent.Load() == before; time.Sleep(time.Millisecond) { // until it is at work
				if time.Now().After(deadline) {
					t.Fatal("no redrive has sent anything")
				}
			}
			time.Sleep(time.Duration(rand.IntN(300)) * time.Millisecond)
		})
	}
	took("killed")
	outputs := k.finish()
	took("finished")
	rows := k.rows(events)
	took("written")
	t.Logf("%d events, %d sends", events, k.sent.Load())
	if k.sent.Load() <= events {
		t.Errorf("%d sends of %d events: no kill came between a send and its delete", k.sent.Load(), events)
	}
	for id, trace := range traces {
		if got := rows[id]; len(got) != 1 || got[0] != trace {
			t.Errorf("event %s of trace %s: the rows have %q", id, trace, got)
		}
	}
	if len(rows) != events {
		t.Errorf("%d rows, want %d", len(rows), events)
	}
	k.wantLinks(outputs, traces)
}

// wantLinks wants a redrive's trace, with links to messages' traces.
func (k *killing) wantLinks(outputs string, traces map[string]string) {
	k.t.Helper()
	known := map[string]bool{}
	for _, trace := range traces {
		known[trace] = true
	}
	linked := 0
	for _, tr := range k.l.Latest(5000) {
		for _, s := range tr.Spans() {
			if s.Name != "send "+k.consumer.QueueName() {
				continue
			}
			for _, link := range s.Links {
				if !known[link.TraceID] {
					k.t.Errorf("a link to trace %s, which no event has", link.TraceID)
				}
				linked++
			}
		}
	}
	if linked == 0 {
		k.t.Errorf("no span of a redrive links to a message:\n%s", strings.TrimSpace(outputs))
	}
}
