//go:build unix

package snippet_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/jackc/pgx/v5"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/snippet"
	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
	"github.com/tracehaul/tracehaul/internal/localcloud/bucket"
	"github.com/tracehaul/tracehaul/internal/localcloud/lambda"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/internal/program"
	"github.com/tracehaul/tracehaul/pipeline"
)

// patience is how long anything may take on a busy machine.
const patience = 90 * time.Second

// stage is the whole pipeline on this machine, with the lines that its programs
// write, by log group.
type stage struct {
	*localpipeline.Local

	t      *testing.T
	albs   *lambda.Function // another one on a bucket of its own
	bucket *bucket.Store

	mu    sync.Mutex
	lines map[string][]map[string]any
	fault func(messaging.Call) *messaging.Fault
}

// deadMetrics is where metrics are sent: nobody takes them.
var deadMetrics = map[string]string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://127.0.0.1:1/v1/metrics", "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT": "500"}

func startStage(t *testing.T, p *pipeline.Pipeline) *stage {
	t.Helper()
	if err := program.WatchSources(); err != nil {
		t.Fatal(err)
	}
	programs, err := program.Build(t.Context(), t.TempDir(), "service", "consumer", "albspans")
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, lines: map[string][]map[string]any{}}
	groups := map[string]string{
		"service":  pipeline.LogGroupName(pipeline.KindService, p.ServiceName()),
		"albspans": pipeline.LogGroupName(pipeline.KindFunction, p.ALBSpansName()),
	}
	for i := range p.Consumers {
		groups[p.Consumers[i].Name] = pipeline.LogGroupName(pipeline.KindFunction, p.Consumers[i].FunctionName())
	}
	s.Local, err = localpipeline.Start(t.Context(), localpipeline.Config{
		Pipeline: p, Service: programs[0], Consumer: programs[1], ALBSpans: programs[2], Migrate: migrate.UpURL, Traces: 5000,
		ServiceEnv: deadMetrics, ConsumerEnv: deadMetrics,
		Output: func(program, line string) { s.hear(groups[program], line) },
		Fault: func(c messaging.Call) *messaging.Fault {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.fault == nil {
				return nil
			}
			return s.fault(c)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop(context.Background()) })
	s.startALBSpans(programs[2], groups["albspans"], p)
	return s
}

// startALBSpans starts the function on a bucket that the test fills.
func (s *stage) startALBSpans(binary, group string, p *pipeline.Pipeline) {
	s.t.Helper()
	s.bucket = bucket.New(bucket.Config{})
	objects := httptest.NewServer(s.bucket)
	s.t.Cleanup(objects.Close)
	env := map[string]string{
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL_S3": objects.URL, "OTEL_EXPORTER_OTLP_ENDPOINT": s.Addresses().OTLP,
		"OTEL_SERVICE_NAME": p.TelemetryName("albspans"), "ALB_SERVICE_NAME": p.TelemetryName(pipeline.LoadBalancerComponent), "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=" + p.Environment,
	}
	maps.Copy(env, deadMetrics)
	var err error
	s.albs, err = lambda.New(lambda.Config{Name: p.ALBSpansName(), Binary: binary, Env: env, Timeout: patience, Output: func(l lambda.Line) { s.hear(group, l.Text) }})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = s.albs.Close() })
}

// hear keeps lines of JSON: what else Lambda's log groups have is none of the
// programs'.
func (s *stage) hear(group, text string) {
	var line map[string]any
	if json.Unmarshal([]byte(text), &line) != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines[group] = append(s.lines[group], line)
}

func (s *stage) heard(group string) []map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clip(s.lines[group])
}

// during has SNS and SQS fail while something happens.
func (s *stage) during(f func(messaging.Call) *messaging.Fault, do func()) {
	set := func(f func(messaging.Call) *messaging.Fault) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.fault = f
	}
	set(f)
	defer set(nil)
	do()
}

// post sends so many requests at once to the load balancer.
func (s *stage) post(n int, contentType, body string, header http.Header) {
	s.t.Helper()
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.Addresses().ALB+"/v1/events", strings.NewReader(body))
			if err != nil {
				s.t.Error(err)
				return
			}
			maps.Copy(r.Header, header)
			r.Header.Set("Content-Type", contentType)
			answer, err := http.DefaultClient.Do(r)
			if err != nil {
				s.t.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, answer.Body)
			_ = answer.Body.Close()
		})
	}
	wg.Wait()
}

// files gives the function files of the access log: one with a line that is bad,
// one that lacks a number, one that the firewall blocked and one that no target
// saw; and one that there is not.
func (s *stage) files() {
	s.t.Helper()
	const name = "AWSLogs/000000000000/elasticloadbalancing/eu-central-1/2026/01/02/000000000000_elasticloadbalancing_eu-central-1_app.x.1_20260102T0305Z_10.0.0.1_%d.log.gz"
	const entry = `http 2018-11-30T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 - 0.000 0.001 0.000 %s 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - - "Root=1-58337364-%024x" "-" "-" 0 2018-11-30T22:22:48.364000Z "%s" "-" "-" "-" "-" "-" "-"` + "\n"
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = fmt.Fprintf(w, "http nonsense\n"+entry+entry+entry, "200 2OO", 1, "forward", "403 -", 2, "waf", "503 -", 3, "forward")
	if err := w.Close(); err != nil {
		s.t.Fatal(err)
	}
	s.bucket.Put("logs", fmt.Sprintf(name, 1), zipped.Bytes())
	for n, fails := range map[int]bool{1: false, 2: true} {
		told, err := json.Marshal(events.S3Event{Records: []events.S3EventRecord{{
			EventName: "ObjectCreated:Put", S3: events.S3Entity{Bucket: events.S3Bucket{Name: "logs"}, Object: events.S3Object{Key: fmt.Sprintf(name, n)}},
		}}})
		if err != nil {
			s.t.Fatal(err)
		}
		if _, err := s.albs.Invoke(s.t.Context(), told); (err != nil) != fails {
			s.t.Errorf("the file %d: %v", n, err)
		}
	}
}

// trouble makes happen what alarms are about.
func (s *stage) trouble() {
	t := s.t
	const plain, structured = "application/json", "application/cloudevents+json"
	s.post(3, plain, `{"order":"o-1"}`, nil)
	s.post(60, plain, `{"order":`, nil) // more lines than are written in a second
	failing := func(c messaging.Call) *messaging.Fault {
		if c.Action != "PublishBatch" {
			return nil
		}
		return &messaging.Fault{Error: &messaging.Error{Code: "AuthorizationError", Message: "made up", Status: 403}}
	}
	s.during(failing, func() { s.post(60, plain, `{"order":"o-2"}`, nil) })
	s.post(1, structured, largest("large"), wide()) // no room for a context of that size
	s.post(1, plain, `{"order":"\u0000"}`, nil)     // no text of PostgreSQL's: a dead letter
	s.files()
	s.slowStatement(plain)
	// Another second: lines that tell of those left out.
	s.during(failing, func() { s.post(1, plain, `{"order":"o-3"}`, nil) })
	s.post(1, plain, `{"order":`, nil)
	if err := s.Database().Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.post(1, plain, `{"order":"o-5"}`, nil)
	s.until("a batch fails", func() error {
		for _, line := range s.heard(pipeline.LogGroupName(pipeline.KindFunction, s.Pipeline().Consumers[0].FunctionName())) {
			if line["msg"] == "batch failed, its messages will come again" {
				return nil
			}
		}
		return errors.New("no batch has failed")
	})
	if err := s.Database().Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// slowStatement has the consumer write while somebody else has the table.
func (s *stage) slowStatement(contentType string) {
	t := s.t
	c, err := pgx.Connect(t.Context(), s.Addresses().DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(context.Background()) }()
	tx, err := c.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "LOCK TABLE events IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	s.post(1, contentType, `{"order":"o-4"}`, nil)
	some := func(from string) func() error {
		return func() error {
			var n int
			err := c.QueryRow(t.Context(), "SELECT count(*) FROM "+from).Scan(&n)
			if err == nil && n == 0 {
				err = errors.New("none does")
			}
			return err
		}
	}
	s.until("a statement waits for the table", some("pg_locks WHERE NOT granted AND relation = 'events'::regclass"))
	time.Sleep(2 * time.Second) // a statement is slow from a second on
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.until("the row arrives", some("events WHERE data::text LIKE '%o-4%'"))
}

// until waits for something, and fails the test with what it lacks.
func (s *stage) until(what string, is func() error) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		err := is()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			s.t.Errorf("%s: %v", what, err)
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// largest is an event that is as large as may be.
func largest(id string) string {
	const most = 240 << 10 // event.Limits.MaxEventBytes
	text := func(data string) string {
		return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/orders/test","type":"com.example.test","data":%q}`, id, data)
	}
	return text(strings.Repeat("x", most-len(text(""))))
}

// wide is a context that finds no room beside it.
func wide() http.Header {
	var state []string
	for i := range 32 {
		state = append(state, fmt.Sprintf("vendor%d=%s", i, strings.Repeat("s", 256)))
	}
	return http.Header{
		"Traceparent": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}, "Tracestate": {strings.Join(state, ",")},
		"Baggage": {"a=" + strings.Repeat("v", 4090) + ",b=" + strings.Repeat("v", 4090)},
	}
}

// described is the reference pipeline with objectives that nothing meets.
func described(t *testing.T) *pipeline.Pipeline {
	t.Helper()
	p, err := pipeline.Load("../../pipeline/testdata/reference/tracehaul.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p.Objectives.Latency, p.Objectives.Freshness = time.Millisecond, time.Millisecond
	p.Consumers[0].VisibilityTimeout = p.Consumers[0].Timeout
	return p
}

// used are the snippets of all alarms, each once, by language.
func used(t *testing.T, p *pipeline.Pipeline) map[snippet.Language][]snippet.Snippet {
	t.Helper()
	set, err := alarms.For(p)
	if err != nil {
		t.Fatal(err)
	}
	list, seen := map[snippet.Language][]snippet.Snippet{}, map[snippet.Snippet]bool{}
	for _, a := range set.Alarms() {
		for _, s := range append([]snippet.Snippet{a.Logs}, a.Next...) {
			if s.Text != "" && !seen[s] {
				seen[s] = true
				list[s.Language] = append(list[s.Language], s)
			}
		}
	}
	return list
}
