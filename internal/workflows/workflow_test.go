package workflows_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// root is the repository's top, seen from this package.
var root = filepath.Join("..", "..")

// workflow is a file in .github/workflows, as far as tests look at it.
type workflow struct {
	name string // of the file, without .yml
	text string
	node yaml.Node

	On          map[string]any
	Permissions map[string]string
	Defaults    struct {
		Run struct{ Shell string }
	}
	Jobs map[string]*job
}

type job struct {
	If             string
	Needs          any
	Environment    string
	TimeoutMinutes int `yaml:"timeout-minutes"`
	Permissions    map[string]string
	Env            map[string]string
	Outputs        map[string]string
	Steps          []*step
	Uses           string
	With           map[string]string
	Secrets        string
	Concurrency    string
}

type step struct {
	ID, Name, If, Uses, Run string
	ContinueOnError         bool `yaml:"continue-on-error"`
	With, Env               map[string]string
}

// String names a step as GitHub shows it.
func (s *step) String() string {
	for _, name := range []string{s.Name, s.Uses, s.Run} {
		if name != "" {
			return strings.TrimSpace(name)
		}
	}
	return "a step"
}

func parse(name, text string) (*workflow, error) {
	w := &workflow{name: name, text: text}
	if err := yaml.Unmarshal([]byte(text), &w.node); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := w.node.Decode(w); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return w, nil
}

// load reads all workflows, by the names of their files.
func load(t *testing.T) map[string]*workflow {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no workflows: %v", err)
	}
	all := map[string]*workflow{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		w, err := parse(strings.TrimSuffix(filepath.Base(file), ".yml"), string(text))
		if err != nil {
			t.Fatal(err)
		}
		all[w.name] = w
	}
	return all
}

// runs are the steps with scripts, with where they are.
func runs(all map[string]*workflow) map[string]*step {
	found := map[string]*step{}
	for _, w := range all {
		for name, j := range w.Jobs {
			for _, s := range j.Steps {
				if s.Run != "" {
					found[w.name+"/"+name+": "+s.String()] = s
				}
			}
		}
	}
	return found
}

// sorted are the keys of a map in order, so that tests say the same each time.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func read(t *testing.T, path ...string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(append([]string{root}, path...)...))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
