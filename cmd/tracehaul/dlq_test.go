package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
)

const (
	orderQueue = "dev-intake-order-ledger"
	orderDLQ   = orderQueue + "-dlq"
)

// letterbox is a local SQS with the queues of the description, over HTTP.
type letterbox struct {
	t      *testing.T
	broker *messaging.Broker
	url    string
	client *sqs.Client

	patient *atomic.Bool // whether a receive waits as long as it says
}

func setupLetters(t *testing.T) *letterbox {
	t.Helper()
	t.Chdir(filepath.Join("..", "..", "pipeline", "testdata", "reference"))
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	b := &letterbox{t: t, broker: messaging.New(messaging.Config{Region: "eu-central-1"}), patient: new(atomic.Bool)}
	for _, c := range []messaging.QueueConfig{
		{Name: orderDLQ, MessageRetention: 14 * 24 * time.Hour},
		{Name: orderQueue + "-undelivered"},
		{Name: orderQueue, DeadLetterQueue: orderDLQ},
		{Name: "strangers"},
	} {
		if _, err := b.broker.CreateQueue(c); err != nil {
			t.Fatal(err)
		}
	}
	server := httptest.NewServer(b.atOnce(b.broker.SQS()))
	t.Cleanup(server.Close)
	t.Cleanup(b.broker.Close)
	b.url = server.URL
	b.client = sqs.New(sqs.Options{Region: "eu-central-1", BaseEndpoint: &b.url, Credentials: credentials.NewStaticCredentialsProvider("local", "local", "")})
	return b
}

// atOnce answers a receive without the second that SQS waits for a message:
// each command asks until nothing more comes. What the wait is for is tested in
// package deadletter.
func (b *letterbox) atOnce(next http.Handler) http.Handler {
	wait := regexp.MustCompile(`"WaitTimeSeconds":\d+`)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !b.patient.Load() {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			body = wait.ReplaceAll(body, []byte(`"WaitTimeSeconds":0`))
			r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		}
		next.ServeHTTP(w, r)
	})
}

// put puts order n aside for a reason, "" for none.
func (b *letterbox) put(queue string, n int, reason, code string) {
	b.t.Helper()
	a := map[string]sqstypes.MessageAttributeValue{}
	for name, value := range map[string]string{
		"failure-reason": reason, "failure-code": code, "traceparent": fmt.Sprintf("00-4bf92f3577b34da6a3ce929d0e0e%04d-00f067aa0ba902b7-01", n),
	} {
		if value != "" {
			a[name] = sqstypes.MessageAttributeValue{DataType: aws.String("String"), StringValue: &value}
		}
	}
	body := fmt.Sprintf(`{"specversion":"1.0","id":"order-%d","source":"/shop","type":"order.placed","data":{"name":"Erika Mustermann"}}`, n)
	if _, err := b.client.SendMessage(b.t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(b.broker.QueueURL(queue)), MessageBody: &body, MessageAttributes: a}); err != nil {
		b.t.Fatal(err)
	}
}

// run runs a command of dlq, and wants an exit code.
func (b *letterbox) run(code int, args ...string) (out, errs string) {
	b.t.Helper()
	got, out, errs := command(b.t.Context(), b.t, append([]string{"dlq", args[0], "--sqs-endpoint", b.url}, args[1:]...)...)
	if got != code {
		b.t.Fatalf("dlq %v: exit code %d, want %d\n%s%s", args, got, code, out, errs)
	}
	return out, errs
}

func (b *letterbox) wantDepth(queue string, want int) {
	b.t.Helper()
	if d, err := b.broker.QueueDepth(queue); err != nil || d.Visible != want || d.InFlight != 0 {
		b.t.Errorf("%s has %d messages and %d are held, want %d; %v", queue, d.Visible, d.InFlight, want, err)
	}
}

func wantAll(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is missing in:\n%s", part, text)
		}
	}
}

func TestDLQLs_Table_SaysWhyAndHowLong(t *testing.T) {
	b := setupLetters(t)
	b.put(orderDLQ, 1, "refused", "23505")
	b.put(orderDLQ, 2, "refused", "23505")
	b.put(orderDLQ, 3, "malformed", "malformed_json")
	out, errs := b.run(exitOK, "ls")
	wantAll(t, out, orderDLQ+": 3 letters read\n", "COUNT  REASON", "2      refused", "23505", "/shop order-1", "4bf92f3577b34da6a3ce929d0e0e0001",
		"refused: The database", "malformed: The consumer", "deleted in 13d23h", "keeps letters for 14d0h")
	if strings.Contains(out+errs, "Erika") || strings.Contains(out, "\x1b") || errs != "" {
		t.Errorf("it shows data, colours, or progress of what takes no time:\n%s%s", out, errs)
	}
	out, _ = b.run(exitOK, "ls", "--reason", "refused", "--limit", "2")
	wantAll(t, out, "2 letters read", "About 1 more were not seen")
	b.wantDepth(orderDLQ, 3)
}

func TestDLQLs_JSON(t *testing.T) {
	b := setupLetters(t)
	b.put(orderDLQ, 1, "refused", "23505")
	b.put(orderDLQ, 2, "", "")
	out, _ := b.run(exitOK, "ls", "--json", "-q", orderDLQ, "--code", "23505")
	var l struct {
		Queue                   string
		Waiting, Seen, Matched  int
		Groups                  []groupJSON
		RetentionSeconds        int `json:"retention_seconds"`
		URL                     string
		Hidden, Delayed, Unseen int
	}
	dec := json.NewDecoder(strings.NewReader(out))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&l); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if l.Queue != orderDLQ || l.Waiting != 2 || l.Seen != 2 || l.Matched != 1 || l.RetentionSeconds != 14*86400 ||
		len(l.Groups) != 1 || l.Groups[0].Example.EventID != "order-1" || l.Groups[0].Why == "" {
		t.Errorf("got %+v", l)
	}
}

// Whoever asks wrongly, or asks for what is not there, is told so by the exit
// code and by what would be right.
func TestDLQ_ExitCodes(t *testing.T) {
	b := setupLetters(t)
	archive := filepath.Join(t.TempDir(), "archive")
	for name, test := range map[string]struct {
		code int
		want string
		args []string
	}{
		"empty":              {exitNothing, orderDLQ + " is empty", []string{"ls"}},
		"empty, show":        {exitNothing, "is empty", []string{"show", "x"}},
		"empty, redrive":     {exitNothing, "is empty", []string{"redrive"}},
		"empty, drop":        {exitNothing, "is empty", []string{"drop", "--all", "--archive", archive, "--yes"}},
		"unknown consumer":   {exitUsage, "want one of [ledger]", []string{"ls", "-c", "mailer"}},
		"consumer and queue": {exitUsage, "can't be used together", []string{"ls", "-c", "ledger", "-q", "x"}},
		"no such queue":      {exitFailed, "NonExistentQueue", []string{"ls", "-q", "nowhere"}},
		"FIFO":               {exitFailed, "FIFO", []string{"ls", "-q", b.url + "/000000000000/orders.fifo"}},
		"limit":              {exitUsage, "--limit -1: want 0", []string{"ls", "--limit=-1"}},
		"trace":              {exitUsage, "32 hexadecimal digits", []string{"ls", "--trace", "xyz"}},
		"since":              {exitUsage, "want a time such as", []string{"ls", "--since", "yesterday"}},
		"until before since": {exitUsage, "--until 2026-11-26T02:00:00Z: want a time after --since 2026-11-26T03:00:00Z", []string{"ls", "--since", "2026-11-26T03:00:00Z", "--until", "2026-11-26T02:00:00Z"}},
		"visibility":         {exitUsage, "want whole seconds", []string{"ls", "--visibility", "1ms"}},
		"rate":               {exitUsage, "rate of -1", []string{"redrive", "--rate=-1"}},
		"no source":          {exitUsage, "say by --to", []string{"redrive", "-q", "strangers"}},
		"drop everything":    {exitUsage, "want a filter", []string{"drop", "--no-archive", "--yes"}},
		"drop what":          {exitUsage, "want one of them", []string{"drop", "--no-archive", "--yes", "--all", "--reason", "x"}},
		"no archive":         {exitUsage, "want --archive FILE", []string{"drop", "--all", "--yes"}},
		"archive is there":   {exitUsage, "want the name of a new file", []string{"drop", "--all", "--archive", "tracehaul.yaml", "--yes"}},
		"nobody there":       {exitUsage, "want --yes", []string{"drop", "--all", "--no-archive"}},
		"no description":     {exitFailed, "none.yaml", []string{"ls", "-f", "none.yaml"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := *b
			b.t = t
			if _, errs := b.run(test.code, test.args...); !strings.Contains(errs, test.want) {
				t.Errorf("errors lack %q:\n%s", test.want, errs)
			}
		})
	}
	if _, err := os.Stat(archive); err == nil {
		t.Error("an empty archive was left behind")
	}
}

func TestDLQShow_BodyOnlyIfAsked(t *testing.T) {
	b := setupLetters(t)
	b.put(orderDLQ, 1, "refused", "23505")
	b.put(orderDLQ, 2, "refused", "23505")
	for _, id := range []string{"order-2", "4bf92f3577b34da6a3ce929d0e0e0002"} {
		out, errs := b.run(exitOK, "show", id)
		wantAll(t, out, "refused 23505", "order-2", "00-4bf92f3577b34da6a3ce929d0e0e0002-00f067aa0ba902b7-01", "failure-reason", "SentTimestamp", "--body shows it")
		if strings.Contains(out+errs, "Erika") || strings.Contains(out, "order-1") {
			t.Errorf("it shows too much:\n%s", out)
		}
	}
	out, _ := b.run(exitOK, "show", "all", "--body", "--event", "order-1")
	wantAll(t, out, "Erika", "order-1")
	out, _ = b.run(exitOK, "show", "all", "--json")
	var records []struct {
		Body  *string
		Event struct{ ID string }
	}
	if err := json.Unmarshal([]byte(out), &records); err != nil || len(records) != 2 || records[0].Body != nil || records[0].Event.ID == "" {
		t.Errorf("%v: %s", err, out)
	}
	b.wantDepth(orderDLQ, 2)
}
