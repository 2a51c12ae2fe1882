//go:build unix

package main

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
	"github.com/tracehaul/tracehaul/internal/localcloud/lambda"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
	"github.com/tracehaul/tracehaul/internal/postgres/postgrestest"
)

// TestMain is the consumer where the Lambda runtime runs this test binary.
func TestMain(m *testing.M) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

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

// function is this program as a Lambda function, its telemetry switched off
// unless env says otherwise.
func function(t *testing.T, env map[string]string) (*lambda.Function, *output) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{
		"AWS_EC2_METADATA_DISABLED": "true", "OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none",
		"DEAD_LETTER_QUEUE_URL": "http://127.0.0.1:1/000000000000/dlq",
	}
	maps.Copy(all, env)
	o := new(output)
	f, err := lambda.New(lambda.Config{Name: "consumer", Binary: binary, Env: all, Timeout: 20 * time.Second, Output: o.add})
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

// invoke hands messages over and returns the ids of those that failed.
func invoke(t *testing.T, f *lambda.Function, messages ...events.SQSMessage) []string {
	t.Helper()
	payload, err := json.Marshal(events.SQSEvent{Records: messages})
	if err != nil {
		t.Fatal(err)
	}
	result, err := f.Invoke(t.Context(), payload)
	if err != nil {
		t.Fatal(err)
	}
	var response events.SQSEventResponse
	if err := json.Unmarshal(result.Payload, &response); err != nil {
		t.Fatalf("%v in %s", err, result.Payload)
	}
	var failed []string
	for _, i := range response.BatchItemFailures {
		failed = append(failed, i.ItemIdentifier)
	}
	return failed
}

func message(id, body string) events.SQSMessage {
	return events.SQSMessage{MessageId: id, Body: body, EventSource: "aws:sqs", EventSourceARN: "arn:aws:sqs:eu-west-1:000000000000:dev-shop-order-consumer"}
}

func order(id string) events.SQSMessage {
	return message(id, `{"specversion":"1.0","id":"`+id+`","source":"/orders","type":"order.placed"}`)
}

func TestConsumer_GoodAndMalformed_RowsAndDeadLetters(t *testing.T) {
	url := postgrestest.Database(t)
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := migrate.Up(t.Context(), pool); err != nil {
		t.Fatal(err)
	}
	broker := messaging.New(messaging.Config{})
	defer broker.Close()
	server := httptest.NewServer(broker.SQS())
	defer server.Close()
	if _, err := broker.CreateQueue(messaging.QueueConfig{Name: "dlq"}); err != nil {
		t.Fatal(err)
	}
	queueURL := server.URL + "/000000000000/dlq"

	f, out := function(t, map[string]string{"DATABASE_URL": url, "DEAD_LETTER_QUEUE_URL": queueURL, "AWS_ENDPOINT_URL_SQS": server.URL})
	if failed := invoke(t, f, order("1"), message("2", "{"), order("3")); failed != nil {
		t.Errorf("failed: %v\n%s", failed, out)
	}
	var rows int
	if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM events WHERE trace_id IS NOT NULL").Scan(&rows); err != nil || rows != 2 {
		t.Errorf("%d rows with a trace, want 2: %v", rows, err)
	}
	client := sqs.New(sqs.Options{Region: "eu-west-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")})
	dead, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: &queueURL, MessageAttributeNames: []string{"All"}, MessageSystemAttributeNames: []sqstypes.MessageSystemAttributeName{"All"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(dead.Messages) != 1 || aws.ToString(dead.Messages[0].MessageAttributes["failure-code"].StringValue) != "malformed_json" {
		t.Errorf("dead letters: %v", dead.Messages)
	}
}

func TestConsumer_DatabaseAway_StartsAndReportsFailures(t *testing.T) {
	f, out := function(t, map[string]string{"DATABASE_URL": "postgres://u:hunter2@127.0.0.1:1/d?sslmode=disable"})
	for range 2 {
		if failed := invoke(t, f, order("1"), order("2")); !slices.Equal(failed, []string{"1", "2"}) {
			t.Errorf("failed: %v", failed)
		}
	}
	if err := f.Close(); err != nil { // all of its output is there
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "sink_unavailable") || strings.Contains(text, "hunter2") {
		t.Errorf("the log should give the reason and keep the password:\n%s", text)
	}
}

func TestConsumer_BadSettings_SaysAllAndEnds(t *testing.T) {
	f, out := function(t, map[string]string{
		"DATABASE_URL": "postgres://u:hunter2@h:port/d", "DEAD_LETTER_QUEUE_URL": "dlq", "WAIT_SPANS": "maybe", "OTEL_TRACES_SAMPLER": "some",
	})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var failed *lambda.InvocationError
	if _, err := f.Invoke(ctx, []byte(`{}`)); !errors.As(err, &failed) {
		t.Errorf("Invoke gave %v", err)
	}
	text := out.String()
	for _, want := range []string{"DATABASE_URL: want", `DEAD_LETTER_QUEUE_URL="dlq": want`, `WAIT_SPANS="maybe": want true or false`, "OTEL_TRACES_SAMPLER"} {
		if !strings.Contains(text, want) {
			t.Errorf("it does not say %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "hunter2") {
		t.Errorf("it shows the password:\n%s", text)
	}
}

// A busy machine may give the program none of Lambda's half a second: one of
// many that keeps to it shows that it waits for nothing.
func TestConsumer_SIGTERM_SendsMetricsThatWereNotDue(t *testing.T) {
	const tries = 20
	for range tries {
		sent, out := sentUntilKilled(t)
		switch {
		case slices.Equal(sent, []float64{1, 3}): // due once a minute
			return
		case !slices.Equal(sent, []float64{1}):
			t.Fatalf("invocations were sent as %v, want 1 with the first, and 3 in the end\n%s", sent, out)
		}
	}
	t.Errorf("%d times nothing was sent between SIGTERM and SIGKILL", tries)
}

// sentUntilKilled is what the metric of invocations was sent as by a function that
// was invoked three times, and given the time that Lambda gives.
func sentUntilKilled(t *testing.T) (sent []float64, out *output) {
	t.Helper()
	f, out := function(t, map[string]string{"DATABASE_URL": "postgres://u@127.0.0.1:1/d?sslmode=disable", "OTEL_METRICS_EXPORTER": "console"})
	for range 3 {
		invoke(t, f, order("1"))
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		var point struct {
			Name  string
			Value float64
		}
		if json.Unmarshal([]byte(line), &point) == nil && point.Name == "faas.invocations" {
			sent = append(sent, point.Value)
		}
	}
	return sent, out
}
