package probe_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/dashboards/probe"
)

// same answers every request with one body.
type same []byte

func (s same) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Body: io.NopCloser(bytes.NewReader(s)), Request: r}, nil
}

// Whatever a file and a server hold, there is an end, no panic, and counts that
// fit together.
func FuzzRun(f *testing.F) {
	f.Fuzz(func(t *testing.T, dashboard, answer []byte) {
		results, err := probe.Run(t.Context(), probe.Config{
			Prometheus: "http://prometheus", HTTPClient: &http.Client{Transport: same(answer)}, From: now.Add(-time.Hour), To: now, Concurrency: 1,
		}, probe.Dashboard{Name: "fuzz", Content: dashboard})
		if err != nil {
			return
		}
		for _, r := range results {
			if r.Other > r.Points || r.ShowsData() && (r.Points == 0 || r.Series == 0 || r.Err != nil) || r.Skipped != "" && r.Err != nil {
				t.Errorf("%+v", r)
			}
		}
	})
}
