package dashboards_test

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/pipeline"
)

func parse(t *testing.T, change func([]byte) []byte) *pipeline.Pipeline {
	t.Helper()
	text, err := os.ReadFile("../pipeline/testdata/many-consumers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	p, err := pipeline.Parse("many-consumers.yaml", append(change(text),
		"dashboards:\n  grafana_url: https://grafana.example.com\n  cloudwatch_uid: c\n  prometheus_uid: p\n  tempo_uid: t\n  postgres_uid: q\n"...))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Each consumer has its own rows on every board that is about consumers.
func TestBoards_SeveralConsumers_EachHasItsRows(t *testing.T) {
	t.Parallel()
	set := alarmsOf(t, parse(t, func(b []byte) []byte { return b }))
	boards := boardsOf(t, set)
	checkLint(t, set, boards)
	for _, b := range boards {
		if b.Name != pipeline.BoardPipeline && b.Name != pipeline.BoardDeploy && b.Name != pipeline.BoardConsumers {
			continue
		}
		for i := range set.Pipeline.Consumers {
			name, rows := set.Pipeline.Consumers[i].Name, 0
			for _, p := range decode(t, &b).Panels {
				if p.Type == "row" && strings.Contains(p.Title, name) {
					rows++
				}
			}
			if rows == 0 {
				t.Errorf("%s has no row for %s", b.Name, name)
			}
		}
	}
}

func TestBoards_WithoutDatabase_HaveNoDatabaseBoard(t *testing.T) {
	t.Parallel()
	set := alarmsOf(t, parse(t, func(b []byte) []byte {
		return bytes.Replace(b, []byte("  ledger:\n"), []byte("  ledger:\n    sink: custom\n"), 1)
	}))
	if set.Pipeline.HasDatabase() {
		t.Fatal("the description has a database all the same")
	}
	boards := boardsOf(t, set)
	checkLint(t, set, boards)
	for _, b := range boards {
		if b.Name == pipeline.BoardDatabase {
			t.Error("there is a board of the database")
		}
		if strings.Contains(string(b.JSON()), "AWS/RDS") {
			t.Errorf("%s asks for a database", b.Name)
		}
	}
}
