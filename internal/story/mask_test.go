package story_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
)

// hidden are texts with a secret, which is any word with "leak" in it.
var hidden = []string{
	`password: leak`, `password:leak`, `password='leak-1 leak-2 x'`, `password="leak-1 \"leak-2\""`, `pwd=leak`, `passphrase = leak`,
	`Authorization: Token leak`, `Authorization: Digest username="a", response=leak`, `Cookie: a=leak1; b=leak2`, `authorization: Bearer leak-leak-leak`,
	`token: leak`, `sessionToken=leak`, `AWS_SECRET_ACCESS_KEY=leak/aws+x`, `client_secret=leak`, `client_secret: leak`, `x-api-key: leak`, `routing_key=leak`, `api.key=leak`,
	`host=db password=leak,leak user=a`, `got https://x/y?sig=leak&z=1`,
	`"password": 12345678leak`, `{"password":["leak","leak"],"n":1}`, `{"a":{"accessToken":{"raw":{"deep":"leak"}}}}`, `the body {"credentials":{"user":"leak"}} is refused`,
	`{\"password\":\"leak\"}`, `body {\"password\":\"a\\\"leak \\n leak\",\"n\":1}`, `{\\\"password\\\":\\\"leak\\\"}`, `{"text":"{\"password\":\"leak\"}"}`,
	`postgres://u:leak@leak@h/db`, `postgres://u:leak@h/db`, `eyJhbGciOiJSUzI1NiJ9.leak.leak`, `call ?token=leak&x=1`,
}

// shown are texts that look a little like one and have none.
var shown = []string{
	`arn:aws:secretsmanager:eu-central-1:000000000000:secret:prod/orders-AbCdEf`, `input_tokens=512`, `the answer is 401: want a token that may read`,
	`password authentication failed for user "orders"`, `http://localhost:8080/v1/events?order=1`, `{"b":1,  "a":"order"}`, `basic auth`, `monkey=1 keyboard: x`,
	`{"id":"order-4711","keys":[1.50,9007199254740993]}`,
}

func TestMask_EveryPlaceAndForm(t *testing.T) {
	f := story.Found{Spans: arrived()}
	s := &f.Spans[2]
	for _, name := range []string{"accessToken", "authToken", "session_token", "token", "pwd", "db.password", "Set-Cookie", "privateKey", "clientSecret"} {
		s.Attributes[name] = "leak as " + name
	}
	s.Resource = map[string]any{"process.command_args": []any{"--password=leak"}, "api.token": "leak"}
	s.Links = append(s.Links, trace.Link{TraceID: id, SpanID: "00000000000000a1", Attributes: map[string]any{"password": "leak as a link's", "x": "Bearer leak-leak-leak"}})
	for i, text := range hidden {
		s.Events = append(s.Events, trace.Event{Name: text, Time: at(1), Attributes: map[string]any{"text": text, "list": []any{text}, "password": "leak"}})
		f.Logs = append(f.Logs, story.Log{Time: at(float64(i)), TraceID: id, Text: text, Attributes: map[string]any{"error": text}})
		m := letter()
		m.MessageID, m.Body, m.Problem = strings.Repeat("m", i+1), text, text
		f.Messages = append(f.Messages, m)
		f.AccessLog, f.Notes = append(f.AccessLog, text), append(f.Notes, text)
	}
	told, err := json.Marshal(collect(t, f))
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range strings.Split(string(told), "leak")[1:] {
		t.Errorf("leak %d is followed by %.60q", i, part)
	}
}

func TestMask_WhatIsNoSecret_Stays(t *testing.T) {
	for _, text := range shown {
		f := story.Found{Spans: arrived(), Logs: []story.Log{{Time: at(1), TraceID: id, Text: text, Attributes: map[string]any{"input_tokens": text}}}}
		got := collect(t, f).Logs[0]
		if got.Text != text || got.Attributes["input_tokens"] != text {
			t.Errorf("%s became %s and %v", text, got.Text, got.Attributes)
		}
	}
}

// A row's data is JSON after it was masked, too.
func TestMask_Data_StaysJSON(t *testing.T) {
	for _, data := range []string{`{"password":12345678,"n":9007199254740993}`, `{"token":[1,{"a":"\"}"}],"n":9007199254740993}`, `["password=\"x\" y", 9007199254740993]`} {
		f := story.Found{Spans: arrived(), Rows: []trace.Row{append(row(), trace.Column{Name: "data", Value: json.RawMessage(data)})}}
		told, err := json.Marshal(collect(t, f))
		if err != nil {
			t.Errorf("%s: %v", data, err)
			continue
		}
		wantAll(t, string(told), "***", "9007199254740993")
	}
}

// What was given is shown, and may be a whole line.
func TestMask_Given(t *testing.T) {
	line := `"GET https://x/v1/events?access_token=leak HTTP/1.1" "Root=1-6b07edc6-9e86922d4e1e7ef667a03dbb"`
	s := collect(t, story.Found{Spans: arrived()}, func(c *story.Config) { c.Given = line })
	if strings.Contains(s.Given, "leak") || !strings.Contains(s.Given, "Root=") {
		t.Errorf("what was given is shown as %s", s.Given)
	}
}

func TestMaskNamed(t *testing.T) {
	for _, test := range [][3]string{
		{"authorization", "x", "***"},
		{"X-Api-Key", "x", "***"},
		{"note", "Bearer abcdefgh12345678", "Bearer ***"},
		{"event-type", "order.placed", "order.placed"},
		{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e0001-00f067aa0ba902b7-01", "00-4bf92f3577b34da6a3ce929d0e0e0001-00f067aa0ba902b7-01"},
	} {
		if got := story.MaskNamed(test[0], test[1]); got != test[2] {
			t.Errorf("%s %s: got %s, want %s", test[0], test[1], got, test[2])
		}
	}
}
