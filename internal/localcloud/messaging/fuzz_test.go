package messaging

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// FuzzForm holds the form parser to net/url's.
func FuzzForm(f *testing.F) {
	f.Fuzz(func(t *testing.T, body []byte) {
		req, err := parseForm(bytes.Clone(body))
		if err != nil {
			return
		}
		if bytes.ContainsRune(body, ';') {
			return // net/url refuses it
		}
		want, parseErr := url.ParseQuery(string(body))
		if parseErr != nil {
			t.Fatalf("parsed what net/url refuses: %v", parseErr)
		}
		for key, got := range map[string]string{
			"Action": req.Action, "TopicArn": req.TopicArn, "Message": req.Message, "Subject": req.Subject, "Endpoint": req.Endpoint,
		} {
			if values := want[key]; len(values) > 0 && values[len(values)-1] != got {
				t.Errorf("%s is %q, net/url says %q", key, got, values[len(values)-1])
			}
		}
		if len(req.Entries) > maxFormEntries || len(req.MessageAttributes) > maxFormAttributes || len(req.Attributes) > maxFormAttributes {
			t.Errorf("%d entries, %d message attributes, %d attributes", len(req.Entries), len(req.MessageAttributes), len(req.Attributes))
		}
	})
}

// fuzzBroker has the topic and queue of the corpus, and little room.
func fuzzBroker(tb testing.TB) *Broker {
	tb.Helper()
	b := New(Config{MaxMessages: 20, MaxQueues: 5, MaxTopics: 5, MaxBytes: 1 << 20})
	tb.Cleanup(b.Close)
	_, err := b.CreateTopic("topic")
	_, err2 := b.CreateQueue(QueueConfig{Name: "queue"})
	_, err3 := b.Subscribe(SubscriptionConfig{Topic: "topic", Queue: "queue", RawMessageDelivery: true})
	if err := errors.Join(err, err2, err3); err != nil {
		tb.Fatal(err)
	}
	return b
}

// fuzzPost does a request of a client that has hung up: nothing waits.
func fuzzPost(t *testing.T, h http.Handler, header map[string]string, body []byte) (*http.Response, []byte) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://localhost/", bytes.NewReader(body))
	for key, value := range header {
		r.Header.Set(key, value)
	}
	w := httptest.NewRecorder()
	start := time.Now()
	h.ServeHTTP(w, r)
	if took := time.Since(start); took > 15*time.Second {
		t.Errorf("took %v", took)
	}
	if w.Code >= 500 && w.Code != http.StatusNotImplemented {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
	return w.Result(), w.Body.Bytes()
}

// FuzzSNS wants well-formed XML in answer to whatever comes.
func FuzzSNS(f *testing.F) {
	b := fuzzBroker(f)
	h := b.SNS()
	f.Fuzz(func(t *testing.T, body []byte) {
		_, answer := fuzzPost(t, h, map[string]string{"Content-Type": "application/x-www-form-urlencoded"}, body)
		decoder := xml.NewDecoder(bytes.NewReader(answer))
		for {
			_, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("the answer is no XML: %v: %s", err, answer)
			}
		}
	})
}

// FuzzSQS wants JSON in answer to whatever comes, and every received message
// to bear the digest of its body.
func FuzzSQS(f *testing.F) {
	b := fuzzBroker(f)
	h := b.SQS()
	f.Fuzz(func(t *testing.T, action string, body []byte) {
		if strings.ContainsAny(action, "\r\n") {
			return
		}
		_, answer := fuzzPost(t, h, map[string]string{"X-Amz-Target": "AmazonSQS." + action}, body)
		var got struct {
			Messages []struct{ Body, MD5OfBody string }
		}
		if err := json.Unmarshal(answer, &got); err != nil {
			t.Fatalf("the answer is no JSON: %v: %s", err, answer)
		}
		for _, m := range got.Messages {
			if md5Hex(m.Body) != m.MD5OfBody {
				t.Errorf("%q does not have the digest %s", m.Body, m.MD5OfBody)
			}
		}
	})
}

// FuzzFilterPolicy wants policies to be refused or to work on any attribute.
func FuzzFilterPolicy(f *testing.F) {
	f.Fuzz(func(_ *testing.T, policy, name, dataType, value string) {
		if filter, err := parseFilterPolicy(policy); err == nil && filter != nil {
			filter.matches([]attribute{{name, dataType, value}})
		}
	})
}

// FuzzReceiptHandle wants a handle to be refused or to be one that could have
// been given.
func FuzzReceiptHandle(f *testing.F) {
	f.Fuzz(func(t *testing.T, queue uint64, handle string) {
		if seq, receives, ok := parseReceiptHandle(queue, handle); ok {
			if again := receiptHandle(queue, seq, receives); again != handle && !strings.ContainsAny(handle, "\r\n") {
				t.Errorf("%q parses as the handle %q", handle, again)
			}
		}
	})
}
