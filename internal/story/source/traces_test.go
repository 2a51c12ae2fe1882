package source_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/story/source"
)

func TestTempo_EveryVersion(t *testing.T) {
	for name, answers := range map[string]map[string]string{
		"v2":            {"/api/v2/traces/" + id: "tempo-v2.json"},
		"before v2":     {"/api/traces/" + id: "tempo-v1.json"},
		"behind a path": {"/proxy/api/v2/traces/" + id: "tempo-v2.json"},
	} {
		t.Run(name, func(t *testing.T) {
			at, requests := recorded(t, answers)
			if name == "behind a path" {
				at.URL += "/proxy/"
			}
			found, err := source.Tempo{HTTP: at}.Look(t.Context(), story.Clues{TraceIDs: []string{id}})
			if err != nil {
				t.Fatal(err)
			}
			wantSpans(t, found.Spans)
			if got := (*requests)[0].Header.Get("Authorization"); got != "Bearer secret" {
				t.Errorf("it was asked with Authorization %q", got)
			}
		})
	}
}

func TestTempo_MessageAlone_SearchedFor(t *testing.T) {
	at, requests := recorded(t, map[string]string{"/api/search": "tempo-search.json", "/api/v2/traces/" + id: "tempo-v2.json"})
	found, err := source.Tempo{HTTP: at}.Look(t.Context(), story.Clues{SNS: []string{snsID}})
	if err != nil {
		t.Fatal(err)
	}
	wantSpans(t, found.Spans)
	if q := (*requests)[0].URL.Query().Get("q"); q != `{ span.messaging.message.id = "`+snsID+`" }` {
		t.Errorf("the query is %s", q)
	}
}

func TestJaeger_EveryVersion(t *testing.T) {
	for name, answers := range map[string]map[string]string{
		"classic": {"/api/traces/" + id: "jaeger.json"}, "v3": {"/api/v3/traces/" + id: "jaeger-v3.json"},
	} {
		t.Run(name, func(t *testing.T) {
			at, _ := recorded(t, answers)
			found, err := source.Jaeger{HTTP: at}.Look(t.Context(), story.Clues{TraceIDs: []string{id}})
			if err != nil {
				t.Fatal(err)
			}
			wantSpans(t, found.Spans)
		})
	}
}

func TestJaeger_MessageAlone_SearchedForInEveryService(t *testing.T) {
	at, requests := recorded(t, map[string]string{"/api/traces": "jaeger.json"})
	found, err := source.Jaeger{HTTP: at, Services: []string{"orders-intake"}}.Look(t.Context(), story.Clues{SNS: []string{snsID}})
	if err != nil {
		t.Fatal(err)
	}
	wantSpans(t, found.Spans)
	q := (*requests)[0].URL.Query()
	if q.Get("service") != "orders-intake" || q.Get("tags") != `{"messaging.message.id":"`+snsID+`"}` {
		t.Errorf("the query is %v", q)
	}
}

func TestTracesNotThere_NoError(t *testing.T) {
	at, _ := recorded(t, nil)
	for _, b := range []story.Backend{source.Tempo{HTTP: at}, source.Jaeger{HTTP: at}} {
		if found, err := b.Look(t.Context(), story.Clues{TraceIDs: []string{id}}); err != nil || len(found.Spans) > 0 {
			t.Errorf("%s: %+v, %v", b.Name(), found, err)
		}
	}
}

func TestTraces_BadAnswers_AreErrorsThatSayWhatWouldBeRight(t *testing.T) {
	for name, tt := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"refused": {http.StatusUnauthorized, "", "want a token"},
		"broken":  {http.StatusInternalServerError, "boom", "500 Internal Server Error: boom"},
		"HTML":    {http.StatusOK, "<html>", "JSON"},
		"bad id":  {http.StatusOK, `{"data":[{"spans":[{"traceID":"xyz","spanID":"1"}]}],"batches":[{"scopeSpans":[{"spans":[{"traceId":"xyz"}]}]}]}`, "want 16 bytes"},
		"deep":    {http.StatusOK, `{"batches":[{"resource":{"attributes":[{"key":"a","value":` + strings.Repeat(`{"arrayValue":{"values":[`, 5000) + strings.Repeat(`]}}`, 5000) + `}]}}]}`, ""},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(tt.status)
			_, _ = w.Write([]byte(tt.body))
		}))
		for _, b := range []story.Backend{source.Tempo{HTTP: source.HTTP{URL: server.URL}}, source.Jaeger{HTTP: source.HTTP{URL: server.URL}}} {
			_, err := b.Look(t.Context(), story.Clues{TraceIDs: []string{id}})
			if name == "deep" && strings.HasPrefix(b.Name(), "Jaeger") {
				continue // no part of its JSON
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s, %s: %v, want %q in it", name, b.Name(), err, tt.want)
			}
		}
		server.Close()
	}
}

// One span that cannot be read does not take the others along.
func TestTraces_OneBadSpan_OthersAreKept(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/v2/") { // Tempo
			_, _ = w.Write([]byte(`{"trace":{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"x"},{"traceId":"` + id + `","spanId":"00f067aa0ba902b7"}]}]}]}}`))
			return
		}
		_, _ = w.Write([]byte(`{"data":[{"spans":[{"traceID":"x y"},{"traceID":"` + id + `","spanID":"f067aa0ba902b7"}]}]}`))
	}))
	defer server.Close()
	for _, b := range []story.Backend{source.Tempo{HTTP: source.HTTP{URL: server.URL}}, source.Jaeger{HTTP: source.HTTP{URL: server.URL}}} {
		found, err := b.Look(t.Context(), story.Clues{TraceIDs: []string{id}})
		if err == nil || len(found.Spans) != 1 {
			t.Errorf("%s: %d spans, %v; want one and what is wrong with the other", b.Name(), len(found.Spans), err)
		}
	}
}

func TestName_NoCredentials(t *testing.T) {
	at := source.HTTP{URL: "https://user:geheim@tempo.example/x?token=geheim"}
	for _, b := range []story.Backend{source.Tempo{HTTP: at}, source.Jaeger{HTTP: at}, source.Local{HTTP: at}, source.Postgres{URL: "postgres://u:geheim@db:5432/orders"}, source.Postgres{URL: "nonsense geheim"}} {
		if strings.Contains(b.Name(), "geheim") {
			t.Errorf("%q tells a secret", b.Name())
		}
	}
}

// A pipeline that runs here is asked for what it knows, and numbers stay whole.
func TestLocal_AsksWithCluesAndKeepsNumbers(t *testing.T) {
	var asked story.Clues
	var body string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body = r.URL.Query().Get("body")
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || r.URL.Path != source.LookPath {
			t.Errorf("%s: %v", r.URL, err)
		}
		_, _ = w.Write([]byte(`{"spans":[{"trace_id":"` + id + `","span_id":"a","attributes":{"n":9007199254740993,"f":1.5},"links":[]}],"logs":[{"text":"x","attributes":{"n":7}}]}`))
	}))
	defer server.Close()
	found, err := source.Local{HTTP: source.HTTP{URL: server.URL}, Body: true}.Look(t.Context(), story.Clues{SQS: []string{sqsID}})
	if err != nil || len(found.Spans) != 1 {
		t.Fatalf("%+v, %v", found, err)
	}
	if !slices.Equal(asked.SQS, []string{sqsID}) || body != "true" {
		t.Errorf("it was asked %+v, body %s", asked, body)
	}
	if a := found.Spans[0].Attributes; a["n"] != int64(9007199254740993) || a["f"] != 1.5 || found.Logs[0].Attributes["n"] != int64(7) {
		t.Errorf("attributes are %v and %v", a, found.Logs[0].Attributes)
	}
}

// To find nothing is not the same as to be unable to look.
func TestTraces_NothingToLookBy_NotAsked(t *testing.T) {
	at, requests := recorded(t, map[string]string{"/api/traces/" + id: "jaeger.json", "/api/v2/traces/" + id: "tempo-v2.json"})
	jaeger, tempo := source.Jaeger{HTTP: at}, source.Tempo{HTTP: at}
	for name, tt := range map[string]struct {
		backend story.Backend
		given   string
		want    string
	}{
		"Jaeger, a message":     {jaeger, sqsID, "say -f FILE"},
		"Jaeger, an event's id": {jaeger, "order-4711", "no ids of events"},
		"Tempo, an event's id":  {tempo, "order-4711", "no ids of events"},
	} {
		s, err := story.Collect(t.Context(), story.Config{Given: tt.given, Backends: []story.Backend{tt.backend}})
		if !errors.Is(err, story.ErrUnreachable) || !strings.Contains(s.Asked[0].Skipped, tt.want) || s.Asked[0].Found != "" {
			t.Errorf("%s: %v, %+v", name, err, s.Asked)
		}
	}
	if len(*requests) > 0 {
		t.Errorf("it was asked %d times", len(*requests))
	}
	// Once a trace is known it is asked by that.
	s, err := story.Collect(t.Context(), story.Config{Given: sqsID, Backends: []story.Backend{jaeger, knows{}}})
	if err != nil || len(s.Spans) != 2 || s.Asked[0].Skipped != "" {
		t.Errorf("with a trace from elsewhere: %d spans, %+v, %v", len(s.Spans), s.Asked, err)
	}
}

// knows is a back end that knows the trace of a message.
type knows struct{}

func (knows) Name() string { return "a queue" }

func (knows) Holds() story.Holding { return story.HoldsMessages }

func (knows) Look(context.Context, story.Clues) (story.Found, error) {
	return story.Found{Messages: []story.Message{{Queue: "q", MessageID: sqsID, TraceID: id}}}, nil
}
