//go:build unix

package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/tracehaul/tracehaul/internal/localcloud/bucket"
	"github.com/tracehaul/tracehaul/internal/localcloud/lambda"
	"github.com/tracehaul/tracehaul/internal/localcloud/otlp"
	"github.com/tracehaul/tracehaul/internal/program"
	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/alblog"
	"github.com/tracehaul/tracehaul/telemetry/albspan"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// bundle is the program as a Lambda function on a bucket, and a collector.
type bundle struct {
	t        *testing.T
	store    *bucket.Store
	received *otlp.Receiver
	function *lambda.Function
	env      map[string]string

	mu    sync.Mutex
	lines []string
}

func setup(t *testing.T, env map[string]string) *bundle {
	t.Helper()
	if err := program.WatchSources(); err != nil {
		t.Fatal(err)
	}
	paths, err := program.Build(t.Context(), t.TempDir(), "albspans")
	if err != nil {
		t.Fatal(err)
	}
	b := &bundle{t: t, store: bucket.New(bucket.Config{})}
	objects := httptest.NewServer(b.store)
	t.Cleanup(objects.Close)
	if b.received, err = otlp.New(otlp.Config{MaxTraces: 20_000}); err != nil {
		t.Fatal(err)
	}
	collector := httptest.NewServer(b.received)
	t.Cleanup(collector.Close)
	b.env = map[string]string{
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_ENDPOINT_URL_S3": objects.URL, "OTEL_EXPORTER_OTLP_ENDPOINT": collector.URL,
		"OTEL_LOGS_EXPORTER": "none", "ALB_SERVICE_NAME": "orders-load-balancer", "OTEL_SERVICE_NAME": "orders-albspans",
	}
	maps.Copy(b.env, env)
	b.function, err = lambda.New(lambda.Config{
		Name: "dev-orders-albspans", Binary: paths[0], Env: b.env, Timeout: 60 * time.Second,
		Output: func(l lambda.Line) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.lines = append(b.lines, l.Text)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.function.Close() })
	return b
}

// output ends the function and returns all that it wrote.
func (b *bundle) output() string {
	b.t.Helper()
	if err := b.function.Close(); err != nil {
		b.t.Error(err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.lines, "\n")
}

const logs = "dev-orders-access-logs-000000000000"

func file(n int) string {
	return fmt.Sprintf("AWSLogs/000000000000/elasticloadbalancing/eu-west-1/2026/01/02/000000000000_elasticloadbalancing_eu-west-1_app.my-loadbalancer.1234567890abcdef_20260102T0305Z_172.160.001.192_%d.log.gz", n)
}

// created is what S3 tells of new files. ("Event message structure", Amazon S3
// user guide; keys are URL-encoded.)
func created(t *testing.T, keys ...string) []byte {
	t.Helper()
	var e events.S3Event
	for _, key := range keys {
		e.Records = append(e.Records, events.S3EventRecord{
			EventSource: "aws:s3", EventName: "ObjectCreated:Put", EventTime: time.Now(),
			S3: events.S3Entity{Bucket: events.S3Bucket{Name: logs}, Object: events.S3Object{Key: strings.ReplaceAll(key, "_", "%5F")}},
		})
	}
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func zip(t *testing.T, lines ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	for _, line := range lines {
		if _, err := fmt.Fprintln(w, line); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// documented are AWS's examples.
func documented(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("../../telemetry/alblog/testdata/documented.log")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

// numbered is the documented entry of HTTPS in trace n.
func numbered(t *testing.T, n int) string {
	t.Helper()
	return strings.Replace(documented(t)[1], "1-58337281-1d84f3d73c47ec4e58577259", fmt.Sprintf("1-58337281-%024x", n+1), 1)
}

func (b *bundle) span(line string) []trace.Span {
	b.t.Helper()
	var e alblog.Entry
	if err := alblog.Parse(line, &e); err != nil {
		b.t.Fatal(err)
	}
	want := albspan.Describe(&e)
	var found []trace.Span
	for _, s := range b.received.Spans(want.TraceID.String()) {
		if s.SpanID == want.SpanID.String() {
			found = append(found, s)
		}
	}
	return found
}

func TestAlbspans_DocumentedLines_AreTheLoadBalancersSpans(t *testing.T) {
	b := setup(t, nil)
	b.store.Put(logs, file(1), zip(t, documented(t)...))
	for range 2 { // S3 may tell twice
		if _, err := b.function.Invoke(t.Context(), created(t, file(1))); err != nil {
			t.Fatalf("%v\n%s", err, b.output())
		}
	}
	for _, line := range documented(t) {
		found := b.span(line)
		if len(found) == 0 {
			t.Errorf("no span of %s", line)
			continue
		}
		s := found[0]
		if s.Service != "orders-load-balancer" || s.Kind != "SERVER" || s.Name != "GET" {
			t.Errorf("span %+v, want a SERVER span GET of the load balancer", s)
		}
		for key := range s.Resource {
			if !slices.Contains([]string{"service.name", "cloud.provider", "cloud.region", "cloud.account.id", "telemetry.sdk.name", "telemetry.sdk.language", "telemetry.sdk.version", "telemetry.distro.name"}, key) {
				t.Errorf("the load balancer's resource has %s, which is the function's", key)
			}
		}
	}
	if out := b.output(); strings.Count(out, `"msg":"access log read"`) != 2 || !strings.Contains(out, `"spans":7,"not_sampled":0,"bad":0`) {
		t.Errorf("the log does not say what was read:\n%s", out)
	}
}

func TestAlbspans_MoreThanTheQueueHolds_NoneIsDropped(t *testing.T) {
	b := setup(t, nil)
	const n = 5000 // the queue holds 2048
	lines := make([]string, n)
	for i := range lines {
		lines[i] = numbered(t, i)
	}
	b.store.Put(logs, file(1), zip(t, lines...))
	if _, err := b.function.Invoke(t.Context(), created(t, file(1))); err != nil {
		t.Fatalf("%v\n%s", err, b.output())
	}
	missing := 0
	for _, line := range lines {
		if len(b.span(line)) != 1 {
			missing++
		}
	}
	if missing > 0 {
		t.Errorf("%d of %d spans are missing\n%s", missing, n, b.output())
	}
}

func TestAlbspans_Sampler_DecidesByTheTrace(t *testing.T) {
	b := setup(t, map[string]string{"OTEL_TRACES_SAMPLER": "parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG": "0.25"})
	decided := strings.Replace(numbered(t, 1), "Root=", "Self=1-58337281-000000000000000000000001;Sampled=1;Root=", 1)
	refused := strings.Replace(numbered(t, 2), "Root=", "Self=1-58337281-000000000000000000000002;Sampled=0;Root=", 1)
	// By TraceIDRatioBased it is the lower half of the id that decides.
	low, high := strings.Replace(numbered(t, 3), "58337281-00000000000", "58337281-00000000100", 1), strings.Replace(numbered(t, 4), "58337281-000000000", "58337281-00000000f", 1)
	b.store.Put(logs, file(1), zip(t, decided, refused, low, high))
	if _, err := b.function.Invoke(t.Context(), created(t, file(1))); err != nil {
		t.Fatalf("%v\n%s", err, b.output())
	}
	for name, test := range map[string]struct {
		line string
		want int
	}{"Sampled=1": {decided, 1}, "Sampled=0": {refused, 0}, "low id": {low, 1}, "high id": {high, 0}} {
		if got := len(b.span(test.line)); got != test.want {
			t.Errorf("%s: %d spans, want %d", name, got, test.want)
		}
	}
	if out := b.output(); !strings.Contains(out, `"spans":2,"not_sampled":2,"bad":0`) {
		t.Errorf("the log does not say what was sampled:\n%s", out)
	}
}

func TestAlbspans_BadLines_AreToldAndCounted(t *testing.T) {
	b := setup(t, nil)
	lines := append([]string{"https nonsense?token=hunter2"}, documented(t)...)
	for range 20 {
		lines = append(lines, "http")
	}
	lines = append(lines, strings.Replace(numbered(t, 1), " 200 200 ", " 200 2OO ", 1)) // of which a part is read
	b.store.Put(logs, file(1), zip(t, lines...))
	if _, err := b.function.Invoke(t.Context(), created(t, file(1))); err != nil {
		t.Fatalf("%v\n%s", err, b.output())
	}
	out := b.output()
	if n := strings.Count(out, `"msg":"bad line in access log"`); n != maxTold {
		t.Errorf("%d bad lines are told of, want %d", n, maxTold)
	}
	for _, want := range []string{`"spans":8,"not_sampled":0,"bad":21,"faulty":1`, "line 1: field 2 (time): want a time"} {
		if !strings.Contains(out, want) {
			t.Errorf("the log has no %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "hunter2") {
		t.Errorf("what was in a line is in the log:\n%s", out)
	}
	counted := map[string]float64{}
	for _, m := range b.received.Metrics() {
		if m.Name == "tracehaul.alb.log_lines" {
			counted[fmt.Sprint(m.Attributes["tracehaul.outcome"])] = m.Value
		}
		if m.Name == semconv.MetricALBFaultyLines {
			counted["faulty"] = m.Value
		}
	}
	if counted["bad"] != 21 || counted["span"] != 8 || counted["faulty"] != 1 {
		t.Errorf("the metrics count %v, want 21 bad, 8 spans and 1 faulty", counted)
	}
}

func TestAlbspans_FileThatCannotBeRead_FailsAfterTheOthers(t *testing.T) {
	b := setup(t, nil)
	whole := zip(t, documented(t)...)
	b.store.Put(logs, file(1), whole[:len(whole)-10])
	b.store.Put(logs, file(2), zip(t, numbered(t, 1)))
	_, err := b.function.Invoke(t.Context(), created(t, file(0), file(1), file(2)))
	var failed *lambda.InvocationError
	if !errors.As(err, &failed) || !strings.Contains(failed.Message, "NoSuchKey") || !strings.Contains(failed.Message, "unexpected EOF") {
		t.Errorf("Invoke gave %v; want the failure of two files, to be tried again", err)
	}
	if len(b.span(numbered(t, 1))) != 1 {
		t.Error("the file after those that failed was not read")
	}
	if out := b.output(); strings.Count(out, `"msg":"access log not read to its end"`) != 2 {
		t.Errorf("the log does not say which files:\n%s", out)
	}
}

func TestAlbspans_NobodyTakesTheSpans_Fails(t *testing.T) {
	b := setup(t, map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1/v1/traces", "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT": "500"})
	b.store.Put(logs, file(1), zip(t, documented(t)...))
	_, err := b.function.Invoke(t.Context(), created(t, file(1)))
	var failed *lambda.InvocationError
	if !errors.As(err, &failed) || !strings.Contains(failed.Message, "spans were not delivered") {
		t.Errorf("Invoke gave %v; want a failure, so that the file is read again\n%s", err, b.output())
	}
}

func TestAlbspans_OtherEvents_DoNothing(t *testing.T) {
	b := setup(t, nil)
	for _, payload := range []string{`{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"logs"}`, `{"Records":[{"eventName":"ObjectRemoved:Delete"}]}`} {
		if _, err := b.function.Invoke(t.Context(), []byte(payload)); err != nil {
			t.Errorf("%s: %v", payload, err)
		}
	}
}

func TestAlbspans_BadSettings_SaysAllAndEnds(t *testing.T) {
	b := setup(t, map[string]string{"LOG_LEVEL": "loud", "OTEL_TRACES_SAMPLER": "sometimes"})
	var failed *lambda.InvocationError
	if _, err := b.function.Invoke(t.Context(), []byte(`{}`)); !errors.As(err, &failed) {
		t.Errorf("Invoke gave %v", err)
	}
	out := b.output()
	for _, want := range []string{`LOG_LEVEL="loud": want debug, info, warn or error`, "OTEL_TRACES_SAMPLER"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output has no %q:\n%s", want, out)
		}
	}
}
