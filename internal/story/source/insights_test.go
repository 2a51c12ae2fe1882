package source_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/story/source"
)

// traces are clues of so many traces.
func traces(n int) (c story.Clues) {
	for i := range n {
		c.TraceIDs = append(c.TraceIDs, fmt.Sprintf("%032x", i+1))
	}
	return c
}

// askedFor is how many of the traces a query names.
func askedFor(i *insights, c story.Clues) (n int) {
	var queries strings.Builder
	for _, in := range i.started {
		q := in["queryString"].(string)
		if len(q) > 10000 {
			panic("CloudWatch refuses queries of more than 10,000 characters")
		}
		queries.WriteString(q)
	}
	for _, id := range c.TraceIDs {
		if strings.Contains(queries.String(), `"`+id+`"`) {
			n++
		}
	}
	return n
}

func TestInsights_ManyTraces_AllAskedForOrSaid(t *testing.T) {
	for _, tt := range []struct{ traces, asked, queries int }{{21, 21, 1}, {100, 100, 1}, {250, 250, 3}, {301, 300, 3}} {
		logs, spans := &insights{}, &insights{}
		c := traces(tt.traces)
		foundLogs, err := source.Logs{Client: logs.client(t), Groups: []string{"g"}, Poll: time.Millisecond}.Look(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		foundSpans, err := source.Spans{Client: spans.client(t), Poll: time.Millisecond}.Look(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if askedFor(logs, c) != tt.asked || askedFor(spans, c) != tt.asked || len(logs.started) != tt.queries || len(spans.started) != tt.queries {
			t.Errorf("of %d traces, %d and %d were asked for in %d and %d queries; want %d in %d", tt.traces, askedFor(logs, c), askedFor(spans, c), len(logs.started), len(spans.started), tt.asked, tt.queries)
		}
		if said := len(foundLogs.Notes) == 1 && len(foundSpans.Cut) == 1; said != (tt.asked < tt.traces) {
			t.Errorf("of %d traces %d were asked for: it says %q and %q", tt.traces, tt.asked, foundLogs.Notes, foundSpans.Cut)
		}
	}
}

func TestInsights_AsManyResultsAsItGives_Said(t *testing.T) {
	line := map[string]string{"@timestamp": "2026-11-26 08:28:54.900", "@log": "1:g", "@message": `{"msg":"x","trace_id":"` + id + `"}`}
	span := map[string]string{"@message": strings.SplitN(string(read(t, "aws-spans.jsonl")), "\n", 2)[0]}
	for _, less := range []int{0, 1} {
		logs, spans := &insights{rows: slices.Repeat([]map[string]string{line}, 1000-less)}, &insights{rows: slices.Repeat([]map[string]string{span}, 10000-less)}
		clues := story.Clues{TraceIDs: []string{id}}
		foundLogs, err := source.Logs{Client: logs.client(t), Groups: []string{"g"}, Poll: time.Millisecond}.Look(t.Context(), clues)
		if err != nil || len(foundLogs.Logs) != 1000-less {
			t.Fatalf("%d lines, %v", len(foundLogs.Logs), err)
		}
		foundSpans, err := source.Spans{Client: spans.client(t), Poll: time.Millisecond}.Look(t.Context(), clues)
		if err != nil || len(foundSpans.Spans) != 10000-less {
			t.Fatalf("%d spans, %v", len(foundSpans.Spans), err)
		}
		if logs.started[0]["limit"] != 1000.0 || spans.started[0]["limit"] != 10000.0 {
			t.Errorf("it asked for %v lines and %v spans", logs.started[0]["limit"], spans.started[0]["limit"])
		}
		if cut := less == 0; (len(foundLogs.Notes) == 1) != cut || (len(foundSpans.Cut) == 1) != cut {
			t.Errorf("%d less than it gives: it says %q and %q", less, foundLogs.Notes, foundSpans.Cut)
		}
	}
}

// Whoever stops waiting stops the query, too, at whatever it was.
func TestInsights_GivenUp_QueryIsStopped(t *testing.T) {
	for _, at := range []string{"GetQueryResults", "the pause"} {
		ctx, cancel := context.WithCancel(t.Context())
		i := &insights{}
		poll := time.Hour
		i.hold = func(r *http.Request) {
			if at == "GetQueryResults" {
				cancel()
				<-r.Context().Done()
				return
			}
			time.AfterFunc(10*time.Millisecond, cancel)
		}
		_, err := source.Logs{Client: i.client(t), Groups: []string{"g"}, Poll: poll}.Look(ctx, story.Clues{TraceIDs: []string{id}})
		if err == nil || !i.stopped {
			t.Errorf("given up in %s: stopped %t, %v", at, i.stopped, err)
		}
	}
}

// Tempo answers with a part of a trace that is larger than it reads, and says
// so: what is missing then says nothing of the sampling.
func TestTempo_PartOfATrace_Said(t *testing.T) {
	const part = `"trace":{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"` + id + `","spanId":"00f067aa0ba902b7","kind":"SPAN_KIND_SERVER","attributes":[{"key":"http.request.method","value":{"stringValue":"POST"}}]}]}]}]}`
	for status, want := range map[string]string{
		`"status":"PARTIAL","message":"trace exceeds max size (max bytes: 5000000)"`: "exceeds max size", `"status":1`: "it does not say why", `"status":"COMPLETE"`: "", `"status":0,"message":""`: "",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("{" + status + "," + part + "}"))
		}))
		defer server.Close()
		s, err := story.Collect(t.Context(), story.Config{Given: id, Backends: []story.Backend{source.Tempo{HTTP: source.HTTP{URL: server.URL}}}})
		if err != nil {
			t.Fatal(err)
		}
		if len(s.Missing) == 0 {
			t.Fatal("nothing is missing of a request without a publish")
		}
		notes, missing := strings.Join(s.Notes, "\n"), s.Missing[0].Why
		if (want != "") != strings.Contains(missing, "It may be there") || !strings.Contains(notes, want) || (want == "") != (notes == "") {
			t.Errorf("%s: notes %q, missing %q", status, notes, missing)
		}
	}
}

// As text an id would be found in longer ones, and spans have none of events'.
func TestInsights_NoTraceKnown_AskedByFields(t *testing.T) {
	for name, tt := range map[string]struct {
		clues       story.Clues
		logs, spans string // filters; none if it is not asked
	}{
		"event":   {story.Clues{Events: []story.EventID{{ID: "order-4711"}}}, `event_id in ["order-4711"]`, ""},
		"message": {story.Clues{SQS: []string{sqsID}, Events: []story.EventID{{ID: sqsID}}}, `event_id in ["` + sqsID + `"] or sqs_message_id in ["` + sqsID + `"]`, `@message like "` + sqsID + `"`},
		"SNS":     {story.Clues{SNS: []string{snsID}}, "", `@message like "` + snsID + `"`},
		"subject": {story.Clues{Subjects: []string{"customer-17"}}, "", ""},
	} {
		logs, spans := &insights{}, &insights{}
		_, err := source.Logs{Client: logs.client(t), Groups: []string{"g"}, Poll: time.Millisecond}.Look(t.Context(), tt.clues)
		wantFilter(t, name+" in logs", logs, err, tt.logs)
		_, err = source.Spans{Client: spans.client(t), Poll: time.Millisecond}.Look(t.Context(), tt.clues)
		wantFilter(t, name+" in spans", spans, err, tt.spans)
	}
}

func wantFilter(t *testing.T, name string, i *insights, err error, want string) {
	t.Helper()
	_, notAsked := errors.AsType[*story.NotAskedError](err)
	if want == "" {
		if !notAsked || len(i.started) > 0 {
			t.Errorf("%s: %v after %d queries, want none", name, err, len(i.started))
		}
		return
	}
	if err != nil || len(i.started) != 1 || !strings.Contains(i.started[0]["queryString"].(string), "| filter "+want) {
		t.Errorf("%s: %v, queries %v, want one with the filter %s", name, err, i.started, want)
	}
}

// A query may have 50 log groups, and a pipeline more.
func TestInsights_ManyGroups_SeveralQueries(t *testing.T) {
	i := &insights{}
	if _, err := (source.Logs{Client: i.client(t), Groups: slices.Repeat([]string{"g"}, 51), Poll: time.Millisecond}).Look(t.Context(), traces(1)); err != nil {
		t.Fatal(err)
	}
	if len(i.started) != 2 || len(i.started[0]["logGroupNames"].([]any)) != 50 {
		t.Errorf("%d queries, the first with %v", len(i.started), i.started[0]["logGroupNames"])
	}
}
