package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// patience is for a machine that has other things to do.
const patience = 2 * time.Minute

// One order is one trace: from the request, through SNS and SQS, to the worker
// in another process, which deletes the message.
func TestShop_OneOrder_OneTrace(t *testing.T) {
	up := startCloud(t)
	topic, queue := up.subscribed(t)
	shop := build(t, "shop", ".")
	address := freeAddress(t)
	up.start(t, shop, "serve", "OTEL_SERVICE_NAME=shop", "TOPIC_ARN="+topic, "LISTEN_ADDRESS="+address)
	up.start(t, shop, "work", "OTEL_SERVICE_NAME=shop-worker", "QUEUE_URL="+queue)

	id := post(t, "http://"+address+"/orders")
	const want = "POST /orders (shop) > send orders (shop) > process orders (shop-worker) > settle orders (shop-worker)"
	var got string
	eventually(t, func() bool {
		got = up.path(t, id)
		return got == want
	}, func() string { return "the trace is " + got + ", want " + want })
}

// post sends one, once the service is there, and returns its trace.
func post(t *testing.T, url string) (id string) {
	t.Helper()
	var last error
	eventually(t, func() bool {
		r, err := http.Post(url, "application/json", strings.NewReader(`{"ID":"o-1"}`))
		if last = err; err != nil {
			return false // it has not started yet
		}
		defer r.Body.Close()
		if parts := strings.Split(r.Header.Get("Traceresponse"), "-"); r.StatusCode != http.StatusAccepted || len(parts) != 4 {
			t.Fatalf("status %s, headers %v", r.Status, r.Header)
		} else {
			id = parts[1]
		}
		return true
	}, func() string { return last.Error() })
	return id
}

// cloud is what `tracehaul up --json` says, and how to call the tool.
type cloud struct {
	SNS, SQS, OTLP string
	tool           string
	env            []string
}

func startCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{tool: os.Getenv("TRACEHAUL"), env: append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir())}
	if c.tool == "" {
		c.tool = build(t, "tracehaul", "./cmd/tracehaul", "-C", "../..")
	}
	cmd := exec.CommandContext(t.Context(), c.tool, "up", "--json", "--alb-port", "0", "--web-port", "0")
	cmd.Dir, cmd.Env, cmd.Stderr = "../..", c.env, os.Stderr // the demo's programs are built from source
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	started(t, cmd)
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		t.Fatalf("tracehaul up: %v", err)
	}
	if err := json.Unmarshal(line, c); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	c.env = append(c.env, "AWS_ENDPOINT_URL_SNS="+c.SNS, "AWS_ENDPOINT_URL_SQS="+c.SQS, "OTEL_EXPORTER_OTLP_ENDPOINT="+c.OTLP, "OTEL_BSP_SCHEDULE_DELAY=100",
		"AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_CONFIG_FILE=/dev/null", "AWS_SHARED_CREDENTIALS_FILE=/dev/null")
	return c
}

// subscribed makes a topic, and a queue on it with raw delivery.
func (c *cloud) subscribed(t *testing.T) (topic, queue string) {
	t.Helper()
	for _, v := range c.env[len(os.Environ()):] {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	topics, queues := sns.NewFromConfig(cfg), sqs.NewFromConfig(cfg)
	made, err := topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: aws.String("orders")})
	if err != nil {
		t.Fatal(err)
	}
	q, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("orders")})
	if err != nil {
		t.Fatal(err)
	}
	attributes, err := queues.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: q.QueueUrl, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = topics.Subscribe(t.Context(), &sns.SubscribeInput{
		TopicArn: made.TopicArn, Protocol: aws.String("sqs"), Endpoint: aws.String(attributes.Attributes["QueueArn"]), Attributes: map[string]string{"RawMessageDelivery": "true"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return *made.TopicArn, *q.QueueUrl
}

func (c *cloud) start(t *testing.T, program, role string, more ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, role)
	cmd.Env, cmd.Stdout, cmd.Stderr = slices.Concat(c.env, more), t.Output(), t.Output()
	started(t, cmd)
}

// path is a trace whose spans have one child each, from the root down.
func (c *cloud) path(t *testing.T, id string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), c.tool, "trace", "--json", id)
	cmd.Env = c.env
	out, _ := cmd.Output() // it fails as long as the event has not become a row, which it never will
	var told struct {
		Spans []struct {
			ID            string `json:"span_id"`
			Parent        string `json:"parent_span_id"`
			Name, Service string
		}
	}
	if err := json.Unmarshal(out, &told); err != nil {
		return err.Error()
	}
	var path []string
	for parent := ""; len(path) < len(told.Spans); {
		before := len(path)
		for _, s := range told.Spans {
			if s.Parent == parent {
				path, parent = append(path, s.Name+" ("+s.Service+")"), s.ID
				break
			}
		}
		if len(path) == before {
			break
		}
	}
	return strings.Join(path, " > ")
}

// started starts a command, and ends it as ECS would when the test is over.
func started(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = patience
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Wait(); err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", cmd, err)
		}
	})
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

// freeAddress has a port below those that systems give to whoever connects: it
// stays free until the service listens there.
func freeAddress(t *testing.T) string {
	t.Helper()
	for {
		address := fmt.Sprintf("127.0.0.1:%d", 10_000+rand.IntN(20_000))
		if l, err := net.Listen("tcp", address); err == nil {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			return address
		}
	}
}

func eventually(t *testing.T, holds func() bool, problem func() string) {
	t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(problem())
		}
	}
}

// The README shows what was added: without it, the program is one that builds,
// and knows nothing of telemetry.
func TestReadme_Diff_LeadsBackToWhatWasBefore(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, diff, _ := strings.Cut(string(readme), "```diff\n")
	diff, _, ok := strings.Cut(diff, "```\n")
	after, err := os.ReadFile("main.go")
	if err != nil || !ok {
		t.Fatalf("the README has a diff: %v; %v", ok, err)
	}
	dir := t.TempDir()
	before := filepath.Join(dir, "main.go")
	if err := os.WriteFile(before, after, 0o600); err != nil {
		t.Fatal(err)
	}
	apply := exec.CommandContext(t.Context(), "git", "apply", "--reverse")
	apply.Dir, apply.Stdin, apply.Env = dir, strings.NewReader(diff), append(os.Environ(), "GIT_CEILING_DIRECTORIES="+filepath.Dir(dir))
	if out, err := apply.CombinedOutput(); err != nil {
		t.Fatalf("git apply --reverse: %v\n%s", err, out)
	}
	if text, err := os.ReadFile(before); err != nil || strings.Contains(string(text), "tracehaul") || strings.Contains(string(text), "opentelemetry") {
		t.Errorf("it knows of telemetry already, or %v", err)
	}
	here, err := filepath.Abs("main.go")
	if err != nil {
		t.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {here: before}})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	build(t, "shop", ".", "-overlay", file)
}
