package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// hide receives dead letters as a run does that is killed then.
func (b *letterbox) hide(n int) {
	b.t.Helper()
	for n > 0 {
		out, err := b.client.ReceiveMessage(b.t.Context(), &sqs.ReceiveMessageInput{
			QueueUrl: aws.String(b.broker.QueueURL(orderDLQ)), MaxNumberOfMessages: int32(min(n, 10)), VisibilityTimeout: 600,
		})
		if err != nil || len(out.Messages) == 0 {
			b.t.Fatalf("%v, %d messages are missing", err, n)
		}
		n -= len(out.Messages)
	}
}

// Who redrives or drops after a kill is told of what is still hidden: it is not done.
func TestDLQ_SomeAreHidden_NotDone(t *testing.T) {
	archive := filepath.Join(t.TempDir(), "dropped.jsonl")
	for _, args := range [][]string{{"redrive"}, {"drop", "--all", "--archive", archive, "--yes"}} {
		t.Run(args[0], func(t *testing.T) {
			b := setupLetters(t)
			for n := range 5 {
				b.put(orderDLQ, n, "refused", "23505")
			}
			b.hide(3)
			if args[0] == "redrive" {
				out, _ := b.run(exitOK, "redrive", "--dry-run")
				wantAll(t, out, "2 would be sent", "About 3 are hidden")
			}
			out, _ := b.run(exitOK, append(args, "--limit", "1")...) // which is all that was asked for
			wantAll(t, out, "About 3 are hidden")
			_ = os.Remove(archive)
			out, errs := b.run(exitFailed, append(args, "--json")...)
			var r struct{ Sent, Deleted, Hidden int }
			if err := json.Unmarshal([]byte(out), &r); err != nil || r.Sent+r.Deleted != 1 || r.Hidden != 3 {
				t.Errorf("%v: %s", err, out)
			}
			wantAll(t, errs, "about 3 are hidden")
		})
	}
}

func TestDLQShow_Credentials_AreMasked(t *testing.T) {
	const secret = "0123456789abcdef"
	b := setupLetters(t)
	a := map[string]sqstypes.MessageAttributeValue{"x-api-key": {DataType: aws.String("Binary"), BinaryValue: []byte(secret)}}
	for name, value := range map[string]string{"authorization": "Bearer " + secret, "note": "curl -H 'Bearer " + secret + "'", "event-type": "order.placed"} {
		a[name] = sqstypes.MessageAttributeValue{DataType: aws.String("String"), StringValue: &value}
	}
	body := `{"specversion":"1.0","id":"order-1","source":"/shop","type":"order.placed","subject":"https://shop.example/?token=` + secret + `"}`
	if _, err := b.client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(b.broker.QueueURL(orderDLQ)), MessageBody: &body, MessageAttributes: a}); err != nil {
		t.Fatal(err)
	}
	for _, more := range [][]string{nil, {"--json"}} {
		out, _ := b.run(exitOK, append([]string{"show", "all"}, more...)...)
		if strings.Contains(out, secret) || strings.Contains(out, "MDEyMzQ1Njc4OWFiY2RlZg") {
			t.Errorf("%v: it shows a credential:\n%s", more, out)
		}
		wantAll(t, out, "***", "order.placed", "order-1")
	}
	out, _ := b.run(exitOK, "show", "all", "--body")
	wantAll(t, out, "Bearer "+secret, "token="+secret)
}

// Whoever is asked and interrupts is not kept until a line is there.
func TestDLQDrop_InterruptedWhileAsked_Ends(t *testing.T) {
	b, told, c, d := aboutToAsk(t)
	f, _ := c.filter()
	in, terminal := io.Pipe()
	t.Cleanup(func() { _ = terminal.Close() })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	heard := func(p []byte) {
		if strings.Contains(string(p), "Type the name") {
			cancel()
		}
	}
	env := hears(hearing{told, heard})
	go func() { ended <- c.confirm(ctx, env, d, f, in) }()
	select {
	case err := <-ended:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("it waits for a line")
	}
	b.wantDepth(orderDLQ, 1)
}

// hearing hears what is written.
type hearing struct {
	io.Writer
	hear func(p []byte)
}

func (h hearing) Write(p []byte) (int, error) {
	n, err := h.Writer.Write(p)
	h.hear(p)
	return n, err
}

// An SQS that does not answer is told of after a second.
func TestDLQ_NoAnswer_IsTold(t *testing.T) {
	setupLetters(t)
	for _, args := range [][]string{{"ls"}, {"show", "all"}, {"redrive", "--dry-run"}, {"drop", "--all", "--no-archive", "--yes"}} {
		t.Run(args[0], func(t *testing.T) {
			gone := make(chan struct{})
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				select {
				case <-r.Context().Done():
				case <-gone:
				}
			}))
			t.Cleanup(server.Close)
			t.Cleanup(func() { close(gone) })
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			var out, errs syncBuffer
			told := hearing{&errs, func(p []byte) {
				if string(p) == askingForQueue+"\n" {
					cancel()
				}
			}}
			run(ctx, append([]string{"dlq", args[0], "--sqs-endpoint", server.URL}, args[1:]...), environment{&out, told, func(string) string { return "" }})
			wantAll(t, errs.String(), askingForQueue+"\n")
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				t.Errorf("nothing was told:\n%s", errs.String())
			}
		})
	}
}
