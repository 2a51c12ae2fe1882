//go:build unix

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/internal/harness"
)

const seriesAnswer = `{"status":"success","data":[
{"__name__":"requests_total","service_name":"intake","service_version":"1","status":"202"},
{"__name__":"requests_total","service_name":"intake","service_version":"2","status":"503"},
{"__name__":"accepted_total","service_name":"intake","service_version":"1"},
{"__name__":"written_total","service_name":"ledger","queue":"q"}]}`

func TestInventory_Series_ResourceLabelsOnce(t *testing.T) {
	store := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/series" || r.FormValue("start") != "1000" {
			t.Errorf("request %s", r.URL)
		}
		_, _ = io.WriteString(w, seriesAnswer)
	}))
	defer store.Close()
	metrics, err := inventory(t.Context(), store.URL, time.Unix(1000, 0))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	if err := printInventory(&got, metrics); err != nil {
		t.Fatal(err)
	}
	const want = `all metrics of intake
    service_name     intake
    service_version  1 | 2
all metrics of ledger
    queue         q
    service_name  ledger
accepted_total  1 series of intake
requests_total  2 series of intake
    status  202 | 503
written_total  1 series of ledger
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Errorf("inventory (-want +got):\n%s", diff)
	}
	got.Reset()
	if err := printSeries(&got, metrics, regexp.MustCompile("^written")); err != nil {
		t.Fatal(err)
	}
	if want := "written_total{queue=\"q\", service_name=\"ledger\"}\n"; got.String() != want {
		t.Errorf("series %q, want %q", got.String(), want)
	}
}

func TestRun_AskedWrongly_ExitCode2(t *testing.T) {
	for _, args := range [][]string{{"-nonsense"}, {"-series", "("}} {
		var stderr strings.Builder
		if code := run(t.Context(), args, io.Discard, &stderr); code != harness.ExitUsage || stderr.Len() == 0 {
			t.Errorf("%q: exit code %d, %q", args, code, stderr.String())
		}
	}
}

// Files are read before anything is started.
func TestRun_FilesThatAreNoDashboards_SaidAtOnce(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "main.tf.json")
	if err := os.WriteFile(bad, []byte(`{"resource":{}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for _, args := range [][]string{{}, {"nowhere.json"}, {bad}} {
		var stderr strings.Builder
		if code := run(t.Context(), args, io.Discard, &stderr); code != harness.ExitUsage || stderr.Len() == 0 {
			t.Errorf("%q: exit code %d, %q", args, code, stderr.String())
		}
	}
}
