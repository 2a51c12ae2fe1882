package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
	"github.com/tracehaul/tracehaul/internal/program"
)

func TestMain(m *testing.M) {
	if os.Getenv(toldToStop) != "" {
		signalWhenEnded()
		return
	}
	goleak.VerifyTestMain(m)
}

// patience is for what should happen, on a machine however busy.
const patience = 30 * time.Second

// nobody listens there: the port is a privileged one, which no test is given.
const nobody = "127.0.0.1:1"

// cloud is a local SNS with a topic and a queue subscribed to it.
func cloud(t *testing.T, fault func(messaging.Call) *messaging.Fault) (b *messaging.Broker, endpoint string) {
	t.Helper()
	b = messaging.New(messaging.Config{Fault: fault})
	server := httptest.NewServer(b.SNS())
	t.Cleanup(func() {
		b.Close()
		server.CloseClientConnections()
		server.Close()
	})
	if _, err := b.CreateTopic("dev-shop-orders"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.CreateQueue(messaging.QueueConfig{Name: "orders"}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Subscribe(messaging.SubscriptionConfig{Topic: "dev-shop-orders", Queue: "orders", RawMessageDelivery: true}); err != nil {
		t.Fatal(err)
	}
	return b, server.URL
}

// running is the real program.
type running struct {
	*program.Process

	url string

	mu  sync.Mutex
	log []map[string]any // its lines
}

// start runs the program and waits until it listens.
func start(t *testing.T, endpoint string, env ...string) *running {
	t.Helper()
	paths, err := program.Build(t.Context(), t.TempDir(), "service")
	if err != nil {
		t.Fatal(err)
	}
	env = append([]string{
		"TOPIC_ARN=" + topicARN, "LISTEN_ADDRESS=127.0.0.1:0", "DRAIN_GRACE=200ms", "AWS_ENDPOINT_URL_SNS=" + endpoint,
		"AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret", "AWS_EC2_METADATA_DISABLED=true",
		"OTEL_TRACES_EXPORTER=none", "OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none", "OTEL_SERVICE_NAME=dev-shop-ingest",
	}, env...)
	r := &running{}
	listening := make(chan string, 1)
	r.Process, err = program.Start(paths[0], env, func(text string) {
		line := map[string]any{}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Errorf("not JSON: %s", text)
			return
		}
		r.mu.Lock()
		r.log = append(r.log, line)
		r.mu.Unlock()
		if line["msg"] == "listening" {
			listening <- "http://" + line["address"].(string)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = r.Stop(context.Background(), patience)
		http.DefaultClient.CloseIdleConnections()
	})
	select {
	case r.url = <-listening:
	case <-r.Done():
		t.Fatalf("the program ended: %v", r.log)
	case <-time.After(patience):
		t.Fatal("the program does not listen")
	}
	return r
}

// post sends an event and returns the status of the answer.
func (r *running) post(id string) (int, error) {
	res, err := http.Post(r.url+"/v1/events", "application/cloudevents+json", strings.NewReader(
		`{"specversion":"1.0","id":"`+id+`","source":"/web","type":"com.example.order.placed","data":{"total":12}}`))
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	return res.StatusCode, nil
}

func TestProgram_Event_ReachesQueueWithItsTrace(t *testing.T) {
	b, endpoint := cloud(t, nil)
	r := start(t, endpoint)
	if status, err := r.post("order-1"); status != http.StatusAccepted {
		t.Fatalf("status = %d, %v", status, err)
	}
	messages, err := b.Messages("orders", 10)
	if err != nil || len(messages) != 1 {
		t.Fatalf("messages = %v, %v", messages, err)
	}
	if v := messages[0].Attributes["traceparent"].Value; len(v) != 55 {
		t.Errorf("traceparent = %q", v)
	}
	if err := run(t.Context(), []string{"healthcheck"}, func(string) string { return strings.TrimPrefix(r.url, "http://") }, nil, nil); err != 0 {
		t.Errorf("healthcheck exits with %d while the program runs", err)
	}
}

// What was sent before SIGTERM is answered and published, whatever SNS's pace.
func TestProgram_SIGTERMUnderLoad_LosesNothing(t *testing.T) {
	b, endpoint := cloud(t, func(messaging.Call) *messaging.Fault { return &messaging.Fault{Delay: 50 * time.Millisecond} })
	r := start(t, endpoint)
	var group sync.WaitGroup
	var mu sync.Mutex
	accepted := map[string]bool{}
	working, stop := make(chan struct{}), make(chan struct{})
	underWay := sync.OnceFunc(func() { close(working) })
	for worker := range 8 {
		group.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				id := fmt.Sprintf("%d-%d", worker, i)
				status, err := r.post(id)
				if err != nil {
					return // the listener is closed: the load balancer would have gone elsewhere
				}
				if status != http.StatusAccepted {
					t.Errorf("status = %d", status)
				}
				mu.Lock()
				accepted[id] = true
				mu.Unlock()
				underWay()
			}
		})
	}
	<-working
	began := time.Now()
	if err := r.Stop(t.Context(), patience); err != nil {
		t.Errorf("the program ended with %v", err)
	}
	if took := time.Since(began); took < 200*time.Millisecond {
		t.Errorf("stopping took %v, want the grace of 200ms and a little", took)
	}
	close(stop)
	group.Wait()
	messages, err := b.Messages("orders", 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range messages {
		var e struct{ ID string }
		_ = json.Unmarshal([]byte(m.Body), &e)
		delete(accepted, e.ID)
	}
	if len(messages) == 0 || len(accepted) > 0 {
		t.Errorf("%d messages in the queue; accepted but not there: %v", len(messages), accepted)
	}
}

func TestProgram_SecondSignal_EndsAtOnce(t *testing.T) {
	_, endpoint := cloud(t, nil)
	r := start(t, endpoint, "DRAIN_GRACE=10m", "SHUTDOWN_TIMEOUT=11m")
	_ = r.Signal(syscall.SIGTERM)
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		res, err := http.Get(r.url + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode == http.StatusServiceUnavailable {
			break
		}
		if time.Now().After(end) {
			t.Fatal("ready all the time after SIGTERM")
		}
	}
	_ = r.Signal(syscall.SIGTERM)
	select {
	case <-r.Done():
	case <-time.After(patience):
		t.Error("the program goes on after a second signal")
	}
}

func TestRun_BadSettings_ExitsNamingThem(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), nil, environment(map[string]string{"TOPIC_ARN": "x", "DRAIN_GRACE": "y"}), &stdout, &stderr); code != 1 {
		t.Errorf("exit code = %d, want 1", code)
	}
	for _, want := range []string{"TOPIC_ARN", "DRAIN_GRACE"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("stderr does not name %s: %s", want, &stderr)
		}
	}
}

func TestRun_AddressTaken_Exits(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), nil, environment(map[string]string{"LISTEN_ADDRESS": l.Addr().String()}), &stdout, &stderr); code != 1 ||
		!strings.Contains(stderr.String(), "LISTEN_ADDRESS") {
		t.Errorf("exit code = %d, stderr: %s", code, &stderr)
	}
}

func TestRun_Commands_HaveTheirOutput(t *testing.T) {
	for _, tc := range []struct {
		command string
		code    int
		output  string
	}{
		{"version", 0, currentVersion()},
		{"help", 0, "TOPIC_ARN"},
		{"--help", 0, "usage:"},
		{"start", 2, `unknown command "start"`},
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), []string{tc.command}, environment(nil), &stdout, &stderr); code != tc.code ||
			!strings.Contains(stdout.String()+stderr.String(), tc.output) {
			t.Errorf("%s: exit code %d, output %s%s", tc.command, code, &stdout, &stderr)
		}
	}
}

func TestHealthcheck_NotAlive_Exits1(t *testing.T) {
	sick := httptest.NewServer(http.NotFoundHandler())
	defer sick.Close()
	for name, address := range map[string]string{
		"sick": strings.TrimPrefix(sick.URL, "http://"), "gone": nobody, "nonsense": "nonsense",
	} {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			if code := run(t.Context(), []string{"healthcheck"}, func(string) string { return address }, nil, &stderr); code != 1 || stderr.Len() == 0 {
				t.Errorf("exit code = %d, stderr: %s", code, &stderr)
			}
		})
	}
}

func TestLocal_Unspecified_IsLoopback(t *testing.T) {
	for address, want := range map[string]string{
		":8080": "127.0.0.1:8080", "0.0.0.0:8080": "127.0.0.1:8080", "[::]:8080": "127.0.0.1:8080", "10.1.2.3:80": "10.1.2.3:80",
	} {
		if got := local(address); got != want {
			t.Errorf("local(%q) = %q, want %q", address, got, want)
		}
	}
}
