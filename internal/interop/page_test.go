package interop_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var vectorName = regexp.MustCompile("`((?:" + strings.Join(kinds, "|") + ")-[a-z0-9-]+)`")

// The page has a rule for every vector and a vector for every rule, and tells of
// every difference where it tells of them.
func TestPage_NamesEveryVector(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "propagation.md"))
	if err != nil {
		t.Fatal(err)
	}
	rules, differences, found := strings.Cut(string(b), "\nWhere the two read or write the same thing differently:\n")
	if !found {
		t.Fatal("the page does not say where OpenTelemetry JavaScript differs")
	}
	named, differing := namesIn(rules), namesIn(differences)
	for _, kind := range kinds {
		for _, v := range vectorsOf[map[string]any](t, kind) {
			name, _ := v["name"].(string)
			if !named[name] {
				t.Errorf("no rule names %s", name)
			}
			_, differs := v["javascript"]
			if differs != differing[name] {
				t.Errorf("%s differs in JavaScript: %v, by the page %v", name, differs, differing[name])
			}
			delete(named, name)
			delete(differing, name)
		}
	}
	for name := range named {
		t.Errorf("the page names %s, which is no vector", name)
	}
	for name := range differing {
		t.Errorf("the page names %s, which is no vector", name)
	}
}

func namesIn(page string) map[string]bool {
	names := map[string]bool{}
	for _, m := range vectorName.FindAllStringSubmatch(page, -1) {
		names[m[1]] = true
	}
	return names
}
