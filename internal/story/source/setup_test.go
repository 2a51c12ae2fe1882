package source_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/tracehaul/tracehaul/internal/story/source"
	"github.com/tracehaul/tracehaul/internal/trace"
)

const (
	id    = "6b07edc69e86922d4e1e7ef667a03dbb"
	sqsID = "ddac0cd1-f392-4c12-a5b0-a689f2f3e898"
	snsID = "e3ef95bd-9994-437c-b854-c1f7e26873c1"
	event = `{"specversion":"1.0","id":"order-4711","source":"/shop","type":"order.placed","data":{"name":"Erika"}}`
)

// recorded serves files of testdata by path and query, and 404 for the rest.
// requests are what it was asked, in order.
func recorded(t *testing.T, answers map[string]string) (at source.HTTP, requests *[]*http.Request) {
	t.Helper()
	requests = new([]*http.Request)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*requests = append(*requests, r)
		file, ok := answers[r.URL.Path]
		if !ok {
			http.Error(w, "404 page not found", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(read(t, file))
	}))
	t.Cleanup(server.Close)
	return source.HTTP{URL: server.URL, Header: http.Header{"Authorization": {"Bearer secret"}}}, requests
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// wantSpans holds what every back end is recorded to say against what was sent:
// a request and, beneath it, the publish that failed.
func wantSpans(t *testing.T, spans []trace.Span) {
	t.Helper()
	if len(spans) != 2 {
		t.Fatalf("%d spans, want 2: %+v", len(spans), spans)
	}
	if spans[0].Kind == "PRODUCER" {
		spans[0], spans[1] = spans[1], spans[0]
	}
	request, send := spans[0], spans[1]
	if request.TraceID != id || request.SpanID != "00f067aa0ba902b7" || request.ParentSpanID != "" || request.Kind != "SERVER" || request.Service != "orders-intake" || request.Status != "" {
		t.Errorf("the request is %+v", request)
	}
	if took := request.Duration().Microseconds(); took != 12000 {
		t.Errorf("the request took %d µs, want 12000", took)
	}
	if v := request.Attributes["http.response.status_code"]; v != int64(202) {
		t.Errorf("the status is %T %v, want the number 202", v, v)
	}
	if send.ParentSpanID != "00f067aa0ba902b7" || send.Status != "ERROR" || send.StatusText != "refused" || send.Attributes["messaging.message.id"] != snsID {
		t.Errorf("the publish is %+v", send)
	}
	if len(send.Links) != 1 || send.Links[0].TraceID != "86f607b7b5b63e097df42286ff5ce84f" || send.Links[0].SpanID != "a3ce929d0e0e4736" {
		t.Errorf("its links are %+v", send.Links)
	}
	if len(send.Events) != 1 || send.Events[0].Name != "exception" || send.Events[0].Attributes["exception.type"] != "AuthorizationError" {
		t.Errorf("its events are %+v", send.Events)
	}
}
