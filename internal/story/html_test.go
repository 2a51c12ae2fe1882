package story_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// hostile is a story of which every text is somebody's attempt.
func hostile() story.Found {
	const evil = "<script>alert(1)</script>\x1b[31m\u202e"
	spans := arrived()
	for i := range spans {
		spans[i].Name, spans[i].Service, spans[i].StatusText = evil, evil, evil
		for _, name := range []string{evil, "tracehaul.outcome", "tracehaul.reason"} {
			spans[i].Attributes[name] = evil
		}
		spans[i].Links = append(spans[i].Links, trace.Link{TraceID: evil, SpanID: evil})
		spans[i].Events = []trace.Event{{Name: evil, Time: at(1), Attributes: map[string]any{"a": evil}}}
	}
	m := letter()
	m.Queue, m.Reason, m.Code, m.Problem, m.Body, m.EventID = evil, evil, evil, evil, evil, evil
	r := row()
	r[1].Value, r[0].Value = evil, evil
	return story.Found{
		Spans: spans, Rows: []trace.Row{r}, Messages: []story.Message{m}, AccessLog: []string{evil}, Notes: []string{evil},
		Logs: []story.Log{{Time: at(3), Severity: evil, Service: evil, Text: evil, TraceID: id, SpanID: "00000000000000a1", Attributes: map[string]any{evil: evil}}},
	}
}

func TestWrite_HostileText_StaysText(t *testing.T) {
	s := collect(t, hostile())
	for name, write := range map[string]func(*strings.Builder) error{
		"page":     func(b *strings.Builder) error { return s.WriteHTML(b) },
		"fragment": func(b *strings.Builder) error { return s.WriteFragment(b) },
		"text":     func(b *strings.Builder) error { return s.WriteText(b, story.Text{}) },
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			if name != "text" && strings.Contains(b.String(), "<script") {
				t.Error("markup from outside is markup inside")
			}
			if strings.ContainsAny(b.String(), "\x1b\u202e") {
				t.Error("control characters got through")
			}
			wantAll(t, b.String(), "alert(1)")
		})
	}
}

func TestWrite_Credentials_Masked(t *testing.T) {
	const token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"
	const data = `{"user":{"password":"hunter2","name":"Erika"},"session-token" : "hunt\"er2 hunter2"}`
	f := story.Found{Spans: arrived(), Rows: []trace.Row{append(row(), trace.Column{Name: "data", Value: json.RawMessage(data)})}}
	m := letter()
	m.Body = data
	f.Messages = []story.Message{m}
	f.Spans[1].Attributes["http.request.header.authorization"] = "anything"
	f.Spans[1].Attributes["url.query"] = "?api_key=hunter2&x=1"
	f.Spans[1].StatusText = "postgres://orders:hunter2@db/orders"
	f.Logs = []story.Log{{Time: at(1), TraceID: id, Text: "got Bearer " + token, Attributes: map[string]any{"password": "hunter2", "n": map[string]any{"session_token": "hunter2"}, "raw": token}}}
	f.AccessLog = []string{`"GET https://x/v1/events?access_token=hunter2 HTTP/1.1"`}
	s := collect(t, f)
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	if err := s.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"json": string(b), "html": page.String(), "text": textOf(t, s)} {
		for _, secret := range []string{"hunter2", "c2lnbmF0dXJl", "anything"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows %s", name, secret)
			}
		}
	}
	// What looks like one and is none stays.
	wantAll(t, string(b), snsID, sqsID, "x=1", "Erika")
}

// The file stands alone: it loads nothing and runs nothing.
func TestWriteHTML_NeedsNothingElse(t *testing.T) {
	var b strings.Builder
	if err := collect(t, story.Found{Spans: arrived(), Rows: []trace.Row{row()}}).WriteHTML(&b); err != nil {
		t.Fatal(err)
	}
	if loads := regexp.MustCompile(`(?i)<(script|link|img|iframe)|\b(src|href)=|url\(|@import`).FindString(b.String()); loads != "" {
		t.Errorf("it has %q", loads)
	}
	wantAll(t, b.String(), "default-src 'none'", "@media print", "prefers-color-scheme: dark")
}

func TestWriteText_Golden(t *testing.T) {
	lines := []story.Log{{Time: at(1008), Severity: "ERROR", Service: "orders-ledger", Text: "batch failed", TraceID: invocationTrace, SpanID: "00000000000000f1", Attributes: map[string]any{"code": "57P01"}}}
	failed := append([]trace.Span{balancer(), request(202), send(), invocation()}, receive("00000000000000d1", 1, 1000, "failed", map[string]any{"tracehaul.reason": "sink_unavailable"})...)
	for name, tt := range map[string]struct {
		found story.Found
		o     story.Text
	}{
		"arrived": {story.Found{Spans: arrived(), Rows: []trace.Row{row()}}, story.Text{}},
		"colour":  {story.Found{Spans: arrived()[1:], Rows: []trace.Row{row()}, Logs: lines}, story.Text{Colour: true, Width: 80}},
		"dead":    {story.Found{Spans: failed, Messages: []story.Message{letter()}, Logs: lines}, story.Text{}},
		"row":     {story.Found{Rows: []trace.Row{row()}}, story.Text{}},
	} {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			s := collect(t, tt.found, func(c *story.Config) {
				c.Skipped = []string{"Jaeger: say --jaeger-url"}
				c.Now = func() time.Time { return at(12).Add(26 * time.Hour) }
			})
			if err := s.WriteText(&b, tt.o); err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", name+".txt"), b.String())
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}
