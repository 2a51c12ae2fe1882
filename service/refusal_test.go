package service

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tracehaul/tracehaul/event"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// What is refused never reaches SNS, and says why.
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
		"identity and gzip":     {header: map[string]string{"Content-Encoding": "identity, gzip"}, body: "\x1f\x8b", status: 415, code: codeContentEncoding, index: -1, wantHeader: map[string]string{"Accept-Encoding": "identity"}},
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
			if used := b.buffered(); used != 0 {
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

func TestEvents_Panic_IsInternalProblem(t *testing.T) {
	b := setup(t, func(c *Config) { c.Now = func() time.Time { panic("secret") } })
	w := b.do(post(cloudEvent("1")))
	p := wantProblem(t, w, http.StatusInternalServerError, codeInternal)
	if strings.Contains(fmt.Sprint(p), "secret") {
		t.Errorf("the client was told %+v", p)
	}
	if used := b.buffered(); used != 0 {
		t.Errorf("%d bytes are still held", used)
	}
	if log := b.log.String(); !strings.Contains(log, "panic: secret") || !strings.Contains(log, "ingest.go") {
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
		time.Sleep(time.Second)
		b.do(post("x"))
		if n := strings.Count(b.log.String(), `"omitted"`); n != 1 {
			t.Errorf("%d lines say how many were left out, want the one behind them", n)
		}
	})
}
