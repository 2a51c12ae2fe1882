package web_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/internal/web"
)

const id = "0af7651916cd43dd8448eb211c80319c"

// fixed is a fixed content for the page: one trace.
type fixed struct {
	spans   []trace.Span
	rows    []trace.Row
	rowsErr error
	sendErr error
}

func (f fixed) Latest(int) []*trace.Trace { return []*trace.Trace{trace.New(id, f.spans)} }

func (f fixed) Look(_ context.Context, c story.Clues, body bool) (found story.Found, err error) {
	if !slices.Contains(c.TraceIDs, id) {
		return found, nil
	}
	found = story.Found{Spans: f.spans, AccessLog: []string{`http 2026-11-24T03:00:00Z app/dev`}}
	m := story.Message{Queue: "q", MessageID: "m-2", TraceID: id, SpanID: "b"}
	if body {
		m.Body = "Erika"
	}
	found.Messages = []story.Message{m}
	return found, nil
}

func (f fixed) Send(context.Context) (string, error) { return id, f.sendErr }

// rows is the database of a fixed content.
type rows struct {
	fixed

	body bool
}

func (rows) Name() string { return "PostgreSQL" }

func (rows) Holds() story.Holding { return story.HoldsRows }

func (r rows) Look(_ context.Context, c story.Clues) (story.Found, error) {
	if !slices.Contains(c.TraceIDs, id) {
		return story.Found{}, nil
	}
	found := story.Found{Rows: slices.Clone(r.rows)}
	for i := range found.Rows {
		if r.body {
			found.Rows[i] = append(slices.Clone(found.Rows[i]), trace.Column{Name: "data", Value: "Mustermann"})
		}
	}
	return found, r.rowsErr
}

func path() []trace.Span {
	at := func(ms int) time.Time {
		return time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC).Add(time.Duration(ms) * time.Millisecond)
	}
	return []trace.Span{
		{TraceID: id, SpanID: "a", Name: "POST /v1/events", Kind: "SERVER", Service: "api", Start: at(0), End: at(12), Attributes: map[string]any{"http.request.method": "POST", "http.response.status_code": int64(202), "tracehaul.amzn_trace_id": "Root=1-0af76519-16cd43dd8448eb211c80319c"}},
		{TraceID: id, SpanID: "b", ParentSpanID: "a", Name: "send orders", Kind: "PRODUCER", Service: "api", Start: at(1), End: at(10), Attributes: map[string]any{"messaging.message.id": "m-1"}},
		{TraceID: id, SpanID: "c", ParentSpanID: "b", Name: "wait q", Kind: "INTERNAL", Service: "consumer", Start: at(10), End: at(40), Attributes: map[string]any{"messaging.destination.name": "q"}},
		{TraceID: id, SpanID: "d", ParentSpanID: "b", Name: "process q", Kind: "CONSUMER", Service: "consumer", Start: at(40), End: at(50), Attributes: map[string]any{"tracehaul.message.receive_count": int64(2)}},
		{TraceID: id, SpanID: "e", ParentSpanID: "d", Name: "INSERT events", Kind: "CLIENT", Service: "consumer", Start: at(42), End: at(48), Attributes: map[string]any{"db.system.name": "postgresql"}, Status: "ERROR"},
	}
}

func get(t *testing.T, src fixed, method, url string, change ...func(*http.Request)) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(method, url, http.NoBody)
	for _, c := range change {
		c(r)
	}
	w := httptest.NewRecorder()
	web.New(web.Config{Source: src, Backends: func(body bool) []story.Backend { return []story.Backend{rows{src, body}} }}).ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), string(body)
}

func TestPage_Files_ServedWithoutAnythingFromElsewhere(t *testing.T) {
	for _, file := range []string{"/", "/app.js", "/style.css", "/story.css", "/icon.svg"} {
		response, body := get(t, fixed{}, "GET", "http://127.0.0.1:1"+file)
		if response.StatusCode != http.StatusOK {
			t.Errorf("GET %s: status %d, want 200", file, response.StatusCode)
		}
		for line := range strings.Lines(body) {
			if strings.Contains(line, "://") && !strings.Contains(line, "http://www.w3.org/2000/svg") {
				t.Errorf("%s names another place: %s", file, line)
			}
		}
		if csp := response.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'self'") {
			t.Errorf("GET %s: Content-Security-Policy %q", file, csp)
		}
	}
}

// The page shows what internal/story writes, without styles of its own, which
// its policy forbids.
func TestFragment_StoryWithoutInlineStyle(t *testing.T) {
	src := fixed{spans: path(), rows: []trace.Row{{{Name: "source", Value: "/shop"}, {Name: "id", Value: "<b>1</b>"}, {Name: "sqs_message_id", Value: "m-2"}, {Name: "written_at", Value: path()[0].End}}}}
	response, body := get(t, src, "GET", "http://localhost/traces/"+id)
	if response.StatusCode != http.StatusOK || response.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("status %d, %v", response.StatusCode, response.Header)
	}
	for _, want := range []string{"It arrived: the row is there.", "INSERT events", "&lt;b&gt;1&lt;/b&gt;"} {
		if !strings.Contains(body, want) {
			t.Errorf("the story lacks %q:\n%s", want, body)
		}
	}
	if strings.Contains(body, "style=") || strings.Contains(body, "<style") || strings.Contains(body, "<script") {
		t.Errorf("the story brings styles or scripts:\n%s", body)
	}
}

// Data and bodies may be personal: the page and the file that is kept have them
// only if somebody asks.
func TestBodies_OnlyIfWanted(t *testing.T) {
	src := fixed{spans: path(), rows: []trace.Row{{{Name: "source", Value: "/shop"}, {Name: "id", Value: "1"}, {Name: "sqs_message_id", Value: "m-2"}, {Name: "written_at", Value: path()[0].End}}}}
	for _, url := range []string{"/traces/" + id, "/traces/" + id + "/report", "/api/traces/" + id} {
		for query, want := range map[string]bool{"": false, "?body=0": false, "?body=x": false, "?body=true": true} {
			_, body := get(t, src, "GET", "http://localhost"+url+query)
			if !strings.Contains(body, "INSERT events") || strings.Contains(body, "Erika") != want || strings.Contains(body, "Mustermann") != want {
				t.Errorf("GET %s%s: want bodies and data %t:\n%s", url, query, want, body)
			}
		}
	}
}

func TestReport_OneFileToKeep(t *testing.T) {
	response, body := get(t, fixed{spans: path()}, "GET", "http://localhost/traces/"+id+"/report")
	if got, want := response.Header.Get("Content-Disposition"), "attachment; filename=trace-"+id+".html"; got != want {
		t.Errorf("Content-Disposition %q, want %q", got, want)
	}
	if !strings.HasPrefix(body, "<!doctype html>") || !strings.Contains(body, "<style>") {
		t.Errorf("it is no whole page:\n%s", body)
	}
}

func TestTrace_DatabaseAway_SpansStillShown(t *testing.T) {
	for _, url := range []string{"/api/traces/", "/traces/"} {
		response, body := get(t, fixed{spans: path(), rowsErr: errors.New("password=hunter2 refused")}, "GET", "http://localhost"+url+id)
		if response.StatusCode != http.StatusOK || !strings.Contains(body, "refused") || !strings.Contains(body, "INSERT events") {
			t.Errorf("status %d, body %s", response.StatusCode, body)
		}
		if strings.Contains(body, "hunter2") {
			t.Error("the password in the database's error reached the page")
		}
	}
}

func TestLook_BodyOnlyIfWanted(t *testing.T) {
	for query, want := range map[string]bool{"": false, "?body=false": false, "?body=true": true} {
		r := httptest.NewRequest(http.MethodPost, "http://localhost/api/look"+query, strings.NewReader(`{"TraceIDs":["`+id+`"]}`))
		w := httptest.NewRecorder()
		web.New(web.Config{Source: fixed{spans: path()}}).ServeHTTP(w, r)
		if body := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(body, "INSERT events") || strings.Contains(body, "Erika") != want {
			t.Errorf("%q: status %d: %s", query, w.Code, body)
		}
	}
}

func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		method, url string
		change      func(*http.Request)
		src         fixed
		want        int
	}{
		"trace that is not kept":     {"GET", "http://localhost/api/traces/ff", nil, fixed{}, http.StatusNotFound},
		"story that is not kept":     {"GET", "http://localhost/traces/00000000000000000000000000000001", nil, fixed{}, http.StatusNotFound},
		"name bound to loopback":     {"GET", "http://evil.example/api/traces", nil, fixed{}, http.StatusMisdirectedRequest},
		"another site's page":        {"POST", "http://localhost/api/events", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, fixed{}, http.StatusForbidden},
		"pipeline refuses the event": {"POST", "http://localhost/api/events", nil, fixed{sendErr: errors.New("refused")}, http.StatusBadGateway},
		"look without clues":         {"POST", "http://localhost/api/look", nil, fixed{}, http.StatusBadRequest},
		"own page sends":             {"POST", "http://[::1]:9/api/events", nil, fixed{}, http.StatusAccepted},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if tt.change == nil {
				tt.change = func(*http.Request) {}
			}
			response, body := get(t, tt.src, tt.method, tt.url, tt.change)
			if response.StatusCode != tt.want {
				t.Errorf("status %d, want %d: %s", response.StatusCode, tt.want, body)
			}
		})
	}
}

func TestList_EmptyAndNot(t *testing.T) {
	_, body := get(t, fixed{spans: path()}, "GET", "http://localhost/api/traces")
	for _, want := range []string{`"span_count":5`, `"error_count":1`, `"duration_us":50000`} {
		if !strings.Contains(body, want) {
			t.Errorf("list lacks %s: %s", want, body)
		}
	}
}
