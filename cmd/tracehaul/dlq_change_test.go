package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

func TestDLQRedrive_ToTheSource(t *testing.T) {
	b := setupLetters(t)
	for n := range 3 {
		b.put(orderDLQ, n, "refused", "23505")
	}
	b.put(orderDLQ, 3, "malformed", "x")
	out, _ := b.run(exitOK, "redrive", "--reason", "refused", "--dry-run")
	wantAll(t, out, "3 would be sent. Nothing was.", "1 not chosen")
	b.wantDepth(orderDLQ, 4)
	out, _ = b.run(exitOK, "redrive", "--reason", "refused", "--trace", "Root=1-4bf92f35-77b34da6a3ce929d0e0e0001")
	wantAll(t, out, orderDLQ+" -> "+orderQueue, "1 sent, 1 of them taken out here", "3 not chosen")
	out, _ = b.run(exitOK, "redrive", "-q", b.broker.QueueARN(orderDLQ), "--json", "--reason", "refused")
	var r struct{ Sent, Left, Failed int }
	if err := json.Unmarshal([]byte(out), &r); err != nil || r.Sent != 2 || r.Left+r.Failed != 0 {
		t.Errorf("%v: %s", err, out)
	}
	b.wantDepth(orderDLQ, 1)
	b.wantDepth(orderQueue, 3)
	_, errs := b.run(exitNothing, "redrive", "--reason", "refused")
	wantAll(t, errs, orderDLQ+": 1 letter read, none chosen")
}

// The queue of a subscription, by the flag and by its name; and one that the
// description does not know.
func TestDLQRedrive_OtherQueues(t *testing.T) {
	b := setupLetters(t)
	b.put(orderQueue+"-undelivered", 1, "", "")
	out, _ := b.run(exitOK, "ls", "-u")
	wantAll(t, out, "undelivered: SNS could not")
	out, _ = b.run(exitOK, "redrive", "-q", orderQueue+"-undelivered")
	wantAll(t, out, "-undelivered -> "+orderQueue)
	for _, name := range []string{"prod-intake-order-ledger", "prod-intake-order-ledger-undelivered"} { // of another environment
		if _, err := b.broker.CreateQueue(messaging.QueueConfig{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	b.put("prod-intake-order-ledger-undelivered", 3, "", "")
	out, _ = b.run(exitOK, "redrive", "-q", "prod-intake-order-ledger-undelivered")
	wantAll(t, out, "-> prod-intake-order-ledger,")
	b.put("strangers", 2, "", "")
	b.run(exitOK, "redrive", "-q", "strangers", "--to", orderQueue, "-f", "no-description.yaml")
	b.wantDepth(orderQueue, 2)
}

func TestDLQRedrive_SomeFail_ExitCode1(t *testing.T) {
	b := setupLetters(t)
	b.put(orderDLQ, 1, "refused", "23505")
	if _, err := b.broker.CreateQueue(messaging.QueueConfig{Name: "tiny", MaximumMessageSizeBytes: 1024}); err != nil {
		t.Fatal(err)
	}
	big := strings.Repeat("x", 2000)
	if _, err := b.client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(b.broker.QueueURL(orderDLQ)), MessageBody: &big}); err != nil {
		t.Fatal(err)
	}
	out, errs := b.run(exitFailed, "redrive", "--to", "tiny")
	wantAll(t, out, "1 sent, 1 of them taken out", "1 could not be sent", "1 time InvalidParameterValue")
	wantAll(t, errs, "not all letters were redriven")
	b.wantDepth(orderDLQ, 1)
}

func TestDLQDrop_ArchivesAndDeletes(t *testing.T) {
	b := setupLetters(t)
	b.put(orderDLQ, 1, "refused", "23505")
	b.put(orderDLQ, 2, "malformed", "x")
	archive := filepath.Join(t.TempDir(), "dropped.jsonl")
	out, _ := b.run(exitOK, "drop", "--reason", "malformed", "--archive", archive, "--yes")
	wantAll(t, out, "1 letter deleted", archive)
	text, err := os.ReadFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	wantAll(t, string(text), `"id":"order-2"`, "Erika")
	if info, err := os.Stat(archive); err != nil || info.Mode().Perm() != 0o600 || strings.Count(string(text), "\n") != 1 {
		t.Errorf("%v, mode %v:\n%s", err, info.Mode(), text)
	}
	b.wantDepth(orderDLQ, 1)
	_, errs := b.run(exitUsage, "drop", "--all", "--archive", archive, "--yes")
	wantAll(t, errs, "there is such a file")
	b.wantDepth(orderDLQ, 1)
}

// aboutToAsk is a drop of one letter that is about to ask.
func aboutToAsk(t *testing.T) (b *letterbox, told *syncBuffer, c dlqDropCmd, d *dlq) {
	t.Helper()
	b = setupLetters(t)
	b.put(orderDLQ, 1, "refused", "23505")
	told = new(syncBuffer)
	c = dlqDropCmd{dlqFlags: dlqFlags{SQSEndpoint: b.url}, All: true, NoArchive: true}
	c.File = "tracehaul.yaml"
	d, err := c.open(t.Context(), hears(told))
	if err != nil {
		t.Fatal(err)
	}
	return b, told, c, d
}

// hears is the environment of a command that writes there.
func hears(w io.Writer) environment { return environment{w, w, func(string) string { return "" }} }

// Only the queue's name is a yes.
func TestDLQDrop_Confirmation(t *testing.T) {
	b, told, c, d := aboutToAsk(t)
	for answer, want := range map[string]bool{orderDLQ + "\n": true, orderDLQ: true, "y\n": false, "yes\n": false, "": false, orderQueue + "\n": false} {
		f, _ := c.filter()
		if err := c.confirm(t.Context(), hears(told), d, f, strings.NewReader(answer)); (err == nil) != want {
			t.Errorf("answer %q: %v", answer, err)
		}
	}
	wantAll(t, told.String(), "1 letter will be deleted", "refused")
	b.wantDepth(orderDLQ, 1)
}

func TestDLQLs_Interrupted_GivesBack(t *testing.T) {
	b := setupLetters(t)
	b.patient.Store(true)
	for n := range 3 {
		b.put(orderDLQ, n, "refused", "23505")
	}
	ctx, cancel := context.WithCancel(t.Context())
	go func() { // before the second ends in which it waits for another one
		for t.Context().Err() == nil {
			if d, err := b.broker.QueueDepth(orderDLQ); err != nil || d.InFlight == 3 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		cancel()
	}()
	code, out, errs := command(ctx, t, "dlq", "ls", "--sqs-endpoint", b.url, "--limit", "0")
	if code == exitOK {
		t.Skipf("it was too fast to be interrupted: %s", out)
	}
	wantAll(t, errs, "interrupted")
	b.wantDepth(orderDLQ, 3)
}
