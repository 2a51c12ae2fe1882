//go:build unix

package main

import (
	"strings"
	"testing"
)

// A request that was refused and has its event stored all the same is found,
// though the client has sent the event again and was told that it was taken.
func TestSettle_RefusedThenAccepted_RowOfTheRefusedIsFound(t *testing.T) {
	for name, test := range map[string]struct {
		refused string
		want    int
	}{
		"stored by the refused request":     {"1", 1},
		"stored by the one that was taken":  {"other", 0},
		"a dead letter of the refused one":  {"2", 1},
		"a dead letter of the one accepted": {"other", 0},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMade()
			for _, e := range []*entry{m.stored, m.dead} {
				if e.traces[test.refused] != nil {
					m.refusedIn(e, test.refused, "503 overloaded")
				}
			}
			a := settle(m.ledger, m.evidence, m.terms)
			if a.of(unasked) != test.want || len(a.findings) != test.want {
				t.Fatalf("found %v, want %d that nobody asked for", a.findings, test.want)
			}
			if test.want > 0 && !strings.Contains(a.findings[0].what, "503 overloaded") {
				t.Errorf("it says %q, want the refusal", a.findings[0].what)
			}
		})
	}
}
