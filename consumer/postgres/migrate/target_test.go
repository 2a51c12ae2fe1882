package migrate

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// three are migrations in three steps.
var three = fstest.MapFS{
	"00001_a.sql": {Data: []byte("-- +goose Up\nCREATE TABLE a (n int);")},
	"00002_b.sql": {Data: []byte("-- +goose Up\nCREATE TABLE b (n int);")},
	"00004_c.sql": {Data: []byte("-- +goose Up\nCREATE TABLE c (n int);")},
}

func TestRun_Target_StopsThereAndNeverGoesBack(t *testing.T) {
	older := fstest.MapFS{"00001_a.sql": three["00001_a.sql"]} // of a program that is rolled back to
	pool := setup(t)
	for _, step := range []struct {
		name       string
		migrations fs.FS
		target     int64
		from, to   int64
		applied    string
		refusal    string
	}{
		{name: "unknown", migrations: three, target: 3, refusal: "target 3: want the version of a migration; the newest is 4"},
		{name: "second", migrations: three, target: 2, from: 0, to: 2, applied: "00001_a.sql 00002_b.sql"},
		{name: "second again", migrations: three, target: 2, from: 2, to: 2},
		{name: "back", migrations: three, target: 1, refusal: "target 1: want 2 or more"},
		{name: "newest", migrations: three, from: 2, to: 4, applied: "00004_c.sql"},
		{name: "newest again", migrations: three, from: 4, to: 4},
		{name: "older program", migrations: older, from: 4, to: 4},
	} {
		r, err := run(t.Context(), pool, Config{Target: step.target}, step.migrations)
		if step.refusal != "" {
			if err == nil || !strings.Contains(err.Error(), step.refusal) {
				t.Errorf("%s: error is %v, want %q", step.name, err, step.refusal)
			}
			continue
		}
		var names []string
		for _, a := range r.Applied {
			names = append(names, a.Name)
		}
		if err != nil || r.From != step.from || r.To != step.to || strings.Join(names, " ") != step.applied {
			t.Errorf("%s: %+v, %v, want %d to %d by %q", step.name, r, err, step.from, step.to, step.applied)
		}
	}
}
