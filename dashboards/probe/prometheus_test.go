package probe_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/dashboards/probe"
)

// What the server answers is what is reported: what is no data, what is an
// error, and how much there is.
func TestRun_RecordedAnswers_Reported(t *testing.T) {
	for name, tt := range map[string]struct {
		status                int
		file                  string
		series, points, other int
		shows                 bool
		err                   string
	}{
		"series with a gap":   {200, "matrix.json", 2, 4, 3, true, ""},
		"latest values":       {200, "vector.json", 2, 2, 2, true, ""},
		"a number":            {200, "scalar.json", 1, 1, 1, true, ""},
		"native histogram":    {200, "histogram.json", 1, 1, 1, true, ""},
		"zeros":               {200, "zeros.json", 1, 3, 0, true, ""},
		"nothing":             {200, "empty.json", 0, 0, 0, false, ""},
		"no number at all":    {200, "nan.json", 1, 0, 0, false, ""},
		"query refused":       {422, "refused.json", 0, 0, 0, false, `422: error when executing query="sum by (le"`},
		"a proxy's page":      {502, "proxy.html", 0, 0, 0, false, "502 Bad Gateway"},
		"a page with 200":     {200, "proxy.html", 0, 0, 0, false, "not one of Prometheus"},
		"JSON of another":     {200, "other.json", 0, 0, 0, false, "not one of Prometheus"},
		"not a number":        {200, "sample.json", 1, 0, 0, false, "not one of Prometheus"},
		"data of another API": {200, "versions.json", 0, 0, 0, false, "not one of Prometheus"},
	} {
		t.Run(name, func(t *testing.T) {
			s := prometheus(t, answers{"up": {tt.status, tt.file}})
			r := one(t, ask(t, probe.Config{Prometheus: s.URL}, board(t, object{"title": "b", "panels": panels(promQL("up"))})))
			if r.ShowsData() != tt.shows || r.Series != tt.series || r.Points != tt.points || r.Other != tt.other {
				t.Errorf("shows data %v, %d series, %d points, %d other than 0; want %v %d %d %d",
					r.ShowsData(), r.Series, r.Points, r.Other, tt.shows, tt.series, tt.points, tt.other)
			}
			if (tt.err == "") != (r.Err == nil) || r.Err != nil && !strings.Contains(r.Err.Error(), tt.err) {
				t.Errorf("error %v, want %q", r.Err, tt.err)
			}
		})
	}
}

// Where nobody answers, or without end, there is an error and no password.
func TestRun_ServerAwaySilentOrEndless_ErrorWithoutPassword(t *testing.T) {
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // so that the end of the request is noticed
		<-r.Context().Done()
	}))
	defer silent.Close()
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	}))
	defer endless.Close()
	for name, tt := range map[string]struct {
		url     string
		timeout time.Duration
		err     string
	}{
		"away":    {"http://user:geheim@127.0.0.1:1", time.Minute, "connection refused"},
		"silent":  {strings.Replace(silent.URL, "http://", "http://user:geheim@", 1), 200 * time.Millisecond, "no answer within 200ms"},
		"endless": {strings.Replace(endless.URL, "http://", "http://user:geheim@", 1), time.Minute, "more than 65536 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			c := probe.Config{Prometheus: tt.url, Timeout: tt.timeout, MaxAnswerBytes: 64 << 10}
			r := one(t, ask(t, c, board(t, object{"panels": panels(promQL("up"))})))
			if r.Err == nil || !strings.Contains(r.Err.Error(), tt.err) || strings.Contains(r.Err.Error(), "geheim") || strings.Contains(r.Err.Error(), "http://") {
				t.Errorf("error %v, want %q, and no password or address", r.Err, tt.err)
			}
		})
	}
}

// A query over time is aligned to its step, as Grafana's is; one for the latest
// value is about the end.
func TestRun_RangeAndInstant_AskedAsGrafanaDoes(t *testing.T) {
	s := prometheus(t, answers{"query_range": {200, "matrix.json"}, "/api/v1/query": {200, "vector.json"}})
	instant := promQL("instant")
	instant["instant"] = true
	both := promQL("both")
	both["instant"], both["range"] = true, true
	results := ask(t, probe.Config{Prometheus: s.URL + "/"}, board(t, object{"panels": panels(promQL("neither"), instant, both)}))
	if len(results) != 3 || len(s.asked("/api/v1/query")) != 1 || len(s.asked("/api/v1/query_range")) != 2 {
		t.Fatalf("%d results, requests %v", len(results), s.requests)
	}
	want := map[string][]string{"query": {"instant"}, "time": {"1795658407"}}
	if diff := cmp.Diff(want, map[string][]string(s.asked("/api/v1/query")[0])); diff != "" {
		t.Errorf("instant query (-want +got):\n%s", diff)
	}
	form := s.asked("/api/v1/query_range")[0]
	form.Del("query")
	want = map[string][]string{"start": {"1795657500"}, "end": {"1795658400"}, "step": {"15"}}
	if diff := cmp.Diff(want, map[string][]string(form)); diff != "" {
		t.Errorf("range query (-want +got):\n%s", diff)
	}
}
