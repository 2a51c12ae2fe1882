//go:build unix

package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What mutations change is there to be changed, and their scenarios exist.
func TestMutations_EditsAndScenarios_AreThere(t *testing.T) {
	name, seen := regexp.MustCompile(`^[a-z0-9-]+$`), map[string]bool{}
	for _, m := range mutations() {
		if !name.MatchString(m.name) || seen[m.name] || m.what == "" || len(m.claims) == 0 {
			t.Errorf("%q: want a name of its own, what is gone, and a scenario that notices", m.name)
		}
		seen[m.name] = true
		edits := slices.Clone(m.edits)
		for i := range edits {
			edits[i].file = filepath.Join("..", "..", edits[i].file)
		}
		if _, err := writeOverlay(t.TempDir(), edits); err != nil {
			t.Errorf("%s: %v", m.name, err)
		}
		for _, c := range m.claims {
			if scenarioNamed(c.scenario).name == "" || c.says == "" {
				t.Errorf("%s: %q says %q: want a scenario that there is, and a part of what it says", m.name, c.scenario, c.says)
			}
		}
	}
}

// Every scenario is missed by a mutation, or says why not.
func TestScenarios_EachNeededOrExplained(t *testing.T) {
	claimed := map[string]bool{}
	for _, m := range mutations() {
		for _, c := range m.claims {
			claimed[c.scenario] = true
		}
	}
	known := map[string]bool{}
	for _, sc := range scenarios() {
		known[sc.name] = true
		if _, explained := unclaimed[sc.name]; claimed[sc.name] == explained {
			t.Errorf("%s: in a mutation's claims: %v; among the scenarios without: %v; want one of the two", sc.name, claimed[sc.name], explained)
		}
	}
	for name, why := range unclaimed {
		if !known[name] || why == "" {
			t.Errorf("%s, because %q: want a scenario that there is, and a reason", name, why)
		}
	}
}

// A mutation that nobody notices, or for another reason, is a failure, and so
// is one of a scenario that fails anyway.
func TestPrintTrials_CountsSurvivors(t *testing.T) {
	one, other := &mutant{mutation: mutation{name: "one", what: "gone"}}, &mutant{mutation: mutation{name: "other", what: "gone"}}
	for name, tc := range map[string]struct {
		trials []*trial
		want   int
		text   string
	}{
		"Noticed":            {[]*trial{tried(nil, nil), tried(one, nil)}, 0, "fails: lost"},
		"NotNoticed":         {[]*trial{tried(nil, nil), tried(one, errSurvived), tried(other, nil)}, 1, "NOT NOTICED: survived"},
		"FailsAnyway":        {[]*trial{tried(nil, errSurvived), tried(one, nil)}, 1, "it fails without the mutation, too"},
		"OneOfTwoNotNoticed": {[]*trial{tried(nil, nil), tried(one, nil), tried(one, errSurvived)}, 1, "NOT NOTICED"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			if got := printTrials(t.Context(), &out, tc.trials); got != tc.want || !strings.Contains(out.String(), tc.text) {
				t.Errorf("%d are not missed, want %d and %q: %s", got, tc.want, tc.text, out.String())
			}
		})
	}
}

type survivedError struct{}

func (survivedError) Error() string { return "survived" }

var errSurvived = survivedError{}

func tried(m *mutant, err error) *trial {
	t := &trial{mutant: m, claim: claim{scenario: "a/b", says: "lost"}, said: "lost: it", err: err, done: make(chan struct{})}
	close(t.done)
	return t
}
