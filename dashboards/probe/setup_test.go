package probe_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/dashboards/probe"
)

// now is when all tests ask.
var now = time.Date(2026, 11, 26, 2, 0, 7, 0, time.UTC)

// request is one that the server was sent.
type request struct {
	path string
	form url.Values
}

// server answers as Prometheus does, with what was recorded.
type server struct {
	*httptest.Server

	mu       sync.Mutex
	requests []request
}

// answers are the recorded ones by what a query contains, with the status.
type answers map[string]struct {
	status int
	file   string
}

func prometheus(t *testing.T, a answers) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		s.mu.Lock()
		s.requests = append(s.requests, request{r.URL.Path, r.Form})
		s.mu.Unlock()
		asked := r.Form.Get("query") + r.URL.Path
		for _, part := range slices.Backward(slices.Sorted(maps.Keys(a))) { // of two, the longer one
			if answer := a[part]; strings.Contains(asked, part) {
				content, err := os.ReadFile(filepath.Join("testdata", "answers", answer.file))
				if err != nil {
					t.Error(err)
				}
				w.WriteHeader(answer.status)
				_, _ = w.Write(content)
				return
			}
		}
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(s.Close)
	return s
}

// asked are the requests to a path.
func (s *server) asked(path string) (forms []url.Values) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if r.path == path {
			forms = append(forms, r.form)
		}
	}
	return forms
}

// ask asks about the last 15 minutes.
func ask(t *testing.T, c probe.Config, boards ...probe.Dashboard) []probe.Result {
	t.Helper()
	c.To = now
	if c.From.IsZero() {
		c.From = now.Add(-15 * time.Minute)
	}
	results, err := probe.Run(t.Context(), c, boards...)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

// board is a dashboard made of what is written as Go values.
func board(t *testing.T, fields map[string]any) probe.Dashboard {
	t.Helper()
	content, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return probe.Dashboard{Name: "board.json", Content: content}
}

type object = map[string]any

// panels are panels with one query each, by their titles.
func panels(targets ...object) []object {
	var all []object
	for i, t := range targets {
		if t["refId"] == nil {
			t["refId"] = "A"
		}
		all = append(all, object{"id": i + 1, "title": "panel", "type": "timeseries", "targets": []object{t}})
	}
	return all
}

func promQL(expr string) object {
	return object{"expr": expr, "datasource": object{"type": "prometheus", "uid": "${prometheus}"}}
}

func sql(query string) object {
	return object{"rawSql": query, "format": "table", "datasource": object{"type": "grafana-postgresql-datasource", "uid": "x"}}
}

// variables is a dashboard's list of variables.
func variables(list ...object) object { return object{"list": list} }

// one returns the only result.
func one(t *testing.T, results []probe.Result) probe.Result {
	t.Helper()
	if len(results) != 1 {
		t.Fatalf("%d results, want 1: %+v", len(results), results)
	}
	return results[0]
}
