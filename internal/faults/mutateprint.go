//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// printTrials prints each trial as soon as those before it are printed, and
// returns how many mutations somebody should have noticed and has not.
func printTrials(ctx context.Context, w io.Writer, trials []*trial) (survived int) {
	sound := map[string]error{} // scenarios as things are
	survivors := map[string]bool{}
	heading := "As things are"
	_, _ = fmt.Fprintln(w, heading)
	for _, t := range trials {
		<-t.done
		if ctx.Err() != nil {
			return 0
		}
		name := ""
		if t.mutant == nil {
			sound[t.scenario] = t.err
		} else {
			name = t.mutant.name
			if text := name + ": " + t.mutant.what; text != heading {
				heading = text
				_, _ = fmt.Fprintln(w, heading)
			}
			if t.err == nil && sound[t.scenario] != nil {
				t.err = fmt.Errorf("it fails without the mutation, too: %w", sound[t.scenario])
			}
		}
		t.print(w)
		survivors[name] = survivors[name] || t.err != nil
	}
	for name, s := range survivors {
		if s && name != "" {
			survived++
		}
	}
	return survived
}

func (t *trial) print(w io.Writer) {
	said := "ok"
	if t.mutant != nil {
		said = "fails: " + oneLine(t.said)
	}
	if t.err != nil {
		said = "NOT NOTICED: " + oneLine(t.err.Error())
		if t.mutant == nil {
			said = "FAILED: " + oneLine(t.err.Error())
		}
	}
	_, _ = fmt.Fprintf(w, "%s%-*s %6.1fs  %.240s\n", findingIndent, nameWidth, t.scenario, t.took.Seconds(), said)
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// printUnclaimed says which scenarios need no mutation, and why.
func printUnclaimed(w io.Writer) {
	_, _ = fmt.Fprintf(w, "%d scenarios have no safeguard of their own to miss:\n", len(unclaimed))
	for _, name := range slices.Sorted(maps.Keys(unclaimed)) {
		_, _ = fmt.Fprintf(w, "%s%-*s %s\n", findingIndent, nameWidth, name, unclaimed[name])
	}
}
