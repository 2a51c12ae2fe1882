package service

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/event"
)

// FuzzHandler posts anything at all. Whatever comes, the answer is one of those
// that are documented, and what was accepted was published as it came.
func FuzzHandler(f *testing.F) {
	f.Add("application/cloudevents+json", "", "", cloudEvent("1"))
	f.Add("application/cloudevents-batch+json", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "", cloudEvents("1", "2"))
	f.Add("application/json; charset=utf-8", "", "Root=1-67891233-abcdef012345678912345678", `{"total":12}`)
	f.Add("text/plain", "00-", "Root=", "x")
	f.Add("application/cloudevents+json", "", "", strings.Replace(cloudEvent("1"), "12", "\"\uFFFE\"", 1))
	f.Add("application/cloudevents-batch+json", "", "", "[]")
	b := setup(f, func(c *Config) { c.MaxBodyBytes, c.Limits = 10_000, event.Limits{MaxBatch: 5, MaxEventBytes: 5000} })
	f.Fuzz(func(t *testing.T, contentType, traceparent, amzn, body string) {
		b.sns.calls = nil
		b.spans.Reset()
		r := httptest.NewRequest(http.MethodPost, "/v1/events", strings.NewReader(body))
		r.Header = http.Header{"Content-Type": {contentType}, "Traceparent": {traceparent}, "X-Amzn-Trace-Id": {amzn}}
		w := b.do(r)
		sent := b.sns.bodies()
		if w.Code == http.StatusAccepted {
			checkAccepted(t, isBatch(r), w.Body.Bytes(), sent)
		} else {
			p := wantProblem(t, w, w.Code, decode[Problem](t, strings.NewReader(w.Body.String())).Code)
			if kind, known := problemKinds[p.Code]; !known || kind.status != w.Code || w.Code >= 500 {
				t.Errorf("%d %s is no answer to a bad request", w.Code, p.Code)
			}
			if len(sent) > 0 {
				t.Errorf("refused, yet %d messages were sent", len(sent))
			}
		}
		if used := b.buffered(); used != 0 || b.publisher.pending != 0 {
			t.Errorf("%d bytes and %d entries are still held", used, b.publisher.pending)
		}
	})
}

// checkAccepted compares an answer with what was published.
func checkAccepted(t *testing.T, batch bool, answer []byte, sent []string) {
	t.Helper()
	var ids []string
	if batch {
		var got Batch
		if err := json.Unmarshal(answer, &got); err != nil || got.Accepted != len(got.Results) {
			t.Fatalf("answer %s: %v", answer, err)
		}
		for _, r := range got.Results {
			ids = append(ids, r.Source+" "+r.ID)
		}
	} else {
		var got Accepted
		if err := json.Unmarshal(answer, &got); err != nil {
			t.Fatalf("answer %s: %v", answer, err)
		}
		ids = []string{got.Source + " " + got.ID}
	}
	if len(sent) != len(ids) {
		t.Fatalf("%d events accepted, %d messages sent", len(ids), len(sent))
	}
	for i, body := range sent {
		e, err := event.ParseString(body)
		if err != nil {
			t.Fatalf("message %d cannot be read: %v", i, err)
		}
		if got := e.Source + " " + e.ID; got != ids[i] {
			t.Errorf("message %d is %q, want %q", i, got, ids[i])
		}
	}
}
