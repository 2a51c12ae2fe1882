package generate_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/dashboards"
	"github.com/tracehaul/tracehaul/docs/runbooks"
	"github.com/tracehaul/tracehaul/generate"
	"github.com/tracehaul/tracehaul/pipeline"
)

// setup makes a directory with the reference pipeline's description and the kit's
// runbooks, and returns the description's path.
func setup(t *testing.T) (dir, description string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join("..", "pipeline", "testdata", "reference"))); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "docs", "runbooks"), runbooks.Files); err != nil {
		t.Fatal(err)
	}
	return dir, filepath.Join(dir, "tracehaul.yaml")
}

func TestWrite_Twice_SecondChangesNothing(t *testing.T) {
	dir, description := setup(t)
	c := generate.Config{Description: description, Queries: "queries", Pipelines: "iac/described"}
	changed, err := generate.Write(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"iac/described/staging.json", "queries/prod.md", "iac/terraform/observability/alarms/prod/alarms.tf.json", "iac/grafana/dashboards/pipeline.json"} {
		if !slices.Contains(changed.Written, want) {
			t.Errorf("%s was not written, but %q", want, changed.Written)
		}
	}
	if page, err := os.ReadFile(filepath.Join(dir, "queries", "prod.md")); err != nil || !bytes.Contains(page, []byte("(../docs/runbooks/queue-age.md)")) {
		t.Errorf("the page of queries does not lead to the runbooks: %v", err)
	}
	if stale, err := generate.Stale(c); err != nil || len(stale) > 0 {
		t.Errorf("stale after writing: %q, %v", stale, err)
	}
	if changed, err := generate.Write(c); err != nil || len(changed.Written)+len(changed.Removed) > 0 {
		t.Errorf("the second time there is %q, %v", changed, err)
	}
}

// An environment that is no more takes its files along, and those alone: a board
// that was copied, a page and a file of somebody's lie in the same directories.
func TestWrite_EnvironmentGone_ItsFilesAlone(t *testing.T) {
	dir, description := setup(t)
	c := generate.Config{Description: description, Pipelines: "."}
	mine := []string{"iac/grafana/dashboards/cost.json", "docs/queries/mine.md", "package.json", "iac/terraform/observability/dashboards/staging/ours.json", "docs/runbooks/ours.md"}
	if _, err := generate.Write(c); err != nil {
		t.Fatal(err)
	}
	copied, err := os.ReadFile(filepath.Join(dir, "iac", "terraform", "observability", "dashboards", "staging", "cost.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range mine {
		if err := os.WriteFile(filepath.Join(dir, file), copied, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if stale, err := generate.Stale(c); err != nil || len(stale) > 0 {
		t.Errorf("files of somebody else are stale: %q, %v", stale, err)
	}
	if err := os.Remove(filepath.Join(dir, "environments", "staging.yaml")); err != nil {
		t.Fatal(err)
	}
	leftover := []string{"docs/queries/staging.md", "iac/terraform/observability/alarms/staging/alarms.tf.json", "iac/terraform/observability/dashboards/staging/cost.json", "staging.json"}
	stale, err := generate.Stale(c)
	if err != nil {
		t.Fatal(err)
	}
	changed, err := generate.Write(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range leftover {
		if !slices.Contains(stale, file) || !slices.Contains(changed.Removed, file) {
			t.Errorf("%s is left over: not among %q, or not among %q", file, stale, changed.Removed)
		}
		if _, err := os.Stat(filepath.Join(dir, file)); !os.IsNotExist(err) {
			t.Errorf("what is left over is still there: %v", err)
		}
	}
	for _, file := range mine {
		if _, err := os.Stat(filepath.Join(dir, file)); err != nil {
			t.Errorf("not ours, and gone: %v", err)
		}
	}
}

// One alarm less, one row more: what a team says is in every file.
func TestWrite_OwnAlarmsAndRows_AreInTheFiles(t *testing.T) {
	dir, description := setup(t)
	heard := alarms.Alarm{
		Key: "both-waiting", Title: "Both wait", Meaning: "They wait.", Hop: "queue", Severity: pipeline.SeverityTicket, Runbook: "queue.md",
		Composite: &alarms.Composite{Rule: alarms.All("ledger-queue-age", "ledger-queue-depth")},
	}
	_, err := generate.Write(generate.Config{
		Description: description,
		Alarms:      func(p *pipeline.Pipeline) (*alarms.Set, error) { return alarms.For(p, heard) },
		Rows: func(s *alarms.Set) []dashboards.Row {
			age, _ := s.Find("ledger-queue-age")
			return []dashboards.Row{{Board: pipeline.BoardConsumers, Title: "Ours", Panels: []dashboards.Panel{{
				Key: "ours", Title: "How long they wait", Description: "The age of the oldest message. Good is under a minute. More: is the consumer there?",
				Queries: []dashboards.Query{dashboards.Watched(age, "age")},
			}}}}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"iac/terraform/observability/alarms/staging/alarms.tf.json":  "staging-orders-both-waiting",
		"iac/terraform/observability/dashboards/prod/consumers.json": "How long they wait",
		"docs/runbooks/queue.md":                                     "`both-waiting`",
		"docs/runbooks/README.md":                                    "`both-waiting`",
	} {
		if text, err := os.ReadFile(filepath.Join(dir, file)); err != nil || !bytes.Contains(text, []byte(want)) {
			t.Errorf("%s does not have %s: %v", file, want, err)
		}
	}
}

// What is wrong in one environment alone, or with the directories, is said, and
// nothing is written.
func TestWrite_WrongInOneEnvironment_NothingIsWritten(t *testing.T) {
	configs := map[string]generate.Config{"relative to": {Dashboards: "/elsewhere/dashboards"}}
	for _, environment := range []string{"staging", "prod"} {
		configs[`no board "of `+environment+`"`] = generate.Config{Rows: func(s *alarms.Set) []dashboards.Row {
			if s.Pipeline.Environment != environment {
				return nil
			}
			return []dashboards.Row{{Board: "of " + environment, Title: "Lost"}}
		}}
	}
	for want, c := range configs {
		t.Run(want, func(t *testing.T) {
			dir, description := setup(t)
			before := filesBelow(t, dir)
			c.Description = description
			if _, err := generate.Write(c); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want an error with %s", err, want)
			}
			if after := filesBelow(t, dir); !slices.Equal(before, after) {
				t.Errorf("there are %d files, and were %d before", len(after), len(before))
			}
		})
	}
}

// Runbooks of one's own repository have to be there; those of somebody else are
// not looked at, unless there is a directory of them.
func TestWrite_NoRunbooks_OnlyIfElsewhere(t *testing.T) {
	dir, description := setup(t)
	if err := os.RemoveAll(filepath.Join(dir, "docs")); err != nil {
		t.Fatal(err)
	}
	c := generate.Config{Description: description}
	if _, err := generate.Write(c); err == nil || !strings.Contains(err.Error(), `alarm "ledger-queue-age" has no runbook`) {
		t.Errorf("error %v, want one that names the alarm", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "iac")); !os.IsNotExist(err) {
		t.Errorf("something was written all the same: %v", err)
	}
	text, err := os.ReadFile(description)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(description, append(text, "runbooks: https://wiki.example.com/runbooks\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := generate.Write(c); err != nil {
		t.Error(err)
	}
	if page, err := os.ReadFile(filepath.Join(dir, "docs", "queries", "prod.md")); err != nil || !bytes.Contains(page, []byte("(https://wiki.example.com/runbooks/queue-age.md)")) {
		t.Errorf("the page of queries does not lead there: %v", err)
	}
}
