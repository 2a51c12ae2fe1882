package main

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// serve is a server of a database with this index.
func serve(t *testing.T, modules string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/"+index+".gz" {
			http.NotFound(w, r)
			return
		}
		packed := gzip.NewWriter(w)
		_, _ = packed.Write([]byte(modules))
		_ = packed.Close()
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// copied is a copy of such a database on this machine.
func copied(t *testing.T, modules string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), filepath.FromSlash(index))
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(modules), 0o600); err != nil {
		t.Fatal(err)
	}
	return "file://" + strings.TrimSuffix(file, "/"+index)
}

const one = `[{"path":"stdlib","vulns":[{"id":"GO-1970-0001"}]}]`

func TestReach_Content(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		modules string
		want    content
		says    string // nothing is wrong if empty
	}{
		"as wanted":           {modules: one, want: content{1, "stdlib GO-1970-0001"}},
		"empty":               {modules: "[]", want: content{1, "stdlib GO-1970-0001"}, says: "it knows 0 modules"},
		"a part":              {modules: one, want: vulnDev, says: "it knows 1 modules with vulnerabilities, want 500"},
		"without the canary":  {modules: one, want: content{1, "stdlib GO-1970-0002"}, says: "does not know GO-1970-0002 of stdlib"},
		"of another module":   {modules: one, want: content{1, "example.com GO-1970-0001"}, says: "does not know GO-1970-0001 of example.com"},
		"something else":      {modules: "<html>", want: content{1, "stdlib GO-1970-0001"}, says: "no list of modules"},
		"nothing":             {want: content{1, "stdlib GO-1970-0001"}, says: "no list of modules"},
		"not even the canary": {modules: one, want: content{}, says: "does not know"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, database := range []string{serve(t, test.modules), copied(t, test.modules)} {
				err := reach(t.Context(), database, test.want)
				switch {
				case test.says == "" && err != nil:
					t.Errorf("%s: %v", database, err)
				case test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)):
					t.Errorf("%s: the error is %v, want one that says %q", database, err, test.says)
				}
			}
		})
	}
}

// With an empty database nothing is found, and that is no success: with the flags
// that make vulnerabilities gives.
func TestRun_EmptyDatabase_Required_Fails(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	args := []string{"-db", copied(t, "[]"), "-C", filepath.Join("testdata", "program"), "-reviews", reviewFile(t, "[]"), "-required"}
	if code := run(t.Context(), args, &out, &out); code != exitFailed || !strings.Contains(out.String(), "it knows 0 modules") {
		t.Errorf("exit code %d, want %d: %s", code, exitFailed, out.String())
	}
}
