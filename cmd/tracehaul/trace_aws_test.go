package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// insights is CloudWatch Logs with lines for each group.
type insights struct {
	mu     sync.Mutex
	lines  map[string][]string
	groups [][]string // that were searched
	asked  []string
}

func (i *insights) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	var in struct {
		LogGroupNames []string `json:"logGroupNames"`
		QueryString   string   `json:"queryString"`
		QueryID       string   `json:"queryId"`
	}
	_ = json.NewDecoder(r.Body).Decode(&in)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	switch _, call, _ := strings.Cut(r.Header.Get("X-Amz-Target"), "."); call {
	case "StartQuery":
		i.groups, i.asked = append(i.groups, in.LogGroupNames), append(i.asked, in.QueryString)
		_ = json.NewEncoder(w).Encode(map[string]string{"queryId": in.LogGroupNames[0]})
	case "GetQueryResults":
		results := [][]map[string]string{}
		for _, line := range i.lines[in.QueryID] {
			results = append(results, []map[string]string{{"field": "@message", "value": line}, {"field": "@log", "value": "000000000000:" + in.QueryID}})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"status": "Complete", "results": results})
	}
}

const awsTrace = "4bf92f3577b34da6a3ce929d0e0e0001" // of the letter that put puts aside

// In AWS spans are lines of aws/spans, and who has the event is the queue of
// dead letters.
func TestTrace_AWS_SpansLinesAndLetter(t *testing.T) {
	b := setupLetters(t)
	b.put(orderDLQ, 1, "refused", "23514")
	i := &insights{lines: map[string][]string{
		"aws/spans": {
			`{"traceId":"` + awsTrace + `","spanId":"00f067aa0ba902b7","name":"send dev-orders-order","kind":"PRODUCER","startTimeUnixNano":1795681734805000000,"endTimeUnixNano":1795681734817000000,"attributes":{"messaging.system":"aws.sns","messaging.destination.name":"dev-orders-order","messaging.message.id":"sns-1"},"resource":{"attributes":{"service.name":"orders-intake"}},"status":{"code":"UNSET"}}`,
		},
		"lines": {`{"level":"ERROR","msg":"something","trace_id":"` + awsTrace + `","authorization":"Bearer geheim12"}`},
	}}
	server := httptest.NewServer(i)
	defer server.Close()
	p, err := loadPipeline("tracehaul.yaml", "") // setupLetters went there
	if err != nil {
		t.Fatal(err)
	}
	i.lines[logGroups(p)[0]] = i.lines["lines"]
	code, out, errs := command(t.Context(), t, "trace", awsTrace, "--no-local", "--logs-endpoint", server.URL, "--sqs-endpoint", b.url)
	if code != exitNotArrived {
		t.Fatalf("exit code %d\n%s%s", code, out, errs)
	}
	wantAll(t, out, "is a dead letter", "for the reason refused 23514", "event  /shop order-1", "send dev-orders-order", "something", "not configured: PostgreSQL")
	if strings.Contains(out, "Erika") || strings.Contains(out, "geheim") {
		t.Errorf("it shows data or a token:\n%s", out)
	}
	if !slices.ContainsFunc(i.groups, func(g []string) bool { return slices.Equal(g, logGroups(p)) }) {
		t.Errorf("log groups that were searched: %v, want %v", i.groups, logGroups(p))
	}
	if len(i.asked) != 2 {
		t.Errorf("%d queries, want one of spans and one of lines: each costs\n%q", len(i.asked), i.asked)
	}
	b.wantDepth(orderDLQ, 1)
}

func TestTrace_Refusals(t *testing.T) {
	for name, tt := range map[string]struct {
		code int
		want string
		args []string
	}{
		"nothing given":  {exitUsage, "given", nil},
		"no trace":       {exitUsage, "32 hexadecimal digits", []string{"order-1", "--as", "trace"}},
		"kind":           {exitUsage, "--as", []string{"order-1", "--as", "row"}},
		"nobody":         {exitUsage, "there is nobody to ask: PostgreSQL", []string{"order-1", "--no-local", "--no-aws"}},
		"no environment": {exitUsage, "nowhere", []string{"order-1", "-e", "nowhere"}},
		"both forms":     {exitUsage, "--html", []string{"order-1", "--html", "x", "--open"}},
		"HTML in JSON":   {exitUsage, "--json prints JSON", []string{"order-1", "--html", "-", "--json"}},
		"no time":        {exitUsage, `--timeout: "0": want a duration of more than nothing`, []string{"order-1", "--timeout", "0"}},
		"letters":        {exitUsage, "--dead-letters -1: want", []string{"order-1", "--dead-letters=-1"}},
		"away":           {exitFailed, "nobody who could know", []string{"order-1", "--no-local", "--no-aws", "--database-url", "postgres://u:geheim@127.0.0.1:1/x"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := command(t.Context(), t, append([]string{"trace", "-f", description}, tt.args...)...)
			if code != tt.code || !strings.Contains(errs, tt.want) {
				t.Errorf("exit code %d, want %d with %q:\n%s", code, tt.code, tt.want, errs)
			}
			if strings.Contains(out+errs, "geheim") {
				t.Error("it shows the password")
			}
		})
	}
}

// --open gives the system a file to show, which is for its owner alone.
func TestTrace_Open_FileIsShown(t *testing.T) {
	dir := t.TempDir()
	shown := filepath.Join(dir, "shown.html")
	for _, program := range []string{"xdg-open", "open"} {
		if err := os.WriteFile(filepath.Join(dir, program), []byte("#!/bin/sh\ncp -p \"$1\" "+shown+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	t.Setenv("TMPDIR", dir)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v2/traces/"+awsTrace || r.Header.Get("X-Scope-OrgID") != "shop" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(`{"trace":{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"` + awsTrace + `","spanId":"00f067aa0ba902b7","name":"send it","kind":4,"startTimeUnixNano":"1","endTimeUnixNano":"2"}]}]}]}}`))
	}))
	defer server.Close()
	code, out, errs := command(t.Context(), t, "trace", awsTrace, "-f", description, "--no-local", "--no-aws", "--tempo-url", server.URL, "--tempo-tenant", "shop", "--open")
	if code != exitNotArrived {
		t.Fatalf("exit code %d\n%s%s", code, out, errs)
	}
	page, err := os.ReadFile(shown)
	if err != nil {
		t.Fatal(err)
	}
	wantAll(t, string(page), "<!doctype html>", "send it")
	if info, err := os.Stat(shown); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v; want it for its owner alone", info.Mode(), err)
	}
}
