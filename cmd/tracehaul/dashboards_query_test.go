package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The command against a server that has one metric of two, behind a token.
func TestDashboardsQuery_ExitCodeTellsWhetherAllShowData(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer geheim" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		result := `[]`
		if r.FormValue("query") == `there{env="prod"}` {
			result = `[{"metric":{},"value":[1795659580,"1"]}]`
		}
		_, _ = fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":%s}}`, result)
	}))
	defer server.Close()
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	token := write("token", "geheim\n")
	board := func(metric string) string {
		return write(metric+".json", `{"title":"Orders","templating":{"list":[{"name":"env","type":"custom","query":"dev","current":{"value":"dev"}}]},
			"panels":[{"id":1,"title":"One","targets":[{"refId":"A","datasource":{"type":"prometheus"},"instant":true,"expr":"`+metric+`{env=\"$env\"}"}]}]}`)
	}
	there, away := board("there"), board("away")
	for name, tt := range map[string]struct {
		args []string
		code int
		last string
	}{
		"data":       {[]string{there, "--token-file", token, "--var", "env=prod"}, exitOK, "1 query, 0 without data"},
		"other data": {[]string{there, "--token-file", token}, exitFailed, "1 query, 1 without data"},
		"no data":    {[]string{there, away, "--token-file", token, "--var", "env=prod"}, exitFailed, "2 queries, 1 without data"},
		"no token":   {[]string{there, "--var", "env=prod"}, exitFailed, "1 query, 1 without data"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs strings.Builder
			args := append([]string{"dashboards", "query", "--prometheus-url", server.URL}, tt.args...)
			code := run(t.Context(), args, environment{&out, &errs, func(string) string { return "" }})
			if code != tt.code || !strings.HasSuffix(strings.TrimSpace(out.String()), tt.last) || strings.Contains(out.String()+errs.String(), "geheim") {
				t.Errorf("exit code %d, want %d and %q:\n%s%s", code, tt.code, tt.last, out.String(), errs.String())
			}
		})
	}
}
