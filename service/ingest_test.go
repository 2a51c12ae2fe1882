package service

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/telemetry/message"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

const (
	albHeader = "Root=1-67891233-abcdef012345678912345678"
	albTrace  = "67891233abcdef012345678912345678"
)

func TestEvents_SingleEvent_AcceptedAndPublished(t *testing.T) {
	b := setup(t, func(c *Config) {
		c.Now = func() time.Time { return time.Date(2026, 11, 24, 1, 2, 3, 4, time.UTC) }
	})
	r := post(cloudEvent("order-1"))
	r.Header.Set("X-Amzn-Trace-Id", albHeader)
	w := b.do(r)

	if w.Code != http.StatusAccepted || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("status %d, Content-Type %q; body %s", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
	got := decode[Accepted](t, w.Body)
	if want := (Accepted{ID: "order-1", Source: "/web", Status: "accepted", TraceID: albTrace}); got != want {
		t.Errorf("body = %+v, want %+v", got, want)
	}
	if h := w.Header().Get("Traceresponse"); !strings.HasPrefix(h, "00-"+albTrace+"-") {
		t.Errorf("traceresponse = %q, want the trace %s", h, albTrace)
	}

	sent := b.sns.calls[0][0]
	if *sent.Message != cloudEvent("order-1") {
		t.Errorf("message = %s", *sent.Message)
	}
	attributes := map[string]string{}
	for name, a := range sent.MessageAttributes {
		if *a.DataType != "String" {
			t.Errorf("attribute %s has type %s", name, *a.DataType)
		}
		attributes[name] = *a.StringValue
	}
	if want := map[string]string{
		"event-type": "com.example.order.placed", "event-source": "/web",
		"accepted-at": "2026-11-24T01:02:03.000000004Z", "alb-root": strings.TrimPrefix(albHeader, "Root="),
	}; !maps.Equal(attributes, want) {
		t.Errorf("attributes = %v, want %v", attributes, want)
	}
	if n := b.counted(t, semconv.MetricAccepted, ""); n != 1 {
		t.Errorf("%d events count as accepted", n)
	}
}

func TestEvents_Traceparent_WinsOverALB(t *testing.T) {
	b := setup(t)
	r := post(cloudEvent("1"))
	r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
	r.Header.Set("X-Amzn-Trace-Id", albHeader)
	if got := decode[Accepted](t, b.do(r).Body); got.TraceID != "0af7651916cd43dd8448eb211c80319c" {
		t.Errorf("trace = %s, want the client's", got.TraceID)
	}
	if root := *b.sns.calls[0][0].MessageAttributes["alb-root"].StringValue; "Root="+root != albHeader {
		t.Errorf("alb-root = %s, want that of %s", root, albHeader)
	}
}

// What tracing headers hold is never a reason to refuse an event.
func TestEvents_BrokenTraceHeaders_StartNewTrace(t *testing.T) {
	for name, header := range map[string]http.Header{
		"malformed traceparent": {"Traceparent": {"00-ZZZ-1-01"}},
		"traceparent of zeros":  {"Traceparent": {"00-00000000000000000000000000000000-0000000000000000-01"}},
		"two traceparents": {"Traceparent": {
			"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319d-b7ad6b7169203331-01",
		}},
		"malformed Root":             {"X-Amzn-Trace-Id": {"Root=1-xyz"}},
		"8 KiB of baggage":           {"Baggage": {"k=" + strings.Repeat("v", 8<<10)}},
		"many small baggage members": {"Baggage": {strings.Repeat("k=v,", 4000)}},
		"many tracestates":           {"Tracestate": slices.Repeat([]string{"a=b"}, 1000)},
		"control characters":         {"Baggage": {"k=\x01\x02"}, "Traceparent": {"\x7f"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			r := post(cloudEvent("1"))
			maps.Copy(r.Header, header)
			w := b.do(r)
			if w.Code != http.StatusAccepted {
				t.Fatalf("status = %d; body %s", w.Code, w.Body)
			}
			if got := decode[Accepted](t, w.Body); len(got.TraceID) != 32 {
				t.Errorf("trace id = %q", got.TraceID)
			}
		})
	}
}

func TestEvents_Batch_ResultForEach(t *testing.T) {
	b := setup(t)
	w := b.do(post(cloudEvents("a", "b", "c")))
	if w.Code != http.StatusAccepted {
		t.Fatalf("status = %d; body %s", w.Code, w.Body)
	}
	got := decode[Batch](t, w.Body)
	if got.Accepted != 3 || len(got.Results) != 3 || len(got.TraceID) != 32 {
		t.Errorf("body = %+v", got)
	}
	for i, id := range []string{"a", "b", "c"} {
		if want := (Result{Index: i, ID: id, Source: "/web", Status: "accepted"}); got.Results[i] != want {
			t.Errorf("result %d = %+v, want %+v", i, got.Results[i], want)
		}
	}
	if sizes := b.sns.sizes(); !slices.Equal(sizes, []int{3}) {
		t.Errorf("calls had %v entries, want all in one", sizes)
	}
}

func TestEvents_EmptyBatch_AcceptedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, began := setup(t), time.Now()
		w := b.do(post("[]"))
		if got := decode[Batch](t, w.Body); w.Code != http.StatusAccepted || got.Accepted != 0 || got.Results == nil {
			t.Errorf("status %d, body %+v; an empty batch is a valid one", w.Code, got)
		}
		if n, took := len(b.sns.sizes()), time.Since(began); n != 0 || took != 0 {
			t.Errorf("%d calls and %v for nothing", n, took)
		}
	})
}

func TestEvents_PlainJSON_BecomesEvent(t *testing.T) {
	b := setup(t)
	r := httptest.NewRequest(http.MethodPost, "/v1/events", strings.NewReader(`{"total":12}`))
	r.Header.Set("Content-Type", "application/json; charset=UTF-8")
	got := decode[Accepted](t, b.do(r).Body)
	e, err := event.ParseString(*b.sns.calls[0][0].Message)
	if err != nil {
		t.Fatal(err)
	}
	if e.ID != got.ID || e.Source != "https://shop.example/web" || e.Type != "com.example.order.placed" || string(e.Data) != `{"total":12}` {
		t.Errorf("event = %+v, answer %+v", e, got)
	}
}

func TestEvents_PlainJSONTwiceWithIdempotencyKey_IsSameEvent(t *testing.T) {
	b := setup(t)
	for _, key := range []string{`"8e03978e"`, `8e03978e`} {
		r := httptest.NewRequest(http.MethodPost, "/v1/events", strings.NewReader(`1`))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", key)
		if got := decode[Accepted](t, b.do(r).Body); got.ID != "8e03978e" {
			t.Errorf("id = %q, want the key", got.ID)
		}
	}
}

func TestEvents_BinaryMode_Accepted(t *testing.T) {
	b := setup(t)
	r := httptest.NewRequest(http.MethodPost, "/v1/events", strings.NewReader(`{"total":12}`))
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Ce-Specversion": "1.0", "Ce-Id": "b1", "Ce-Source": "/web", "Ce-Type": "t",
	} {
		r.Header.Set(name, value)
	}
	if got := decode[Accepted](t, b.do(r).Body); got.ID != "b1" {
		t.Errorf("answer = %+v", got)
	}
}

// U+FFFE and U+FFFF are allowed in JSON, but not in a message.
func TestEvents_Noncharacters_AreEscaped(t *testing.T) {
	b := setup(t)
	body := strings.Replace(cloudEvent("1"), "12", "\"\uFFFE\uFFFF\uFFFD\"", 1)
	if w := b.do(post(body)); w.Code != http.StatusAccepted {
		t.Fatalf("status = %d; body %s", w.Code, w.Body)
	}
	sent := *b.sns.calls[0][0].Message
	if strings.ContainsAny(sent, "\uFFFE\uFFFF") {
		t.Errorf("message = %q", sent)
	}
	var got struct{ Data struct{ Total string } }
	if err := json.Unmarshal([]byte(sent), &got); err != nil || got.Data.Total != "\uFFFE\uFFFF\uFFFD" {
		t.Errorf("data = %q, %v; want what was sent", got.Data.Total, err)
	}
}

// refusals are the requests that never reach SNS.
func TestEvents_BadRequests_RefusedWithProblem(t *testing.T) {
	type request struct {
		method, path, contentType, body string
		header                          map[string]string
		status                          int
		code                            string
		field                           string
		index                           int // -1: none
		wantHeader                      map[string]string
		detail                          string // is part of the detail
	}
	event10 := func(change string) string { return strings.Replace(cloudEvent("1"), `"data"`, change+`,"data"`, 1) }
	closes := map[string]string{"Connection": "close"}
	for name, tc := range map[string]request{
		"body over the limit": {
			body: event10(`"subject":"` + strings.Repeat("x", 2000) + `"`), status: 413, code: codeBodyTooLarge, index: -1,
			wantHeader: closes, detail: "2000 bytes",
		},
		"event over the limit":  {body: strings.Replace(cloudEvent("1"), "12", strings.Repeat("1", 1500), 1), status: 413, code: event.CodeTooLarge, index: -1, detail: "1500 bytes"},
		"no content type":       {contentType: "none", body: cloudEvent("1"), status: 415, code: event.CodeUnsupportedMediaType, index: -1, wantHeader: map[string]string{"Accept-Post": acceptPost}},
		"text":                  {contentType: "text/plain", body: "hello", status: 415, code: event.CodeUnsupportedMediaType, index: -1, wantHeader: map[string]string{"Accept-Post": acceptPost}},
		"form":                  {contentType: "application/x-www-form-urlencoded", body: "a=b", status: 415, code: event.CodeUnsupportedMediaType, index: -1},
		"charset":               {contentType: "application/json; charset=latin1", body: "1", status: 415, code: event.CodeUnsupportedMediaType, index: -1},
		"gzip":                  {header: map[string]string{"Content-Encoding": "gzip"}, body: "\x1f\x8b", status: 415, code: codeContentEncoding, index: -1, wantHeader: map[string]string{"Accept-Encoding": "identity"}},
		"empty body":            {body: "", status: 400, code: event.CodeMalformedJSON, index: -1},
		"malformed":             {body: `{"specversion":`, status: 400, code: event.CodeMalformedJSON, field: "specversion", index: -1},
		"something behind":      {body: cloudEvent("1") + "x", status: 400, code: event.CodeMalformedJSON, index: -1},
		"not UTF-8":             {body: strings.Replace(cloudEvent("1"), "12", "\"\xff\"", 1), status: 400, code: event.CodeInvalidUnicode, field: "data", index: -1},
		"not an event":          {body: `{}`, status: 422, code: event.CodeMissingAttribute, field: "specversion", index: -1},
		"no id":                 {body: strings.Replace(cloudEvent("1"), `"id":"1",`, "", 1), status: 422, code: event.CodeMissingAttribute, field: "id", index: -1},
		"bad time":              {body: event10(`"time":"yesterday"`), status: 422, code: event.CodeInvalidAttribute, field: "time", index: -1},
		"member twice":          {body: event10(`"id":"2"`), status: 422, code: event.CodeDuplicateMember, field: "id", index: -1},
		"wrong version":         {body: strings.Replace(cloudEvent("1"), `"1.0"`, `"0.3"`, 1), status: 422, code: event.CodeUnsupportedVersion, field: "specversion", index: -1},
		"too deep":              {body: strings.Replace(cloudEvent("1"), "12", strings.Repeat("[", 200)+strings.Repeat("]", 200), 1), status: 422, code: event.CodeTooDeep, field: "data", index: -1, detail: "128"},
		"NUL":                   {body: strings.Replace(cloudEvent("1"), "12", `"\u0000"`, 1), status: 422, code: event.CodeNULCharacter, field: "data", index: -1},
		"second event of batch": {body: "[" + cloudEvent("1") + `,{"specversion":"1.0","id":"2","type":"t"}]`, status: 422, code: event.CodeMissingAttribute, field: "source", index: 1},
		"first event of batch":  {body: `[{"specversion":"1.0","id":"2","type":"t"}]`, status: 422, code: event.CodeMissingAttribute, field: "source", index: 0},
		"batch too large":       {body: cloudEvents("1", "2", "3", "4", "5", "6"), status: 413, code: event.CodeBatchTooLarge, index: -1, detail: "5 events"},
		"batch as a single one": {contentType: event.MediaTypeEvent, body: cloudEvents("1"), status: 400, code: event.CodeMalformedJSON, index: -1},
		"get":                   {method: http.MethodGet, status: 405, code: codeMethodNotAllowed, index: -1, wantHeader: map[string]string{"Allow": "POST"}},
		"put":                   {method: http.MethodPut, body: cloudEvent("1"), status: 405, code: codeMethodNotAllowed, index: -1},
		"delete readiness":      {method: http.MethodDelete, path: "/readyz", status: 405, code: codeMethodNotAllowed, index: -1, wantHeader: map[string]string{"Allow": "GET, HEAD"}},
		"unknown path":          {path: "/v2/events", body: cloudEvent("1"), status: 404, code: codeNotFound, index: -1},
		"path with slash":       {path: "/v1/events/", body: cloudEvent("1"), status: 404, code: codeNotFound, index: -1},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t, func(c *Config) { c.MaxBodyBytes, c.Limits = 2000, event.Limits{MaxBatch: 5, MaxEventBytes: 1500} })
			if tc.method == "" {
				tc.method = http.MethodPost
			}
			if tc.path == "" {
				tc.path = "/v1/events"
			}
			r := httptest.NewRequest(tc.method, tc.path, strings.NewReader(tc.body))
			switch {
			case tc.contentType == "none":
			case tc.contentType != "":
				r.Header.Set("Content-Type", tc.contentType)
			default:
				r.Header.Set("Content-Type", post(tc.body).Header.Get("Content-Type"))
			}
			for k, v := range tc.header {
				r.Header.Set(k, v)
			}
			w := b.do(r)
			p := wantProblem(t, w, tc.status, tc.code)
			if traced := tc.path != "/readyz"; traced != (len(p.TraceID) == 32) {
				t.Errorf("trace id = %q", p.TraceID)
			}
			if p.Field != tc.field {
				t.Errorf("field = %q, want %q", p.Field, tc.field)
			}
			switch {
			case tc.index < 0 && p.Index != nil:
				t.Errorf("index = %d, want none", *p.Index)
			case tc.index >= 0 && (p.Index == nil || *p.Index != tc.index):
				t.Errorf("index = %v, want %d", p.Index, tc.index)
			}
			for name, want := range tc.wantHeader {
				if got := w.Header().Get(name); got != want {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
			if !strings.Contains(p.Detail, tc.detail) {
				t.Errorf("detail = %q, want it to say %q", p.Detail, tc.detail)
			}
			if n := len(b.sns.sizes()); n != 0 {
				t.Errorf("%d calls of SNS", n)
			}
			if n := b.counted(t, semconv.MetricRefused, tc.code); n != 1 {
				t.Errorf("counted %d times as %s", n, tc.code)
			}
			if used := b.buffer.used.Load(); used != 0 {
				t.Errorf("%d bytes are still held", used)
			}
		})
	}
}

// A body that has no length must be read to see that it is too large, but only
// so far.
func TestEvents_EndlessBody_RefusedWithoutReadingItAll(t *testing.T) {
	b := setup(t, func(c *Config) { c.MaxBodyBytes = 10_000 })
	body := &countingReader{r: io.LimitReader(zeros{}, 1<<30)}
	r := httptest.NewRequest(http.MethodPost, "/v1/events", body)
	r.Header.Set("Content-Type", event.MediaTypeEvent)
	wantProblem(t, b.do(r), http.StatusRequestEntityTooLarge, codeBodyTooLarge)
	if body.n > 10_001 {
		t.Errorf("%d bytes were read to see that there are more than 10000", body.n)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type countingReader struct {
	r io.Reader
	n int
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

// The limit of a message counts its attributes, to the byte.
func TestEvents_AtLimitOfMessage_OneByteDecides(t *testing.T) {
	const attributes = len("event-type"+"String"+"com.example.order.placed") + len("event-source"+"String"+"/web") +
		len("accepted-at"+"String"+"2026-11-24T01:02:03Z")
	at := func(size int) *http.Request {
		const start = `{"specversion":"1.0","id":"1","source":"/web","type":"com.example.order.placed","data":"`
		return post(start + strings.Repeat("x", size-attributes-len(start)-len(`"}`)) + `"}`)
	}
	b := setup(t, func(c *Config) {
		c.Limits.MaxEventBytes = 1 << 20
		c.Now = func() time.Time { return time.Date(2026, 11, 24, 1, 2, 3, 0, time.UTC) }
	})
	if w := b.do(at(262_144)); w.Code != http.StatusAccepted {
		t.Errorf("262,144 bytes: status = %d; body %s", w.Code, w.Body)
	}
	p := wantProblem(t, b.do(at(262_145)), http.StatusRequestEntityTooLarge, event.CodeTooLarge)
	if !strings.Contains(p.Detail, "262145") || !strings.Contains(p.Detail, "262144") {
		t.Errorf("detail = %q, want size and limit", p.Detail)
	}
}

func TestEvents_LargerBudget_TakesLargerEvents(t *testing.T) {
	b := setup(t, func(c *Config) {
		c.Limits.MaxEventBytes, c.MaxBodyBytes, c.Budget = 1<<20, 2<<20, message.Budget{Bytes: 1 << 20}
	})
	body := strings.Replace(cloudEvent("1"), "12", `"`+strings.Repeat("x", 1_000_000)+`"`, 1)
	if w := b.do(post(body)); w.Code != http.StatusAccepted {
		t.Errorf("status = %d; body %s", w.Code, w.Body)
	}
}

func TestEvents_PartOfBatchRefusedBySNS_SaysWhich(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.sns.answer = func(_ context.Context, _ int, in *sns.PublishBatchInput) (*sns.PublishBatchOutput, error) {
			return failing(in, "InternalError", false, func(body string) bool { return strings.Contains(body, `"bad"`) }), nil
		}
		w := b.do(post(cloudEvents("a", "bad", "c")))
		p := wantProblem(t, w, http.StatusServiceUnavailable, codePublishUnavailable)
		if w.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		if p.Accepted == nil || *p.Accepted != 2 || len(p.Results) != 3 {
			t.Fatalf("accepted = %v, results %+v", p.Accepted, p.Results)
		}
		for i, want := range []string{"accepted", "refused", "accepted"} {
			if got := p.Results[i]; got.Status != want || got.Index != i || (got.Code != "") != (want == "refused") {
				t.Errorf("result %d = %+v, want %s", i, got, want)
			}
		}
		if a, r := b.counted(t, semconv.MetricAccepted, ""), b.counted(t, semconv.MetricRefused, codePublishUnavailable); a != 2 || r != 1 {
			t.Errorf("counted %d accepted and %d refused, want 2 and 1", a, r)
		}
	})
}

// A client that sends all of it again gets everything in.
func TestEvents_BatchWithBothKindsOfFailure_AsksForAnotherTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.sns.answer = func(_ context.Context, _ int, in *sns.PublishBatchInput) (*sns.PublishBatchOutput, error) {
			if strings.Contains(*in.PublishBatchRequestEntries[0].Message, "never") {
				return failing(in, "InvalidParameter", true, func(body string) bool { return strings.Contains(body, "never") }), nil
			}
			return nil, apiError("Throttled")
		}
		p := wantProblem(t, b.do(post(cloudEvents("never"))), http.StatusBadGateway, codePublishRefused)
		if len(p.Results) != 1 {
			t.Errorf("results = %+v", p.Results)
		}
		w := b.do(post(cloudEvents("1", "2")))
		wantProblem(t, w, http.StatusServiceUnavailable, codePublishThrottled)
	})
}

func TestEvents_SNSFails_StatusSaysWhetherToTryAgain(t *testing.T) {
	for name, tc := range map[string]struct {
		err    error
		status int
		code   string
		retry  bool
	}{
		"away":        {io.ErrUnexpectedEOF, 503, codePublishUnavailable, true},
		"broken":      {apiError("InternalError"), 503, codePublishUnavailable, true},
		"throttling":  {apiError("Throttled"), 503, codePublishThrottled, true},
		"too slow":    {context.DeadlineExceeded, 504, codePublishTimeout, true},
		"not allowed": {apiError("AuthorizationError"), 502, codePublishRefused, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			b.sns.answer = func(context.Context, int, *sns.PublishBatchInput) (*sns.PublishBatchOutput, error) {
				return nil, tc.err
			}
			w := b.do(post(cloudEvent("1")))
			p := wantProblem(t, w, tc.status, tc.code)
			if got := w.Header().Get("Retry-After") != ""; got != tc.retry {
				t.Errorf("Retry-After given: %v, want %v", got, tc.retry)
			}
			if strings.Contains(fmt.Sprint(p), tc.err.Error()) {
				t.Errorf("the problem tells the client what concerns the operator: %+v", p)
			}
			if !strings.Contains(b.log.String(), tc.err.Error()) {
				t.Errorf("the log does not tell the operator why: %s", b.log)
			}
		})
	}
}

func TestEvents_SNSHangs_AnsweredAtRequestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		b.sns.latency = time.Minute
		began := time.Now()
		// Beyond what can be on its way at once, so that some wait in the queue.
		var codes []string
		done := make(chan string)
		for range 400 {
			go func() { done <- decode[Problem](t, b.do(post(cloudEvent("1"))).Body).Code }()
		}
		for range 400 {
			codes = append(codes, <-done)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("took %v, want 10s at most", took)
		}
		for _, c := range codes {
			if c != codePublishTimeout {
				t.Errorf("code = %q", c)
			}
		}
		time.Sleep(time.Minute)
	})
}

func TestEvents_Overloaded_ShedsAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t, func(c *Config) { c.MaxPending, c.Limits.MaxBatch = 50, 50 })
		b.sns.latency = 100 * time.Millisecond
		answers := make(chan *httptest.ResponseRecorder)
		for i := range 80 {
			go func() { answers <- b.do(post(cloudEvent(strconv.Itoa(i)))) }()
		}
		accepted, shed := 0, 0
		for range 80 {
			switch w := <-answers; w.Code {
			case http.StatusAccepted:
				accepted++
			default:
				shed++
				wantProblem(t, w, http.StatusServiceUnavailable, codeOverloaded)
				if w.Header().Get("Retry-After") != "1" {
					t.Error("no Retry-After")
				}
			}
		}
		if accepted != 50 || shed != 30 {
			t.Errorf("%d accepted and %d shed, want 50 and 30", accepted, shed)
		}
		if w := b.do(post(cloudEvent("later"))); w.Code != http.StatusAccepted {
			t.Errorf("afterwards: status = %d", w.Code)
		}
	})
}

// Bodies that are being read are bounded together, too.
func TestEvents_TooManyBytesAtOnce_Sheds(t *testing.T) {
	b := setup(t, func(c *Config) { c.MaxBodyBytes, c.MaxBufferedBytes = 100_000, 100_000 })
	arriving, rest := io.Pipe()
	first := httptest.NewRequest(http.MethodPost, "/v1/events", arriving)
	first.Header.Set("Content-Type", event.MediaTypeEvent)
	done := make(chan *httptest.ResponseRecorder)
	go func() { done <- b.do(first) }()
	_, _ = io.WriteString(rest, cloudEvent("1")+strings.Repeat(" ", 60_000))

	wantProblem(t, b.do(post(cloudEvent("2")+strings.Repeat(" ", 70_000))), http.StatusServiceUnavailable, codeOverloaded)
	_ = rest.Close()
	if w := <-done; w.Code != http.StatusAccepted {
		t.Errorf("the first request: status = %d; body %s", w.Code, w.Body)
	}
	if w := b.do(post(cloudEvent("2") + strings.Repeat(" ", 70_000))); w.Code != http.StatusAccepted {
		t.Errorf("afterwards: status = %d", w.Code)
	}
	if used := b.buffer.used.Load(); used != 0 {
		t.Errorf("%d bytes are still held", used)
	}
}

func TestEvents_Panic_IsInternalProblem(t *testing.T) {
	b := setup(t, func(c *Config) { c.Now = func() time.Time { panic("secret") } })
	w := b.do(post(cloudEvent("1")))
	p := wantProblem(t, w, http.StatusInternalServerError, codeInternal)
	if strings.Contains(fmt.Sprint(p), "secret") {
		t.Errorf("the client was told %+v", p)
	}
	if log := b.log.String(); !strings.Contains(log, "panic in a handler") || !strings.Contains(log, "ingest.go") {
		t.Errorf("the log has no stack: %s", log)
	}
	ended := b.spans.Ended()
	if len(ended) != 1 || len(ended[0].Events()) != 1 || ended[0].Events()[0].Name != "exception" {
		t.Errorf("the span does not tell of the panic: %+v", ended)
	}
}

// Nothing of a request's body gets into answers, spans or logs.
func TestEvents_RefusedBody_IsNotRepeated(t *testing.T) {
	const secret = "hunter2"
	for name, body := range map[string]string{
		"malformed":       `{"data":"` + secret,
		"bad attribute":   `{"specversion":"1.0","id":"1","source":"` + secret + ` ` + secret + `","type":"t"}`,
		"bad time":        `{"specversion":"1.0","id":"1","source":"/","type":"t","time":"` + secret + `"}`,
		"bad data base64": `{"specversion":"1.0","id":"1","source":"/","type":"t","data_base64":"` + secret + `!"}`,
	} {
		t.Run(name, func(t *testing.T) {
			b := setup(t)
			w := b.do(post(body))
			if w.Code < 400 {
				t.Fatalf("status = %d", w.Code)
			}
			for where, text := range map[string]string{
				"answer": w.Body.String(), "log": b.log.String(), "span": fmt.Sprintf("%+v", b.spans.Ended()[0]),
			} {
				if strings.Contains(text, secret) {
					t.Errorf("the %s repeats the body: %s", where, text)
				}
			}
		})
	}
}

func TestEvents_FloodOfRefusals_LogIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := setup(t)
		for range 500 {
			b.do(post("x"))
		}
		if n := strings.Count(b.log.String(), `"refused"`); n != linesPerSecond {
			t.Errorf("%d lines for 500 refusals in a second, want %d", n, linesPerSecond)
		}
		time.Sleep(time.Second)
		b.do(post("x"))
		if !strings.Contains(b.log.String(), `"omitted":480`) {
			t.Error("the log does not say how many lines it left out")
		}
	})
}
