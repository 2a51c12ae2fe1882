//go:build unix

package main

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/tracehaul/tracehaul/internal/localcloud/lambda"
	"github.com/tracehaul/tracehaul/internal/notifytest"
	"github.com/tracehaul/tracehaul/internal/program"
)

// output is what the function wrote.
type output struct {
	mu    sync.Mutex
	lines []string
}

func (o *output) add(l lambda.Line) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.lines = append(o.lines, l.Text)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Join(o.lines, "\n")
}

// function is the program as a Lambda function. Its telemetry goes to its own
// output.
func function(t *testing.T, env map[string]string) (*lambda.Function, *output) {
	t.Helper()
	paths, err := program.Build(t.Context(), t.TempDir(), "notifier")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{
		"AWS_EC2_METADATA_DISABLED": "true", "OTEL_TRACES_EXPORTER": "console", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none",
	}
	maps.Copy(all, env)
	o := new(output)
	f, err := lambda.New(lambda.Config{
		Name: "prod-orders-notifier", Binary: paths[0], Env: all, Timeout: 20 * time.Second, Region: "eu-central-1", Output: o.add,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f, o
}

// closed ends the function, so that all of its output is there.
func closed(t *testing.T, f *lambda.Function) {
	t.Helper()
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func event(t *testing.T, id, state, message string) []byte {
	t.Helper()
	message = strings.Replace(message, `"NewStateValue": "ALARM"`, `"NewStateValue": "`+state+`"`, 1)
	b, err := json.Marshal(events.SNSEvent{Records: []events.SNSEventRecord{{EventSource: "aws:sns", SNS: events.SNSEntity{
		MessageID: id, TopicArn: "arn:aws:sns:eu-central-1:123456789012:prod-orders-alarms-page", Message: message, Timestamp: time.Now(),
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func metricAlarm(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "alarms", "notify", "testdata", "metric-alarm.json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestNotifier_AlarmAndOK_ReachPeopleWithoutASecretInTheLog(t *testing.T) {
	w := notifytest.Start(t)
	w.Secrets.Set("orders/slack", "xoxb-first")
	w.Secrets.Set("orders/pagerduty", "0123456789abcdef0123456789abcdef")
	f, out := function(t, map[string]string{
		"PIPELINE_FILE": resolved(t), "SLACK_API_URL": w.SlackURL, "PAGERDUTY_URL": w.PagerDutyURL, "AWS_ENDPOINT_URL": w.AWSURL,
	})
	message := metricAlarm(t)
	ended := strings.Replace(message, "T01:30:00.123", "T01:45:00.123", 1)
	for _, e := range [][]byte{event(t, "1", "ALARM", message), event(t, "1", "ALARM", message), event(t, "2", "OK", ended)} {
		if _, err := f.Invoke(t.Context(), e); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	closed(t, f)
	posts := w.Slack.Posts()
	if len(posts) != 2 || posts[1].ThreadTS != posts[0].TS {
		t.Errorf("posts: %+v", posts)
	}
	if open, opened := w.PagerDuty.Open(); len(open) != 0 || opened != 1 {
		t.Errorf("PagerDuty: %v open of %d", open, opened)
	}
	text := out.String()
	for _, secret := range w.Secrets.Values() {
		if strings.Contains(text, secret) {
			t.Errorf("a secret is in the output:\n%s", text)
		}
	}
	for _, want := range []string{`"msg":"notified"`, "notify pagerduty", "DynamoDB.UpdateItem", "trace_id"} {
		if !strings.Contains(text, want) {
			t.Errorf("the output has no %q:\n%s", want, text)
		}
	}
}

func TestNotifier_Garbage_FailsTheInvocation(t *testing.T) {
	f, out := function(t, map[string]string{"PIPELINE_FILE": resolved(t), "OTEL_TRACES_EXPORTER": "none"})
	var failed *lambda.InvocationError
	if _, err := f.Invoke(t.Context(), event(t, "1", "ALARM", "hello")); !errors.As(err, &failed) {
		t.Errorf("Invoke gave %v", err)
	}
	closed(t, f)
	if !strings.Contains(out.String(), "not the JSON of a CloudWatch alarm") {
		t.Errorf("the log does not say why:\n%s", out)
	}
}

func TestNotifier_BadSettings_SaysAllAndEnds(t *testing.T) {
	f, out := function(t, map[string]string{"PIPELINE_FILE": "/none.json", "CASES": "some"})
	var failed *lambda.InvocationError
	if _, err := f.Invoke(t.Context(), []byte(`{}`)); !errors.As(err, &failed) {
		t.Errorf("Invoke gave %v", err)
	}
	closed(t, f)
	for _, want := range []string{"PIPELINE_FILE", "CASES"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
}
