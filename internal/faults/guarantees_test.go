//go:build unix

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const guarantees = "../../docs/guarantees.md"

// promise is a row of the table in docs/guarantees.md.
type promise struct {
	text                        string
	files, scenarios, mutations map[string]bool
}

var link = regexp.MustCompile(`\]\(([^)]+)\)`)

// promises reads the table.
func promises(t *testing.T) (all []promise) {
	t.Helper()
	text, err := os.ReadFile(guarantees)
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "<!-- promises -->\n")
	table, _, ok := strings.Cut(table, "<!-- /promises -->")
	lines := strings.Split(strings.TrimSpace(table), "\n")
	if !ok || len(lines) < 3 {
		t.Fatalf("%s: want a table between the marks of promises", guarantees)
	}
	for _, line := range lines[2:] {
		cells := strings.Split(strings.Trim(line, "| "), " | ")
		if len(cells) != 4 {
			t.Fatalf("%s: %q has %d cells, want 4", guarantees, line, len(cells))
		}
		p := promise{text: cells[0], files: map[string]bool{}, scenarios: map[string]bool{}, mutations: map[string]bool{}}
		for _, l := range link.FindAllStringSubmatch(cells[1], -1) {
			p.files[strings.TrimPrefix(l[1], "../")] = true
		}
		for group := range strings.SplitSeq(cells[2], "; ") {
			part, names, _ := strings.Cut(group, ": ")
			for name := range strings.SplitSeq(names, ", ") {
				p.scenarios[part+"/"+name] = true
			}
		}
		for name := range strings.SplitSeq(cells[3], ", ") {
			p.mutations[name] = true
		}
		all = append(all, p)
	}
	return all
}

// Every promise has a file, a scenario and a mutation that there are, and every
// scenario and every mutation is behind a promise.
func TestGuarantees_TableIsWhatThereIs(t *testing.T) {
	scenarioLeft, mutationLeft := map[string]bool{}, map[string]bool{}
	for _, sc := range scenarios() {
		scenarioLeft[sc.name] = true
	}
	for _, m := range mutations() {
		mutationLeft[m.name] = true
	}
	known := func(of map[string]bool, name string) bool { _, ok := of[name]; return ok }
	for _, p := range promises(t) {
		if len(p.files) == 0 {
			t.Errorf("%s: want links to the files that keep it", p.text)
		}
		for file := range p.files {
			if _, err := os.Stat(filepath.Join("../..", file)); err != nil {
				t.Errorf("%s: %v", p.text, err)
			}
		}
		for name := range p.scenarios {
			if !known(scenarioLeft, name) {
				t.Errorf("%s: there is no scenario %s", p.text, name)
			}
			scenarioLeft[name] = false
		}
		for name := range p.mutations {
			if !known(mutationLeft, name) {
				t.Errorf("%s: there is no mutation %s", p.text, name)
			}
			mutationLeft[name] = false
		}
	}
	for kind, left := range map[string]map[string]bool{"scenario": scenarioLeft, "mutation": mutationLeft} {
		for name, missing := range left {
			if missing {
				t.Errorf("%s: the table has no %s %s", guarantees, kind, name)
			}
		}
	}
}

// A mutation is in the row of the files that it changes and of the scenarios
// that miss it.
func TestGuarantees_MutationsAreInTheirRows(t *testing.T) {
	all := promises(t)
	for _, m := range mutations() {
		for _, p := range all {
			if !p.mutations[m.name] {
				continue
			}
			for _, e := range m.edits {
				if !p.files[e.file] {
					t.Errorf("%s: mutation %s changes %s, which the row does not name", p.text, m.name, e.file)
				}
			}
			for _, c := range m.claims {
				if !p.scenarios[c.scenario] {
					t.Errorf("%s: mutation %s makes %s fail, which the row does not name", p.text, m.name, c.scenario)
				}
			}
		}
	}
}
