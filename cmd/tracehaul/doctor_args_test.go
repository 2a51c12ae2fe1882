package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whoever asks wrongly is told so before anything is looked for; where nobody may
// ask AWS, the event goes its way all the same.
func TestDoctor_ExitCodes(t *testing.T) {
	t.Chdir(filepath.Join("..", "..", "pipeline", "testdata", "reference"))
	for name, value := range map[string]string{
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "",
		"DATABASE_URL": "", "GRAFANA_URL": "", "TRACEHAUL_TEMPO_URL": "", "TRACEHAUL_JAEGER_URL": "",
	} {
		t.Setenv(name, value)
	}
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	for name, test := range map[string]struct {
		code int
		want string
		args []string
	}{
		"no local one":      {exitFailed, "no place", []string{"--local"}},
		"no such file":      {exitFailed, "none.yaml", []string{"-f", "none.yaml"}},
		"timeout":           {exitUsage, `--timeout: "0s": want a duration`, []string{"--timeout", "0s"}},
		"address":           {exitUsage, `--url "ftp://x": want one such as https://orders.example.com, without user or query`, []string{"--url", "ftp://x"}},
		"a password":        {exitUsage, "--grafana-url or GRAFANA_URL has a user or a query: want one such as https://", []string{"--grafana-url", "https://u:p@grafana.example.com"}},
		"clean without":     {exitUsage, "needs the database's URL", []string{"--url", server.URL, "--clean"}},
		"nobody may ask":    {exitFailed, "nothing of dev-orders could be looked at", []string{"--no-local", "--no-event"}},
		"a fault":           {exitFault, "dev-orders is not healthy", []string{"--url", server.URL}},
		"prod, and nowhere": {exitFault, "prod-orders is not healthy", []string{"-e", "prod", "--url", server.URL, "--json"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := command(t.Context(), t, append([]string{"doctor"}, test.args...)...)
			if code != test.code || !strings.Contains(errs, test.want) {
				t.Errorf("exit code %d, want %d and %q:\n%s%s", code, test.code, test.want, out, errs)
			}
			if strings.Contains(out, "\x1b") {
				t.Errorf("colours where nobody looks:\n%s", out)
			}
		})
	}
	t.Run("no way to AWS", func(t *testing.T) {
		t.Setenv("AWS_ACCESS_KEY_ID", "AKID")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
		t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1") // nobody listens there
		code, out, errs := command(t.Context(), t, "doctor", "--no-local", "--no-event")
		if code != exitFailed || strings.Count(out, "connection refused") != 1 || !strings.Contains(out, "sts:GetCallerIdentity") || !strings.Contains(out, "AWS cannot be asked") {
			t.Errorf("exit code %d:\n%s%s", code, out, errs)
		}
	})
	t.Run("none runs here", func(t *testing.T) {
		var out, errs bytes.Buffer
		env := environment{&out, &errs, func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": t.TempDir()}[name] }}
		if code := run(t.Context(), []string{"doctor", "--no-event"}, env); code != exitFailed || !strings.Contains(errs.String(), "No pipeline dev-orders runs on this machine") {
			t.Errorf("exit code %d: %s", code, errs.String())
		}
	})
}

// A variable is of another database: a flag alone says which is meant.
func TestDoctor_VariablesAreNoFlags(t *testing.T) {
	const url = "postgres://localhost/x"
	t.Setenv("DATABASE_URL", url)
	for want, args := range map[bool][]string{false: {"doctor"}, true: {"doctor", "--database-url", url}} {
		var c cli
		command, err := newParser(t.Context(), &c, environment{io.Discard, io.Discard, os.Getenv}).Parse(args)
		if err != nil {
			t.Fatal(err)
		}
		if c.Doctor.DatabaseURL != url || isGiven(command, "database-url") != want {
			t.Errorf("%v: given %t, want %t", args, !want, want)
		}
	}
}

// An up that has ended is no reason to send an event to AWS.
func TestDoctor_NoneRunsHere_NoEventForAWS(t *testing.T) {
	var out, errs bytes.Buffer
	env := environment{&out, &errs, func(name string) string { return map[string]string{"XDG_RUNTIME_DIR": t.TempDir()}[name] }}
	if code := run(t.Context(), []string{"doctor", "-f", description}, env); code != exitUsage || !strings.Contains(errs.String(), "want --no-local or -e NAME") {
		t.Errorf("exit code %d: %s", code, errs.String())
	}
}
