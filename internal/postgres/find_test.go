//go:build unix

package postgres

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// fakeInstall makes a directory with programs that say a version.
func fakeInstall(t *testing.T, dir, version string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"postgres", "initdb"} {
		script := "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n"
		if err := os.WriteFile(filepath.Join(dir, program), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func lookNothing(string) (string, error) { return "", exec.ErrNotFound }

func TestFind_SeveralPlaces_TakesTheFirstInOrder(t *testing.T) {
	root := t.TempDir()
	fakeInstall(t, filepath.Join(root, "9", "bin"), "9.6.24")
	fakeInstall(t, filepath.Join(root, "14", "bin"), "14.1")
	fakeInstall(t, filepath.Join(root, "18beta", "bin"), "18beta1")
	fakeInstall(t, filepath.Join(root, "path"), "15.2")
	places := []string{filepath.Join(root, "*", "bin")}

	t.Run("newest of the usual places", func(t *testing.T) {
		in, err := finder{lookPath: lookNothing, places: places}.find(t.Context())
		if err != nil || in.major != 18 {
			t.Errorf("found %+v, %v", in, err)
		}
	})
	t.Run("link in PATH", func(t *testing.T) {
		link := filepath.Join(t.TempDir(), "postgres")
		if err := os.Symlink(filepath.Join(root, "path", "postgres"), link); err != nil {
			t.Fatal(err)
		}
		in, err := finder{places: places, lookPath: func(program string) (string, error) {
			if program == "postgres" {
				return link, nil
			}
			return "", exec.ErrNotFound
		}}.find(t.Context())
		if err != nil || in.major != 15 || in.dir != filepath.Join(root, "path") {
			t.Errorf("found %+v, %v", in, err)
		}
	})
	t.Run("pg_config", func(t *testing.T) {
		config := filepath.Join(t.TempDir(), "pg_config")
		if err := os.WriteFile(config, []byte("#!/bin/sh\necho "+filepath.Join(root, "14", "bin")+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		in, err := finder{places: places, lookPath: func(program string) (string, error) {
			if program == "pg_config" {
				return config, nil
			}
			return "", exec.ErrNotFound
		}}.find(t.Context())
		if err != nil || in.major != 14 {
			t.Errorf("found %+v, %v", in, err)
		}
	})
	t.Run("too old", func(t *testing.T) {
		_, err := finder{lookPath: lookNothing, places: []string{filepath.Join(root, "9", "bin")}}.find(t.Context())
		if !errors.Is(err, errNotInstalled) || !strings.Contains(err.Error(), "want 13 or newer") {
			t.Errorf("error %v", err)
		}
	})
}

func TestObtain_NothingInstalledAndOffline_NamesAllThatWasTried(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	defer func(places []string) { usualPlaces = places }(usualPlaces)
	usualPlaces = []string{"/nowhere/postgresql/*/bin"}
	const offline = "http://127.0.0.1:1"
	_, err := obtain(t.Context(), Config{DownloadDir: t.TempDir(), DownloadURL: offline}.WithDefaults())
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"$PATH: no postgres", "no pg_config", "/nowhere/postgresql/*/bin", offline, "apt-get install postgresql", "brew install"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in the error: %v", want, err)
		}
	}
}

func TestObtain_BinDirWithoutPrograms_SaysSo(t *testing.T) {
	dir := t.TempDir()
	_, err := obtain(t.Context(), Config{BinDir: dir}.WithDefaults())
	if err == nil || !strings.Contains(err.Error(), "no initdb in "+dir) {
		t.Errorf("error %v", err)
	}
}

// TestDownload_FromMaven_OnlyOnce has a repository whose archive holds two
// scripts in the place of the programs (testdata/programs.txz: bin/initdb and
// bin/postgres, which say that they are 17.5).
func TestDownload_FromMaven_OnlyOnce(t *testing.T) {
	archive, err := os.ReadFile("testdata/programs.txz")
	if err != nil {
		t.Fatal(err)
	}
	var jar bytes.Buffer
	w := zip.NewWriter(&jar)
	entry, err := w.Create("postgres.txz")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entry.Write(archive); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	requests := 0
	maven := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		if strings.HasSuffix(r.URL.Path, ".sha256") {
			sum := sha256.Sum256(jar.Bytes())
			fmt.Fprint(w, hex.EncodeToString(sum[:]))
			return
		}
		_, _ = w.Write(jar.Bytes())
	}))
	defer maven.Close()
	defer http.DefaultClient.CloseIdleConnections()

	c := Config{DownloadDir: t.TempDir(), DownloadURL: maven.URL}.WithDefaults()
	for range 2 {
		in, err := download(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if in.major != 17 {
			t.Errorf("downloaded %+v", in)
		}
	}
	if requests != 2 {
		t.Errorf("%d requests, want one for the archive and one for its checksum", requests)
	}
	left, err := filepath.Glob(filepath.Join(c.DownloadDir, "download-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left %q, %v", left, err)
	}
}

func TestUnprivileged_UserDatabase_PrefersPostgresThenNobody(t *testing.T) {
	for name, tc := range map[string]struct {
		passwd, want string
		uid          int
	}{
		"postgres": {"root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:\npostgres:x:70:70::/:\n", "postgres", 70},
		"nobody":   {"app:x:1000:1000::/:\nnobody:x:65534:65534::/:\n", "nobody", 65534},
		"another":  {"root:x:0:0::/:\nwheel:x:7:0::/:\nbroken\nodd:x:a:b::/:\napp:x:1000:1000::/:\n", "app", 1000},
		"only us":  {"root:x:0:0::/:\n", "65534", 65534},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "passwd")
			if err := os.WriteFile(path, []byte(tc.passwd), 0o600); err != nil {
				t.Fatal(err)
			}
			if got, uid, _ := unprivileged(path); got != tc.want || uid != tc.uid {
				t.Errorf("picked %s (%d), want %s (%d)", got, uid, tc.want, tc.uid)
			}
		})
	}
}

func TestConfig_BadSettings_AreReportedTogether(t *testing.T) {
	err := Config{Port: -1, StartTimeout: -1, Settings: map[string]string{"a b": ""}}.Validate()
	for _, want := range []string{"port -1", "start timeout", `"a b"`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}

func FuzzWithDatabase(f *testing.F) {
	for _, seed := range []string{
		"postgres://u:p@localhost:5432/db?sslmode=disable", "postgresql://localhost", "postgres:///db?host=/tmp&dbname=x",
		"host=localhost dbname=db", "", "dbname='a b'", "postgres://h/a%2Fb",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, conn string) {
		got, err := withDatabase(conn, "fresh")
		if err != nil {
			return
		}
		c, err := pgx.ParseConfig(got)
		if err != nil {
			t.Fatalf("%q became %q: %v", conn, got, err)
		}
		if c.Database != "fresh" {
			t.Errorf("%q became %q, which names database %q", conn, got, c.Database)
		}
	})
}
