package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// patience is for a machine that has other things to do.
const patience = 2 * time.Minute

const traceID = "0af7651916cd43dd8448eb211c80319c"

// Two messages of one trace, of which SNS refuses the second.
func batch() events.SQSEvent {
	traceparent := "00-" + traceID + "-b7ad6b7169203331-01"
	record := func(id, body string) events.SQSMessage {
		return events.SQSMessage{
			MessageId: id, Body: body, EventSource: "aws:sqs", EventSourceARN: "arn:aws:sqs:eu-west-1:000000000000:orders",
			MessageAttributes: map[string]events.SQSMessageAttribute{"traceparent": {DataType: "String", StringValue: &traceparent}},
		}
	}
	return events.SQSEvent{Records: []events.SQSMessage{record("1", "good"), record("2", "bad")}}
}

// After the move a message's trace goes on behind the topic, and one that fails
// comes back alone.
func TestAfter_Batch_TraceGoesOnAndOneMessageFails(t *testing.T) {
	got := invoke(t, build(t, "."))
	if attribute := got.published["good"]; !strings.HasPrefix(attribute, "00-"+traceID+"-") {
		t.Errorf("it publishes with the traceparent %q, want one of trace %s", attribute, traceID)
	}
	if want := `{"batchItemFailures":[{"itemIdentifier":"2"}]}`; got.failed || got.answer != want {
		t.Errorf("it answers %s (an error: %v), want %s", got.answer, got.failed, want)
	}
}

// Before it, the context that is sent ends at AWS, and the whole batch comes
// back.
func TestBefore_Batch_TraceEndsAndAllFail(t *testing.T) {
	download := exec.CommandContext(t.Context(), "go", "mod", "download")
	download.Dir = filepath.Join("..", "before")
	if out, err := download.CombinedOutput(); err != nil {
		t.Skipf("the modules from before are not to be had: %s", out)
	}
	got := invoke(t, build(t, filepath.Join("..", "before")))
	if attribute, ok := got.published["good"]; !ok || attribute != "" {
		t.Errorf("it publishes with the traceparent %q (%v), want none", attribute, ok)
	}
	if !got.failed {
		t.Errorf("it answers %s, want an error", got.answer)
	}
}

func build(t *testing.T, dir string) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "forward")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-C", dir, "-tags", "lambda.norpc", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// outcome is what a program did with a batch.
type outcome struct {
	published map[string]string // the attribute traceparent, by message
	answer    string
	failed    bool // the invocation as a whole
}

// invoke runs the program on a Lambda Runtime API that has one event, with an SNS
// that refuses what is bad.
func invoke(t *testing.T, program string) outcome {
	t.Helper()
	o := outcome{published: map[string]string{}}
	answered := make(chan struct{})
	sns := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, err := url.ParseQuery(string(body))
		if err != nil {
			t.Error(err)
		}
		if form.Get("Message") == "bad" {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidParameter</Code></Error></ErrorResponse>")
			return
		}
		for i := 1; form.Has("MessageAttributes.entry." + strconv.Itoa(i) + ".Name"); i++ {
			if entry := "MessageAttributes.entry." + strconv.Itoa(i); form.Get(entry+".Name") == "traceparent" {
				o.published[form.Get("Message")] = form.Get(entry + ".Value.StringValue")
			}
		}
		o.published[form.Get("Message")] += "" // it was published at all
		fmt.Fprint(w, "<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>")
	}))
	defer sns.Close()
	event, err := json.Marshal(batch())
	if err != nil {
		t.Fatal(err)
	}
	given := false
	runtime := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch path := r.URL.Path; {
		case strings.HasSuffix(path, "/invocation/next") && !given:
			given = true
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", "r")
			w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(patience).UnixMilli(), 10))
			_, _ = w.Write(event)
		case strings.HasSuffix(path, "/invocation/next"):
			<-r.Context().Done() // frozen
		case strings.Contains(path, "/invocation/"):
			body, _ := io.ReadAll(r.Body)
			o.answer, o.failed = string(body), strings.HasSuffix(path, "/error")
			w.WriteHeader(http.StatusAccepted)
			close(answered)
		default: // extensions, and spans
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Lambda-Extension-Identifier", "e")
		}
	}))
	defer runtime.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), "AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(runtime.URL, "http://"), "AWS_LAMBDA_FUNCTION_NAME=forward",
		"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID=local", "AWS_SECRET_ACCESS_KEY=local", "AWS_ENDPOINT_URL_SNS="+sns.URL, "TOPIC_ARN=arn:aws:sns:eu-west-1:000000000000:orders",
		"OTEL_EXPORTER_OTLP_ENDPOINT="+runtime.URL)
	cmd.Stdout, cmd.Stderr = t.Output(), t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-answered:
	case <-ctx.Done():
		t.Error("there is no answer")
	}
	cancel()
	_ = cmd.Wait() // it was killed, as Lambda does it
	return o
}
