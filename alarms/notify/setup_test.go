package notify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"log/slog"
	"maps"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/alarms/notify"
	"github.com/tracehaul/tracehaul/internal/inprocess"
	"github.com/tracehaul/tracehaul/internal/notifytest"
	"github.com/tracehaul/tracehaul/pipeline"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	arnPrefix    = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:"
	slackToken   = "xoxb-first"
	routingKey   = "0123456789abcdef0123456789abcdef"
	pageTopic    = "prod-orders-alarms-page"
	ticketTopic  = "prod-orders-alarms-ticket"
	noticeTopic  = "prod-orders-alarms-notice"
	queueAge     = arnPrefix + "prod-orders-ledger-queue-age"
	ledgerLogs   = "/aws/lambda/prod-orders-ledger"
	failingTrace = "4bf92f3577b34da6a3ce929d0e0e4736"
)

// began is a Wednesday, in working hours.
var began = time.Date(2026, 3, 25, 10, 0, 0, 0, time.UTC)

type bundle struct {
	*notifytest.World
	*notify.Notifier

	pipeline *pipeline.Pipeline
	log      *safeBuffer
	pause    time.Duration // of a notifier to come

	mu  sync.Mutex
	now time.Time
}

type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// setup is the notifier of prod before stand-ins, a little after an alarm went
// on. change may change its description.
func setup(t *testing.T, change ...func(*pipeline.Pipeline)) *bundle {
	t.Helper()
	return setupIn(t, notifytest.Start(t), change...)
}

// setupInProcess is setup without a network, for tests with a clock of their own.
func setupInProcess(t *testing.T, change ...func(*pipeline.Pipeline)) *bundle {
	t.Helper()
	return setupIn(t, notifytest.StartInProcess(t), change...)
}

func setupIn(t *testing.T, world *notifytest.World, change ...func(*pipeline.Pipeline)) *bundle {
	t.Helper()
	p, err := pipeline.LoadEnvironment("../../pipeline/testdata/reference/tracehaul.yaml", "prod")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range change {
		c(p)
	}
	b := &bundle{World: world, pipeline: p, log: &safeBuffer{}, pause: 5 * time.Millisecond, now: began.Add(5 * time.Second)}
	b.Secrets.Set("orders/slack", slackToken)
	b.Secrets.Set("orders/pagerduty", `{"routing_key": "`+routingKey+`"}`)
	b.Table.Now = b.clock
	b.Notifier = b.another(t)
	return b
}

// another is another process of the same function.
func (b *bundle) another(t *testing.T) *notify.Notifier {
	t.Helper()
	c := notify.Config{
		Pipeline: b.pipeline, SlackURL: b.SlackURL, PagerDutyURL: b.PagerDutyURL, Pause: b.pause,
		Logger: slog.New(slog.NewJSONHandler(b.log, nil)), Now: b.clock,
		AWS: aws.Config{
			Region: "eu-central-1", BaseEndpoint: aws.String(b.AWSURL), Credentials: credentials.NewStaticCredentialsProvider("AKID", "SECRET", ""),
			RetryMaxAttempts: 1,
		},
	}
	client := inprocess.Client(b.Hosts)
	if client != nil {
		c.AWS.HTTPClient = client
	}
	n, err := notify.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if client != nil {
		n.CallOver(client)
	}
	n.Hurry()
	return n
}

func (b *bundle) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bundle) setNow(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = now
}

// alarm is what a test says of one change of an alarm.
type alarm struct {
	id, topic, name, old, new string
	at                        time.Time // of the change
	published                 time.Time // defaults to the time of the change
	description               string
	reason                    string
	extra                     map[string]any
}

const description = "Messages wait for longer than they may. Orders reach the ledger late.\n\n" +
	"severity: page\nowner: team-orders\nhop: queue\ntitle: Messages wait too long\n" +
	"condition: above 300 s, 2 of 2 datapoints of a minute\n" +
	"runbook: https://example.com/runbooks/queue-age.md\ndashboard: https://grafana.example.com/d/prod-orders-pipeline?var-env=prod\n" +
	"logs: " + ledgerLogs + "\nquery: filter level = \"ERROR\" | sort @timestamp desc | limit 20" +
	"\nnext: aws lambda get-alias --function-name prod-orders-ledger --name live"

// on and off are a page of the queue going on and off.
func on(id string, at time.Time) alarm {
	return alarm{
		id: id, topic: pageTopic, name: "prod-orders-ledger-queue-age", old: "OK", new: "ALARM", at: at, description: description,
		reason: "Threshold Crossed: 2 out of the last 2 datapoints [731.0 (25/03/26 09:59:00), 402.0 (25/03/26 09:58:00)] were greater than the threshold (300.0) (minimum 2 datapoints for OK -> ALARM transition).",
	}
}

func off(id string, at time.Time) alarm {
	a := on(id, at)
	a.old, a.new = "ALARM", "OK"
	a.reason = "Threshold Crossed: 1 out of the last 2 datapoints [12.0 (25/03/26 10:29:00)] was not greater than the threshold (300.0) (minimum 1 datapoint for ALARM -> OK transition)."
	return a
}

func (a alarm) event(t *testing.T) events.SNSEvent {
	t.Helper()
	m := map[string]any{
		"AlarmName": a.name, "AlarmDescription": a.description, "AWSAccountId": "123456789012", "NewStateValue": a.new, "OldStateValue": a.old,
		"NewStateReason": a.reason, "StateChangeTime": a.at.UTC().Format("2006-01-02T15:04:05.000-0700"), "Region": "EU (Frankfurt)",
		"AlarmArn": arnPrefix + a.name, "OKActions": []string{}, "AlarmActions": []string{}, "InsufficientDataActions": []string{},
		"Trigger": map[string]any{
			"MetricName": "ApproximateAgeOfOldestMessage", "Namespace": "AWS/SQS", "StatisticType": "Statistic", "Statistic": "MAXIMUM", "Unit": nil,
			"Dimensions": []any{map[string]any{"value": "prod-intake-order-ledger", "name": "QueueName"}}, "Period": 60, "EvaluationPeriods": 2,
			"DatapointsToAlarm": 2, "ComparisonOperator": "GreaterThanThreshold", "Threshold": 300.0, "TreatMissingData": "notBreaching",
			"EvaluateLowSampleCountPercentile": "",
		},
	}
	maps.Copy(m, a.extra)
	body, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	published := a.published
	if published.IsZero() {
		published = a.at
	}
	return raw(a.id, a.topic, string(body), published)
}

func raw(id, topic, body string, at time.Time) events.SNSEvent {
	return events.SNSEvent{Records: []events.SNSEventRecord{{
		EventVersion: "1.0", EventSource: "aws:sns",
		SNS: events.SNSEntity{
			MessageID: id, Type: "Notification", TopicArn: "arn:aws:sns:eu-central-1:123456789012:" + topic, Message: body, Timestamp: at,
		},
	}}}
}

// budget is the time that an invocation has that may fail. (One that must not has
// more: tests run at once, and slowly.)
const budget = 2 * time.Second

// short is the time of one that waits for nothing until the end of it.
const short = budget / 4

// within is the context of an invocation that has so much time.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func (b *bundle) handle(t *testing.T, a alarm) error {
	t.Helper()
	return b.Handle(within(t, budget), a.event(t))
}

// handleShort is handle for a message that fails at the end of its time only.
func (b *bundle) handleShort(t *testing.T, a alarm) error {
	t.Helper()
	return b.Handle(within(t, short), a.event(t))
}

func (b *bundle) mustHandle(t *testing.T, alarms ...alarm) {
	t.Helper()
	for _, a := range alarms {
		if err := b.Handle(within(t, 10*budget), a.event(t)); err != nil {
			t.Fatalf("%s: %v\n%s", a.id, err, b.log)
		}
	}
}

func (b *bundle) wantLogged(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(b.log.String(), text) {
			t.Errorf("the log does not say %q:\n%s", text, b.log)
		}
	}
}

// logged are the lines of the log.
func (b *bundle) logged(t *testing.T) (lines []map[string]any) {
	t.Helper()
	for text := range strings.Lines(b.log.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	return lines
}

// checkFile compares with a golden file.
func checkFile(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; go test ./alarms/notify -update writes it", err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not what came out; look at it, then go test ./alarms/notify -update (-want +got):\n%s", file, diff)
	}
}

func indented(t *testing.T, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
