package messaging

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

func TestCallsThatAreNotHere_AnswerNotImplementedAndNameThemselves(t *testing.T) {
	b := setup(t, Config{})
	url := b.queue(QueueConfig{Name: "q"})
	arn, _, _ := b.topic("topic", SubscriptionConfig{})
	for name, call := range map[string]func() error{
		"DeleteQueue": func() error {
			_, err := b.sqs.DeleteQueue(b.ctx, &sqs.DeleteQueueInput{QueueUrl: &url})
			return err
		},
		"TagQueue": func() error {
			_, err := b.sqs.TagQueue(b.ctx, &sqs.TagQueueInput{QueueUrl: &url, Tags: map[string]string{"a": "b"}})
			return err
		},
		"ListTopics": func() error {
			_, err := b.sns.ListTopics(b.ctx, &sns.ListTopicsInput{})
			return err
		},
		"SetTopicAttributes": func() error {
			_, err := b.sns.SetTopicAttributes(b.ctx, &sns.SetTopicAttributesInput{TopicArn: &arn, AttributeName: aws.String("DisplayName")})
			return err
		},
	} {
		err := call()
		wantCode(t, err, "NotImplemented")
		if !strings.Contains(err.Error(), `does not implement "`+name+`"`) {
			t.Errorf("%s: the error does not name the call: %v", name, err)
		}
	}
}

// post speaks to a handler without the SDK.
func post(h http.Handler, header map[string]string, body io.Reader) *http.Response {
	r := httptest.NewRequest(http.MethodPost, "http://localhost/", body)
	for key, value := range header {
		r.Header.Set(key, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// Errors of SQS are told twice: by their name in JSON, and in a header by the
// code that the Query protocol had.
func TestSQSErrors_OnTheWire(t *testing.T) {
	b := setup(t, Config{})
	b.queue(QueueConfig{Name: "q"})
	for _, tt := range []struct {
		action, body          string
		kind, queryCode, what string
		status                int
	}{
		{
			"SendMessage", `{"QueueUrl":"http://localhost/000000000000/gone","MessageBody":"m"}`,
			"com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue;Sender", "The specified queue does not exist.", 400,
		},
		{
			"DeleteMessage", `{"QueueUrl":"http://localhost/000000000000/q","ReceiptHandle":"\"\\"}`,
			"com.amazonaws.sqs#ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid;Sender", `The input receipt handle "\"\\" is not a valid receipt handle.`, 404,
		},
		{
			"SendMessage", `{"QueueUrl":"http://localhost/000000000000/q"}`,
			"com.amazon.coral.service#MissingRequiredParameterException", "MissingParameter;Sender", "The request must contain the parameter MessageBody.", 400,
		},
		{
			"ReceiveMessage", `{"QueueUrl":"http://localhost/000000000000/q","MaxNumberOfMessages":0}`,
			"com.amazon.coral.service#InvalidParameterValueException", "InvalidParameterValue;Sender",
			"Value 0 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.", 400,
		},
		{
			"ReceiveMessage", `{`,
			"com.amazon.coral.service#SerializationException", "SerializationException;Sender", "The request body is not the JSON of an SQS call.", 400,
		},
		{
			"Other", ``,
			"com.amazonaws.sqs#NotImplemented", "NotImplemented;Sender", `the local SQS does not implement "Other"`, 501,
		},
	} {
		response := post(b.broker.SQS(), map[string]string{"X-Amz-Target": "AmazonSQS." + tt.action}, strings.NewReader(tt.body))
		var got struct {
			Kind    string `json:"__type"`
			Message string `json:"message"`
		}
		if err := json.NewDecoder(response.Body).Decode(&got); err != nil {
			t.Fatalf("%s: %v", tt.action, err)
		}
		if got.Kind != tt.kind || got.Message != tt.what || response.StatusCode != tt.status {
			t.Errorf("%s: got %d %+v, want %d %s: %s", tt.action, response.StatusCode, got, tt.status, tt.kind, tt.what)
		}
		if h := response.Header.Get("X-Amzn-Query-Error"); h != tt.queryCode {
			t.Errorf("%s: x-amzn-query-error is %q, want %q", tt.action, h, tt.queryCode)
		}
		if h := response.Header; h.Get("Content-Type") != "application/x-amz-json-1.0" || h.Get("X-Amzn-Requestid") == "" {
			t.Errorf("%s: headers are %v", tt.action, h)
		}
	}
}

func TestSNSErrors_OnTheWire(t *testing.T) {
	b := setup(t, Config{})
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
	for _, tt := range []struct {
		body       string
		code, what string
		status     int
	}{
		{"Action=Publish&TopicArn=arn:aws:sns:eu-west-1:000000000000:gone&Message=m", "NotFound", "Topic does not exist", 404},
		{"Action=Publish&TopicArn=x&Message=m", "InvalidParameter", "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1", 400},
		{"Action=%3Ca%26%3E", "NotImplemented", `the local SNS does not implement "<a&>"`, 501},
		{"Message=m", "MissingAction", "the request names no Action", 400},
		{"Action=Publish&Message=%zz", "MalformedQueryString", "the value of Message is not escaped rightly", 400},
		{"Action=Publish&%=m", "MalformedQueryString", "a name is not escaped rightly", 400},
		{"Action=PublishBatch&PublishBatchRequestEntries.member.101.Id=m", "MalformedQueryString", "a list has more than 100 elements", 400},
		{"Action=PublishBatch&PublishBatchRequestEntries.member.0.Id=m", "MalformedQueryString", "a list has an element that is not numbered from 1", 400},
	} {
		response := post(b.broker.SNS(), form, strings.NewReader(tt.body))
		var got struct {
			XMLName   xml.Name `xml:"http://sns.amazonaws.com/doc/2010-03-31/ ErrorResponse"`
			Type      string   `xml:"Error>Type"`
			Code      string   `xml:"Error>Code"`
			Message   string   `xml:"Error>Message"`
			RequestID string   `xml:"RequestId"`
		}
		if err := xml.NewDecoder(response.Body).Decode(&got); err != nil {
			t.Fatalf("%s: %v", tt.body, err)
		}
		if got.Type != "Sender" || got.Code != tt.code || got.Message != tt.what || response.StatusCode != tt.status || got.RequestID == "" {
			t.Errorf("%s: got %d %+v, want %d %s: %s", tt.body, response.StatusCode, got, tt.status, tt.code, tt.what)
		}
	}
}

func TestRequests_OfAnotherKind_AreToldWhatIsTaken(t *testing.T) {
	b := setup(t, Config{})
	for service, h := range map[string]http.Handler{"SNS": b.broker.SNS(), "SQS": b.broker.SQS()} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://localhost/?Action=ListTopics", nil))
		response := post(h, map[string]string{"Content-Type": "text/plain"}, strings.NewReader("x"))
		for _, status := range []int{w.Code, response.StatusCode} {
			if status != http.StatusNotImplemented {
				t.Errorf("%s: status %d", service, status)
			}
		}
	}
}

// hideLength keeps the length of a body from the request.
type hideLength struct{ io.Reader }

func TestRequests_TooLong_AreRefused(t *testing.T) {
	b := setup(t, Config{})
	form := map[string]string{"Content-Type": "application/x-www-form-urlencoded"}
	target := map[string]string{"X-Amz-Target": "AmazonSQS.SendMessage"}
	for name, tt := range map[string]struct {
		handler http.Handler
		header  map[string]string
		limit   int
	}{
		"SNS": {b.broker.SNS(), form, maxSNSRequestBytes},
		"SQS": {b.broker.SQS(), target, maxSQSRequestBytes},
	} {
		body := make([]byte, tt.limit+1)
		for _, reader := range []io.Reader{bytes.NewReader(body), hideLength{bytes.NewReader(body)}} {
			if got := post(tt.handler, tt.header, reader).StatusCode; got != http.StatusRequestEntityTooLarge {
				t.Errorf("%s: %d bytes give status %d", name, len(body), got)
			}
		}
	}
}

// A message of the limit fits a request even if every byte of it is escaped.
func TestRequests_MostEscapedMessages_Fit(t *testing.T) {
	b := setupBound(t, Config{})
	url := b.queue(QueueConfig{Name: "q", MaximumMessageSizeBytes: maxSizeLimit})
	body := strings.Repeat("\u2028", maxSizeLimit/3) // six bytes of JSON each
	if _, err := b.sqs.SendMessage(b.ctx, &sqs.SendMessageInput{QueueUrl: &url, MessageBody: &body}); err != nil {
		t.Error(err)
	}
	created, err := b.sns.CreateTopic(b.ctx, &sns.CreateTopicInput{Name: aws.String("t"), Attributes: map[string]string{"MaximumMessageSize": "1048576"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.sns.Publish(b.ctx, &sns.PublishInput{TopicArn: created.TopicArn, Message: aws.String(strings.Repeat("%", maxSizeLimit))}); err != nil {
		t.Error(err)
	}
}

func TestAnswers_CarryARequestID(t *testing.T) {
	b := setupBound(t, Config{})
	url := b.queue(QueueConfig{Name: "q"})
	if id, ok := awsmiddleware.GetRequestIDMetadata(b.send(url, "m").ResultMetadata); !ok || id == "" {
		t.Error("SQS: no request id")
	}
	out, err := b.sns.CreateTopic(b.ctx, &sns.CreateTopicInput{Name: aws.String("topic")})
	if err != nil {
		t.Fatal(err)
	}
	if id, ok := awsmiddleware.GetRequestIDMetadata(out.ResultMetadata); !ok || id == "" {
		t.Error("SNS: no request id")
	}
}

func TestQueueURLs_BeginWithTheEndpoint(t *testing.T) {
	get := func(b *bundle) string {
		t.Helper()
		b.queue(QueueConfig{Name: "q"})
		out, err := b.sqs.GetQueueUrl(b.ctx, &sqs.GetQueueUrlInput{QueueName: aws.String("q")})
		if err != nil {
			t.Fatal(err)
		}
		return *out.QueueUrl
	}
	asked := setupBound(t, Config{})
	if got := get(asked); got != *asked.sqs.Options().BaseEndpoint+"/000000000000/q" {
		t.Errorf("without SQSEndpoint the URL is %s", got)
	}
	set := setupBound(t, Config{SQSEndpoint: "http://127.0.0.1:9324", AccountID: "123456789012"})
	const want = "http://127.0.0.1:9324/123456789012/q"
	if got := get(set); got != want || set.broker.QueueURL("q") != want {
		t.Errorf("with SQSEndpoint the URLs are %s and %s", got, set.broker.QueueURL("q"))
	}
}

func TestConfig_Validate_ReportsAllAtOnce(t *testing.T) {
	err := Config{AccountID: "1", SQSEndpoint: "localhost:1", MaxMessages: -1, MaxBytes: -1, DuplicateRate: 2}.Validate()
	if err == nil {
		t.Fatal("no error")
	}
	for _, field := range []string{"AccountID", "SQSEndpoint", "MaxMessages", "MaxBytes", "DuplicateRate"} {
		if !strings.Contains(err.Error(), field) {
			t.Errorf("%s is not named in: %v", field, err)
		}
	}
	if err := (Config{}).Validate(); err != nil {
		t.Errorf("the zero value: %v", err)
	}
}
