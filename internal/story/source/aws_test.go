package source_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/tracehaul/tracehaul/deadletter"
	"github.com/tracehaul/tracehaul/internal/inprocess"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/story/source"
)

// insights answers as CloudWatch Logs Insights does: a query runs for a while.
type insights struct {
	rows    []map[string]string
	missing string // a log group that is not there
	status  string // in place of Complete
	started []map[string]any
	asked   int
	stopped bool
	hold    func(*http.Request) // before results are told
}

func (i *insights) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var in map[string]any
	_ = json.Unmarshal(body, &in)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	answer := func(v any) { _ = json.NewEncoder(w).Encode(v) }
	switch _, call, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "."); call {
	case "StartQuery":
		i.started = append(i.started, in)
		if i.missing != "" {
			w.Header().Set("X-Amzn-ErrorType", "ResourceNotFoundException")
			w.WriteHeader(http.StatusBadRequest)
			answer(map[string]string{"__type": "ResourceNotFoundException", "message": "Log group '" + i.missing + "' does not exist"})
			return
		}
		answer(map[string]string{"queryId": "q-1"})
	case "GetQueryResults":
		if i.hold != nil {
			i.hold(r)
		}
		if i.asked++; i.asked == 1 {
			answer(map[string]any{"status": "Running", "results": []any{}})
			return
		}
		status := i.status
		if status == "" {
			status = "Complete"
		}
		var results []any
		for _, row := range i.rows {
			var fields []map[string]string
			for name, v := range row {
				fields = append(fields, map[string]string{"field": name, "value": v})
			}
			results = append(results, fields)
		}
		answer(map[string]any{"status": status, "results": results})
	case "StopQuery":
		i.stopped = true
		answer(map[string]any{"success": true})
	}
}

func (i *insights) client(t *testing.T) *cloudwatchlogs.Client {
	t.Helper()
	return cloudwatchlogs.New(cloudwatchlogs.Options{
		Region: "eu-central-1", BaseEndpoint: aws.String("http://logs"), HTTPClient: inprocess.Client{"logs": i}, Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""), RetryMaxAttempts: 1,
	})
}

func TestSpans_LinesOfAWSSpans(t *testing.T) {
	i := &insights{}
	for line := range strings.Lines(string(read(t, "aws-spans.jsonl"))) {
		i.rows = append(i.rows, map[string]string{"@message": line, "@ptr": "x"})
	}
	i.rows = append(i.rows, map[string]string{"@message": "no JSON"})
	found, err := source.Spans{Client: i.client(t), Poll: time.Millisecond}.Look(t.Context(), story.Clues{TraceIDs: []string{id}})
	if err != nil {
		t.Fatal(err)
	}
	wantSpans(t, found.Spans)
	if len(found.Notes) != 1 {
		t.Errorf("notes %q, want one of the line that is no JSON", found.Notes)
	}
	if q := i.started[0]["queryString"].(string); !strings.HasSuffix(q, `filter traceId in ["`+id+`"]`) {
		t.Errorf("the query is %s", q)
	}
	if groups := i.started[0]["logGroupNames"]; len(groups.([]any)) != 1 || groups.([]any)[0] != "aws/spans" {
		t.Errorf("it searched %v", groups)
	}
}

func TestLogs_LinesOfPrograms(t *testing.T) {
	i := &insights{rows: []map[string]string{
		{"@timestamp": "2026-11-26 08:28:54.900", "@log": "000000000000:/aws/lambda/dev-orders-ledger", "@message": `{"time":"2026-11-26T08:28:54.806149Z","level":"ERROR","msg":"batch failed","service.name":"orders-ledger","trace_id":"` + id + `","span_id":"00f067aa0ba902b7","trace_flags":"01","code":"57P01","failed":1}`},
		{"@timestamp": "2026-11-26 08:28:55.000", "@log": "000000000000:/aws/lambda/dev-orders-ledger", "@message": "2026 Task timed out after 30.00 seconds\n"},
	}}
	clues := story.Clues{TraceIDs: []string{id}, Linked: []string{"86f607b7b5b63e097df42286ff5ce84f"}}
	found, err := source.Logs{Client: i.client(t), Groups: []string{"/aws/lambda/dev-orders-ledger"}, Since: time.Unix(1795680000, 0), Poll: time.Millisecond}.Look(t.Context(), clues)
	if err != nil || len(found.Logs) != 2 {
		t.Fatalf("%+v, %v", found.Logs, err)
	}
	l := found.Logs[0]
	if l.Text != "batch failed" || l.Severity != "ERROR" || l.Service != "orders-ledger" || l.TraceID != id || l.Time.Nanosecond() != 806149000 || l.Attributes["code"] != "57P01" || len(l.Attributes) != 2 {
		t.Errorf("the line is %+v", l)
	}
	if l := found.Logs[1]; l.Text != "2026 Task timed out after 30.00 seconds" || l.Service != "dev-orders-ledger" || l.Time.Second() != 55 {
		t.Errorf("the plain line is %+v", l)
	}
	query := i.started[0]
	if q := query["queryString"].(string); !strings.Contains(q, `filter trace_id in ["`+id+`", "86f607b7b5b63e097df42286ff5ce84f"] |`) {
		t.Errorf("the query is %s", q)
	}
	if query["startTime"] != float64(1795680000) {
		t.Errorf("it begins at %v", query["startTime"])
	}
}

// What is given may hold anything: it ends nowhere but in the text it is.
func TestLogs_QuoteInID_StaysInTheText(t *testing.T) {
	i := &insights{}
	_, err := source.Logs{Client: i.client(t), Groups: []string{"g"}, Poll: time.Millisecond}.Look(t.Context(), story.Clues{Events: []story.EventID{{ID: `x" | delete \`}}})
	if err != nil {
		t.Fatal(err)
	}
	if q := i.started[0]["queryString"].(string); !strings.Contains(q, `event_id in ["x\" | delete \\"] | sort`) {
		t.Errorf("the query is %s", q)
	}
}

func TestInsights_Failures(t *testing.T) {
	clues := story.Clues{TraceIDs: []string{id}}
	_, err := source.Spans{Client: (&insights{missing: "aws/spans"}).client(t)}.Look(t.Context(), clues)
	if err == nil || !strings.Contains(err.Error(), "want Transaction Search to be on") {
		t.Errorf("without the log group: %v", err)
	}
	_, err = source.Logs{Client: (&insights{missing: "g"}).client(t), Groups: []string{"g"}}.Look(t.Context(), clues)
	if err == nil || !strings.Contains(err.Error(), "'g' does not exist") {
		t.Errorf("without a log group: %v", err)
	}
	_, err = source.Logs{Client: (&insights{status: "Failed"}).client(t), Groups: []string{"g"}, Poll: time.Millisecond}.Look(t.Context(), clues)
	if err == nil || !strings.Contains(err.Error(), "ended as Failed") {
		t.Errorf("a query that fails: %v", err)
	}
}

const dlqName = "dev-intake-order-ledger-dlq"

// queues is the local SQS with a queue and its dead letters.
func queues(t *testing.T) (*messaging.Broker, *sqs.Client) {
	t.Helper()
	broker := messaging.New(messaging.Config{Region: "eu-central-1"})
	t.Cleanup(broker.Close)
	if _, err := broker.CreateQueue(messaging.QueueConfig{Name: dlqName}); err != nil {
		t.Fatal(err)
	}
	return broker, sqs.New(sqs.Options{Region: "eu-central-1", BaseEndpoint: aws.String("http://sqs"), HTTPClient: inprocess.Client{"sqs": broker.SQS()}, Credentials: credentials.NewStaticCredentialsProvider("k", "s", "")})
}

func put(t *testing.T, broker *messaging.Broker, client *sqs.Client, body, traceparent string) (messageID string) {
	t.Helper()
	a := map[string]sqstypes.MessageAttributeValue{"traceparent": {DataType: aws.String("String"), StringValue: &traceparent}}
	for name, v := range map[string]string{"failure-reason": "refused", "failure-code": "23514"} {
		a[name] = sqstypes.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(v)}
	}
	out, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: aws.String(broker.QueueURL(dlqName)), MessageBody: &body, MessageAttributes: a})
	if err != nil {
		t.Fatal(err)
	}
	return *out.MessageId
}

func TestLetters_FoundByAnyClueAndGivenBack(t *testing.T) {
	broker, client := queues(t)
	wanted := put(t, broker, client, event, "00-"+id+"-00f067aa0ba902b7-01")
	put(t, broker, client, strings.ReplaceAll(event, "4711", "4712"), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	for name, clues := range map[string]story.Clues{
		"trace": {TraceIDs: []string{id}}, "message": {SQS: []string{wanted}}, "event": {Events: []story.EventID{{ID: "order-4711"}}}, "event and source": {Events: []story.EventID{{Source: "/shop", ID: "order-4711"}}},
	} {
		found, err := source.Letters{Client: client, Queue: dlqName}.Look(t.Context(), clues)
		if err != nil || len(found.Messages) != 1 {
			t.Fatalf("%s: %+v, %v", name, found.Messages, err)
		}
		m := found.Messages[0]
		if m.MessageID != wanted || m.TraceID != id || m.SpanID != "00f067aa0ba902b7" || m.Reason != "refused" || m.Code != "23514" || m.EventID != "order-4711" || !m.DeadLetter || m.Body != "" {
			t.Errorf("%s: %+v", name, m)
		}
	}
	found, err := source.Letters{Client: client, Queue: dlqName, Body: true}.Look(t.Context(), story.Clues{TraceIDs: []string{id}})
	if err != nil || len(found.Messages) != 1 || found.Messages[0].Body != event {
		t.Errorf("with the body: %+v, %v", found.Messages, err)
	}
	if d, err := broker.QueueDepth(dlqName); err != nil || d.Visible != 2 || d.InFlight != 0 {
		t.Errorf("letters were not given back: %+v, %v", d, err)
	}
}

// Each letter that is looked at counts one receive more: no more are than need
// be, and it is said of how many.
func TestLetters_ReadsNoFurtherThanItHasTo(t *testing.T) {
	t.Parallel()
	unknown := strings.Repeat("3", 32)
	for name, tt := range map[string]struct {
		clues     story.Clues
		of, limit int
		most      int // letters that may be read: they come in tens
		complete  bool
	}{
		"a message of SNS":        {story.Clues{TraceIDs: []string{id}, SNS: []string{snsID}}, 25, 0, 10, true},
		"an event":                {story.Clues{Events: []story.EventID{{Source: "/shop", ID: "order-4711"}}}, 25, 0, 10, true},
		"an id without a source":  {story.Clues{Events: []story.EventID{{ID: "order-4711"}}}, 25, 0, 25, true},
		"a trace":                 {story.Clues{TraceIDs: []string{id}}, 25, 0, 25, true},
		"nothing that is there":   {story.Clues{TraceIDs: []string{unknown}}, 103, 0, 100, false},
		"as many as are asked of": {story.Clues{TraceIDs: []string{unknown}}, 25, 7, 7, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // the end of a queue is waited for
			broker, client := queues(t)
			put(t, broker, client, event, "00-"+id+"-00f067aa0ba902b7-01")
			for i := range tt.of - 1 {
				put(t, broker, client, strings.ReplaceAll(event, "4711", strconv.Itoa(i)), "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
			}
			found, err := source.Letters{Client: client, Queue: dlqName, Limit: tt.limit}.Look(t.Context(), tt.clues)
			if err != nil {
				t.Fatal(err)
			}
			received := 0
			if err := deadletters(t, broker, client).Each(t.Context(), 0, nil, func(l *deadletter.Letter) bool {
				if l.ReceiveCount > 1 {
					received++
				}
				return true
			}); err != nil {
				t.Fatal(err)
			}
			notes := strings.Join(found.Notes, " ")
			if received > tt.most || received == 0 || !strings.Contains(notes, "received and given back") || strings.Contains(notes, "may have more") == tt.complete {
				t.Errorf("%d letters were read, want at most %d; it says %q", received, tt.most, notes)
			}
		})
	}
}

func deadletters(t *testing.T, broker *messaging.Broker, client *sqs.Client) *deadletter.Queue {
	t.Helper()
	q, err := deadletter.Open(t.Context(), deadletter.Config{SQS: client, QueueURL: broker.QueueURL(dlqName)})
	if err != nil {
		t.Fatal(err)
	}
	return q
}
