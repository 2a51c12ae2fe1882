//go:build unix

package localpipeline_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/tracehaul/tracehaul/consumer"
	"github.com/tracehaul/tracehaul/internal/localcloud/messaging"
	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/telemetry/awssdk"
	"github.com/tracehaul/tracehaul/telemetry/message"
)

const (
	cloudEvent  = "application/cloudevents+json"
	cloudEvents = "application/cloudevents-batch+json"
	plain       = "application/json"
)

func structured(id string, size int) []byte {
	frame := fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/shop","type":"t","data":""}`, id)
	return []byte(strings.Replace(frame, `"data":""`, `"data":"`+strings.Repeat("x", size-len(frame))+`"`, 1))
}

// What the service refuses at the front door, through the load balancer: the
// status, the code and the trace id, and nothing of the body.
func TestPath_Refusals_ProblemWithTraceID(t *testing.T) {
	l := start(t, fast)
	const secret = "geheim-4711"
	tests := map[string]struct {
		contentType string
		body        []byte
		status      int
		code        string
	}{
		"malformed JSON":       {plain, []byte(`{"a":"` + secret), 400, "malformed_json"},
		"wrong content type":   {"text/plain", []byte(secret), 415, "unsupported_media_type"},
		"missing attribute":    {cloudEvent, []byte(`{"specversion":"1.0","id":"` + secret + `"}`), 422, "missing_attribute"},
		"event over the limit": {cloudEvent, structured(secret, 256<<10+1), 413, "too_large"},
		"body over the limit":  {plain, []byte(strings.Repeat(secret, 1<<20/len(secret)+1)), 413, "body_too_large"},
		"not a batch":          {cloudEvents, []byte(`{}`), 400, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			response, body := post(t, l, tt.contentType, tt.body, nil)
			var problem struct {
				Code    string
				Status  int
				TraceID string `json:"trace_id"`
			}
			if err := json.Unmarshal(body, &problem); err != nil {
				t.Fatalf("%v in %s", err, body)
			}
			if response.StatusCode != tt.status || problem.Status != tt.status || tt.code != "" && problem.Code != tt.code {
				t.Errorf("status %d, problem %+v; want %d %s", response.StatusCode, problem, tt.status, tt.code)
			}
			if got := response.Header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("content type %q", got)
			}
			eventually(t, "the problem's trace id in the balancer's log", func() bool { return l.TraceHeader(problem.TraceID) != "" })
			if strings.Contains(string(body), secret) {
				t.Errorf("the answer repeats the body: %s", body)
			}
			if depth, err := l.Broker().QueueDepth("test-intake-order-ledger"); err != nil || depth.Visible+depth.InFlight != 0 {
				t.Errorf("queue %+v, %v: something was published", depth, err)
			}
		})
	}
}

// Headers that a client got wrong, or too large, cost nobody the event.
func TestPath_BadContextHeaders_EventLands(t *testing.T) {
	l := start(t, fast)
	tests := map[string]struct {
		header    http.Header
		traceKept string // the trace id that must not be lost, if any
	}{
		"malformed traceparent": {http.Header{"Traceparent": {"00-zzz-1-01"}}, ""},
		"traceparent of zeros":  {http.Header{"Traceparent": {"00-00000000000000000000000000000000-0000000000000000-01"}}, ""},
		"8 KiB of baggage": {http.Header{
			"Traceparent": {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"},
			"Baggage":     {"k=" + strings.Repeat("v", 8<<10)},
		}, "4bf92f3577b34da6a3ce929d0e0e4736"},
		"garbage trace header": {http.Header{"X-Amzn-Trace-Id": {"Root=;;Self;=-1-;Sampled=maybe"}}, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			id := send(t, l, `{"order":"o-1"}`, tt.header)
			if tt.traceKept != "" && id != tt.traceKept {
				t.Errorf("trace %s, want the client's", id)
			}
			tr, _, row := whole(t, l, id)
			if row.Get("trace_id") != id || len(tr.Roots) != 1 {
				t.Errorf("row %v, tree:\n%s", row, tree(tr))
			}
		})
	}
}

// topic is an SNS client that publishes beside the service.
func topic(l *localpipeline.Local, instrument bool) *sns.Client {
	cfg := aws.Config{Region: "eu-west-1", Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""), BaseEndpoint: aws.String(l.Addresses().SNS)}
	if instrument {
		awssdk.Instrument(&cfg, awssdk.Config{})
	}
	return sns.NewFromConfig(cfg)
}

func attributes(n int) map[string]snstypes.MessageAttributeValue {
	m := map[string]snstypes.MessageAttributeValue{}
	for i := range n {
		m[fmt.Sprintf("a%d", i)] = snstypes.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String("v")}
	}
	return m
}

// With raw delivery SNS discards a message of eleven attributes and says
// nothing. The instrumented client refuses it before; without it, the message
// is found in the subscription's dead-letter queue.
func TestPath_ElevenAttributes_RefusedBeforeSNSDiscards(t *testing.T) {
	l := start(t, fast)
	in := &sns.PublishInput{TopicArn: aws.String(l.Addresses().TopicARN), Message: aws.String("{}"), MessageAttributes: attributes(11)}

	_, err := topic(l, true).Publish(wait(t), in)
	if _, ok := errors.AsType[*message.TooManyAttributesError](err); !ok {
		t.Fatalf("error %v, want a TooManyAttributesError", err)
	}
	if _, err := topic(l, false).Publish(wait(t), in); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the message in the subscription's dead-letter queue", func() bool {
		depth, err := l.Broker().QueueDepth("test-intake-order-ledger-undelivered")
		return err == nil && depth.Visible == 1
	})
}

// One poison message among good ones goes to the dead-letter queue with its
// reason and its trace; its neighbours become rows.
func TestPath_PoisonAmongGood_DeadLetterTellsWhy(t *testing.T) {
	for name, poison := range map[string]struct{ body, reason string }{
		"no event":      {`{"not":`, "malformed"},
		"NUL character": {`{"specversion":"1.0","id":"nul","source":"/shop","type":"t","data":{"a":"\u0000"}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := start(t, fast, func(c *localpipeline.Config) { c.HoldConsumers = true })
			var good []string
			for i := range 4 {
				good = append(good, send(t, l, fmt.Sprintf(`{"order":%d}`, i), nil))
			}
			const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
			_, err := topic(l, false).Publish(wait(t), &sns.PublishInput{
				TopicArn: aws.String(l.Addresses().TopicARN), Message: aws.String(poison.body),
				MessageAttributes: map[string]snstypes.MessageAttributeValue{"traceparent": {DataType: aws.String("String"), StringValue: aws.String(traceparent)}},
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := l.StartConsumers(); err != nil {
				t.Fatal(err)
			}
			for _, id := range good {
				whole(t, l, id)
			}
			var dead []messaging.StoredMessage
			eventually(t, "the poison in the dead-letter queue", func() bool {
				dead, err = l.Broker().Messages("test-intake-order-ledger-dlq", 10)
				return err == nil && len(dead) > 0
			})
			if len(dead) != 1 || dead[0].Body != poison.body {
				t.Fatalf("dead letters %+v", dead)
			}
			a := dead[0].Attributes
			if a["traceparent"].Value != traceparent || a[consumer.AttributeReason].Value == "" || poison.reason != "" && a[consumer.AttributeReason].Value != poison.reason {
				t.Errorf("attributes of the dead letter %+v", a)
			}
			eventually(t, "an empty queue", func() bool {
				depth, err := l.Broker().QueueDepth("test-intake-order-ledger")
				return err == nil && depth.Visible+depth.InFlight == 0
			})
			spans, err := l.Telemetry().Wait(wait(t), "0af7651916cd43dd8448eb211c80319c", func(s []trace.Span) bool { return len(s) >= 2 })
			if err != nil {
				t.Errorf("the poison's trace %+v: %v", spans, err)
			}
		})
	}
}
