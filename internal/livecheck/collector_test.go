//go:build unix

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func send(t *testing.T, url, body string) (status int, answer string, err error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	return response.StatusCode, string(b), err
}

// Metrics reach the store whatever happens to spans and log records, which
// never do.
func TestCollector_Moods_MetricsPassTheRestDoesNot(t *testing.T) {
	var got []string
	store := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = append(got, r.URL.Path+" "+string(b))
	}))
	defer store.Close()
	c, err := startCollector(t.Context(), store.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.stop() }()

	if status, answer, err := send(t, c.url+"/v1/traces", "spans"); status != http.StatusOK || answer != "" || err != nil {
		t.Errorf("in a good mood: %d %q %v", status, answer, err)
	}
	moods := []struct {
		mood, answer string
		status       int // 0: none
	}{
		{"refuses", "", 400}, {"is unavailable", "", 503}, {"answers with nonsense", "nonsense", 200}, {"hangs up", "", 0},
	}
	for _, want := range moods {
		for i := range allMoods {
			if allMoods[i].what == want.mood {
				c.mood.Store(&allMoods[i])
			}
		}
		status, answer, err := send(t, c.url+"/v1/logs", "records")
		if status != want.status || answer != want.answer || (err == nil) != (want.status != 0) {
			t.Errorf("%s: %d %q %v", want.mood, status, answer, err)
		}
		if status, _, err := send(t, c.url+"/v1/metrics", want.mood); status != http.StatusOK || err != nil {
			t.Errorf("metrics while it %s: %d %v", want.mood, status, err)
		}
	}
	if len(got) != len(moods) || got[0] != "/opentelemetry/v1/metrics refuses" {
		t.Errorf("the store got %q", got)
	}
}
