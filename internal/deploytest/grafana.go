package deploytest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Token is the one that [Grafana] takes.
const Token = "glsa_0123456789abcdef"

// Grafana keeps annotations of an organisation. (Grafana HTTP API, "Annotations".)
type Grafana struct {
	URL string

	mu          sync.Mutex
	annotations []Annotation
	calls       []string
	faults      []Fault
}

// Annotation is one as Grafana returns it. Times are milliseconds.
type Annotation struct {
	ID      int64    `json:"id"`
	Time    int64    `json:"time"`
	TimeEnd int64    `json:"timeEnd"`
	Tags    []string `json:"tags"`
	Text    string   `json:"text"`
}

// Fault is what is answered instead. With Done, the call is done all the same.
type Fault struct {
	Method  string // of the call; any, if it is empty
	Status  int    // 0 hangs up
	Header  map[string]string
	Message string
	Done    bool
}

// StartGrafana starts one without annotations.
func StartGrafana(tb testing.TB) *Grafana {
	tb.Helper()
	g := &Grafana{}
	server := httptest.NewServer(g)
	tb.Cleanup(server.Close)
	g.URL = server.URL
	return g
}

// Fail has the next calls that they are for fail, each once.
func (g *Grafana) Fail(faults ...Fault) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.faults = append(g.faults, faults...)
}

// Annotations returns all, the oldest first.
func (g *Grafana) Annotations() []Annotation {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.annotations)
}

// Calls are the methods and paths that were called.
func (g *Grafana) Calls() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.calls)
}

// ServeHTTP answers a call.
func (g *Grafana) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls = append(g.calls, q.Method+" "+q.URL.Path)
	if i := slices.IndexFunc(g.faults, func(f Fault) bool { return f.Method == "" || f.Method == q.Method }); i >= 0 {
		f := g.faults[i]
		g.faults = slices.Delete(g.faults, i, i+1)
		if f.Done {
			g.serve(httptest.NewRecorder(), q)
		}
		if f.Status == 0 {
			panic(http.ErrAbortHandler)
		}
		for name, value := range f.Header {
			w.Header().Set(name, value)
		}
		answer(w, f.Status, map[string]string{"message": f.Message})
		return
	}
	g.serve(w, q)
}

func (g *Grafana) serve(w http.ResponseWriter, q *http.Request) {
	id, one := strings.CutPrefix(q.URL.Path, "/api/annotations/")
	switch {
	case q.Header.Get("Authorization") != "Bearer "+Token:
		answer(w, http.StatusUnauthorized, map[string]string{"message": "Invalid API key"})
	case q.Method == http.MethodGet && q.URL.Path == "/api/annotations":
		g.find(w, q)
	case q.Method == http.MethodPost && q.URL.Path == "/api/annotations":
		g.create(w, q)
	case q.Method == http.MethodPatch && one:
		g.patch(w, q, id)
	default:
		answer(w, http.StatusNotFound, map[string]string{"message": "Not found"})
	}
}

// find has all tags agree, and the time of the annotation touch the span.
func (g *Grafana) find(w http.ResponseWriter, q *http.Request) {
	query := q.URL.Query()
	from, _ := strconv.ParseInt(query.Get("from"), 10, 64)
	to, _ := strconv.ParseInt(query.Get("to"), 10, 64)
	found := []Annotation{}
	for _, a := range slices.Backward(g.annotations) { // the newest first
		missing := slices.ContainsFunc(query["tags"], func(tag string) bool { return !slices.Contains(a.Tags, tag) })
		if !missing && a.Time <= to && a.TimeEnd >= from {
			found = append(found, a)
		}
	}
	answer(w, http.StatusOK, found)
}

func (g *Grafana) create(w http.ResponseWriter, q *http.Request) {
	var a Annotation
	if err := decode(q, &a); err != nil || a.Text == "" {
		answer(w, http.StatusBadRequest, map[string]string{"message": fmt.Sprintf("Failed to save annotation: %v", err)})
		return
	}
	if a.TimeEnd == 0 { // Grafana does so
		a.TimeEnd = a.Time
	}
	a.ID = int64(len(g.annotations) + 1)
	g.annotations = append(g.annotations, a)
	answer(w, http.StatusOK, map[string]any{"message": "Annotation added", "id": a.ID})
}

// patch changes what is given.
func (g *Grafana) patch(w http.ResponseWriter, q *http.Request, id string) {
	i := slices.IndexFunc(g.annotations, func(a Annotation) bool { return strconv.FormatInt(a.ID, 10) == id })
	var in Annotation
	if err := decode(q, &in); err != nil || i < 0 {
		answer(w, http.StatusNotFound, map[string]string{"message": "Could not find annotation to update"})
		return
	}
	a := &g.annotations[i]
	if in.Text != "" {
		a.Text = in.Text
	}
	if in.Tags != nil {
		a.Tags = in.Tags
	}
	if in.Time > 0 {
		a.Time = in.Time
	}
	if in.TimeEnd > 0 {
		a.TimeEnd = in.TimeEnd
	}
	answer(w, http.StatusOK, map[string]string{"message": "Annotation patched"})
}

func decode(q *http.Request, v any) error {
	d := json.NewDecoder(io.LimitReader(q.Body, 1<<20))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
