package story_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/internal/story"
)

const (
	id    = "6b07edc69e86922d4e1e7ef667a03dbb"
	sqsID = "ddac0cd1-f392-4c12-a5b0-a689f2f3e898"
	snsID = "e3ef95bd-9994-437c-b854-c1f7e26873c1"
)

func TestRead_EveryForm(t *testing.T) {
	ofTrace := story.Candidate{Kind: story.KindTrace, Clues: story.Clues{TraceIDs: []string{id}}}
	event := func(source, id string) story.Candidate {
		return story.Candidate{Kind: story.KindEvent, Clues: story.Clues{Events: []story.EventID{{Source: source, ID: id}}}}
	}
	subject := func(text string) story.Candidate {
		return story.Candidate{Kind: story.KindSubject, Clues: story.Clues{Subjects: []string{text}}}
	}
	message := func(id string) []story.Candidate {
		return []story.Candidate{
			{Kind: story.KindSQS, Clues: story.Clues{SQS: []string{id}}},
			{Kind: story.KindSNS, Clues: story.Clues{SNS: []string{id}}},
		}
	}
	root := "1-6b07edc6-9e86922d4e1e7ef667a03dbb"
	line := `http 2026-11-26T08:28:54.807255Z app/dev-orders-intake/50dc6c495c0c9188 127.0.0.1:58382 127.0.0.1:43559 0.000 0.001 0.000 202 202 150 300 "POST http://127.0.0.1:41149/v1/events HTTP/1.1" "curl/7.88.1" - - arn:aws:x "Root=` + root + `" "-" "-" 0`
	for name, tt := range map[string]struct {
		given, source string
		as            story.Kind
		want          []story.Candidate
	}{
		"trace id":           {id, "", "", []story.Candidate{ofTrace, event("", id), subject(id)}},
		"upper case":         {strings.ToUpper(id), "", "", []story.Candidate{ofTrace, event("", strings.ToUpper(id)), subject(strings.ToUpper(id))}},
		"spaces around":      {" " + id + "\n", "", story.KindTrace, []story.Candidate{ofTrace}},
		"root":               {root, "", "", []story.Candidate{ofTrace, event("", root), subject(root)}},
		"header":             {"Root=" + root, "", "", []story.Candidate{ofTrace}},
		"header with self":   {"Self=1-67891234-12456789abcdef012345678;Root=" + root + ";Sampled=1", "", "", []story.Candidate{ofTrace}},
		"header's line":      {"X-Amzn-Trace-Id: Root=" + root, "", "", []story.Candidate{ofTrace}},
		"traceparent":        {"00-" + id + "-00f067aa0ba902b7-01", "", "", []story.Candidate{ofTrace}},
		"traceparent's line": {`"traceparent":"00-` + id + `-00f067aa0ba902b7-01"`, "", "", []story.Candidate{ofTrace}},
		"access log":         {line, "", "", []story.Candidate{ofTrace}},
		"log line":           {`{"level":"INFO","msg":"x","trace_id":"` + id + `"}`, "", "", []story.Candidate{ofTrace}},
		"uuid":               {sqsID, "", "", append(message(sqsID), event("", sqsID), subject(sqsID))},
		"uuid and source":    {sqsID, "/shop", "", []story.Candidate{event("/shop", sqsID)}},
		"as sns":             {sqsID, "", story.KindSNS, message(sqsID)[1:]},
		"source and id":      {"/orders/intake order-4711", "", "", []story.Candidate{event("/orders/intake", "order-4711"), event("", "/orders/intake order-4711"), subject("/orders/intake order-4711")}},
		"id with spaces":     {"order 47 11", "", story.KindEvent, []story.Candidate{event("order", "47 11"), event("", "order 47 11")}},
		"and its source":     {"order 47 11", "/shop", "", []story.Candidate{event("/shop", "order 47 11")}},
		"id":                 {"order-4711", "", "", []story.Candidate{event("", "order-4711"), subject("order-4711")}},
		"as event":           {id, "", story.KindEvent, []story.Candidate{event("", id)}},
		"as subject":         {id, "", story.KindSubject, []story.Candidate{subject(id)}},
		"zeros":              {strings.Repeat("0", 32), "", "", []story.Candidate{event("", strings.Repeat("0", 32)), subject(strings.Repeat("0", 32))}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := story.Read(tt.given, tt.source, tt.as)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRead_Refusals_SayWhatWouldBeRight(t *testing.T) {
	for name, tt := range map[string]struct {
		given, source string
		as            story.Kind
		want          string
	}{
		"nothing":             {" ", "", "", "want a trace id"},
		"no trace":            {"order-4711", "", story.KindTrace, "32 hexadecimal digits"},
		"unknown kind":        {id, "", "row", "want one of [trace event sns sqs subject]"},
		"huge":                {strings.Repeat("x", 33<<10), "", "", "at most 32768 bytes"},
		"source of a message": {sqsID, "/shop", story.KindSNS, `source "/shop": want it with an event's id alone`},
		"source of a trace":   {"Root=1-6b07edc6-9e86922d4e1e7ef667a03dbb", "/shop", "", `source "/shop": want it with an event's id alone`},
	} {
		if _, err := story.Read(tt.given, tt.source, tt.as); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q in it", name, err, tt.want)
		}
	}
}

// Whatever is given, what comes out of it can be looked for.
func FuzzRead(f *testing.F) {
	for _, given := range []string{id, "Root=1-6b07edc6-9e86922d4e1e7ef667a03dbb", "00-" + id + "-00f067aa0ba902b7-01", sqsID, "/a b", `trace_id=` + id, "1-00000000-000000000000000000000000"} {
		f.Add(given, "", "")
		f.Add(given, "/shop", "event")
	}
	f.Fuzz(func(t *testing.T, given, source, as string) {
		candidates, err := story.Read(given, source, story.Kind(as))
		if (err == nil) == (len(candidates) == 0) {
			t.Fatalf("%d candidates and error %v", len(candidates), err)
		}
		for _, c := range candidates {
			for _, id := range c.Clues.TraceIDs {
				if !story.IsTraceID(id) {
					t.Errorf("trace id %q", id)
				}
			}
			if !slices.Contains(story.Kinds(), c.Kind) {
				t.Errorf("kind %q", c.Kind)
			}
		}
	})
}
