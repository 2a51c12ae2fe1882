//go:build unix

package localstate_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/internal/localpipeline"
	"github.com/tracehaul/tracehaul/internal/localstate"
)

func write(t *testing.T, dir string, s localstate.State) (remove func() error) {
	t.Helper()
	remove, err := localstate.Write(dir, s)
	if err != nil {
		t.Fatal(err)
	}
	return remove
}

func find(t *testing.T, dir string) []localstate.State {
	t.Helper()
	found, err := localstate.Find(dir)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestFind_RunningOnes_LatestFirst(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tracehaul")
	if found := find(t, dir); found != nil {
		t.Errorf("found %v where nothing ever ran", found)
	}
	at := time.Date(2026, 11, 26, 3, 0, 0, 0, time.UTC)
	early := localstate.State{PID: os.Getpid(), Started: at, Prefix: "dev-orders", File: "/x/tracehaul.yaml", Addresses: localpipeline.Addresses{ALB: "http://127.0.0.1:1", DatabaseURL: "postgres://u:secret@127.0.0.1/x"}}
	late := early
	late.Started, late.ALB = at.Add(time.Second), "http://127.0.0.1:2"
	removeEarly, removeLate := write(t, dir, early), write(t, dir, late)
	if diff := cmp.Diff([]localstate.State{late, early}, find(t, dir)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for prefix, want := range map[string]*localstate.State{"dev-orders": &late, "prod-orders": nil} {
		if got, err := localstate.Named(dir, prefix); err != nil || !cmp.Equal(want, got) {
			t.Errorf("%s: %v, %v; want %v", prefix, got, err, want)
		}
	}
	if err := removeLate(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]localstate.State{early}, find(t, dir)); diff != "" {
		t.Errorf("after one ended (-want +got):\n%s", diff)
	}
	if err := removeEarly(); err != nil {
		t.Error(err)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("files were left: %v", left)
	}
}

// The database's password is in it.
func TestWrite_ReadableForTheUserAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tracehaul")
	remove := write(t, dir, localstate.State{})
	t.Cleanup(func() { _ = remove() })
	for pattern, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "*.json"): 0o600} {
		files, _ := filepath.Glob(pattern)
		if len(files) != 1 {
			t.Fatalf("%d files %s", len(files), pattern)
		}
		if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", files[0], info.Mode().Perm(), err, want)
		}
	}
}

// A process that was killed has left its file; another process may have its
// number by now.
func TestFind_NobodyHoldsTheFile_IgnoredAndRemoved(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "1-2.json")
	if err := os.WriteFile(old, []byte(`{"pid":1,"alb":"http://127.0.0.1:1"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if found := find(t, dir); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	if _, err := os.Stat(old); err == nil {
		t.Error("the old file is still there")
	}
}

func TestDir_FirstOfTheUsualPlaces(t *testing.T) {
	for name, tt := range map[string]struct {
		env  map[string]string
		want string
	}{
		"runtime":  {map[string]string{"XDG_RUNTIME_DIR": "/run/user/7", "HOME": "/home/u"}, "/run/user/7/tracehaul"},
		"cache":    {map[string]string{"XDG_CACHE_HOME": "/c", "HOME": "/home/u"}, "/c/tracehaul"},
		"home":     {map[string]string{"HOME": "/home/u"}, "/home/u/.cache/tracehaul"},
		"relative": {map[string]string{"XDG_RUNTIME_DIR": "run", "HOME": "/home/u"}, "/home/u/.cache/tracehaul"},
		"none":     {nil, ""},
	} {
		got, err := localstate.Dir(func(name string) string { return tt.env[name] })
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("%s: %q, %v; want %q", name, got, err, tt.want)
		}
	}
}
