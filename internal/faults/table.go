//go:build unix

package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// mostFindings is how many are printed of a scenario.
const mostFindings = 12

// findingIndent is before what is printed beneath a scenario.
const findingIndent = "    "

const nameWidth = 38

func printHead(w io.Writer) {
	_, _ = fmt.Fprintf(w, "%-*s %6s %8s %6s %5s %5s %7s %6s %7s\n", nameWidth,
		"SCENARIO", "EVENTS", "ACCEPTED", "ROWS", "DLQ", "LOST", "DOUBLED", "BROKEN", "TIME")
}

// print writes a scenario's line and, beneath, all that is wrong.
func (v *verdict) print(w io.Writer) {
	a := v.account
	if a == nil {
		a = new(account)
	}
	state := "ok"
	if !v.ok() {
		state = "FAILED"
	}
	if v.repeats > 0 {
		state += fmt.Sprintf(", repeats: %d", v.repeats)
	}
	_, _ = fmt.Fprintf(w, "%-*s %6d %8d %6d %5d %5d %7d %6d %6.1fs  %s\n", nameWidth, v.scenario.name,
		a.events, a.accepted, len(a.rows), len(a.letters), a.of(lost), a.of(doubled), a.of(broken), v.took.Seconds(), state)
	if v.ok() {
		return
	}
	_, _ = fmt.Fprintf(w, "%s%s\n", findingIndent, v.scenario.what)
	for _, err := range v.errs {
		_, _ = fmt.Fprintf(w, findingIndent+"%s\n", strings.ReplaceAll(err.Error(), "\n", "\n      "))
	}
	for i, f := range a.findings {
		if i == mostFindings {
			_, _ = fmt.Fprintf(w, "    ... and %d more findings\n", len(a.findings)-i)
			break
		}
		_, _ = fmt.Fprintf(w, findingIndent+"%s\n", strings.ReplaceAll(f.String(), "\n", "\n      "))
	}
	_, _ = fmt.Fprintf(w, "    The fault was met %d times. The last lines of the programs:\n", v.hits)
	for _, line := range v.lines {
		_, _ = fmt.Fprintf(w, "      %.400s\n", line)
	}
}

// printSum writes what all came to, and reports whether all is well.
func printSum(w io.Writer, verdicts []verdict, took time.Duration) bool {
	var failed []string
	events, repeats := 0, 0
	for i := range verdicts {
		v := &verdicts[i]
		if v.account != nil {
			events += v.account.events
		}
		repeats += v.repeats
		if !v.ok() {
			failed = append(failed, v.scenario.name)
		}
	}
	if repeats > 0 {
		_, _ = fmt.Fprintf(w, "Of what depends on time %d parts were missed and repeated: right on a busy machine, and a reason to look on an idle one\n", repeats)
	}
	if len(failed) == 0 {
		_, _ = fmt.Fprintf(w, "%d scenarios, %d events, %.0fs: nothing lost, nothing doubled, no trace broken\n", len(verdicts), events, took.Seconds())
		return true
	}
	_, _ = fmt.Fprintf(w, "%d scenarios, %d events, %.0fs: %d failed: %s\n", len(verdicts), events, took.Seconds(), len(failed), strings.Join(failed, ", "))
	return false
}
