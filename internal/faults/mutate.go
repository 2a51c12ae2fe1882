//go:build unix

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/internal/harness"
)

// trial is one play of a scenario: as things are, or with a mutation.
type trial struct {
	mutant *mutant // nil as things are
	claim

	done chan struct{} // closed when the rest is known
	said string
	err  error
	took time.Duration
}

// mutate takes one safeguard after the other away and plays the scenarios that
// claim to notice. First each of them has to pass as things are. It returns the
// exit code: a safeguard that nobody misses is a failure.
func (o options) mutate(ctx context.Context, dir string, stdout, stderr io.Writer) int {
	chosen := slices.DeleteFunc(mutations(), func(m mutation) bool { return !o.which.MatchString(m.name) || o.short && !m.short })
	if len(chosen) == 0 {
		_, _ = fmt.Fprintln(stderr, "faults: no mutation has such a name; -mutate -list prints them")
		return harness.ExitUsage
	}
	if o.list {
		for _, m := range chosen {
			_, _ = fmt.Fprintf(stdout, "%-*s %s\n", nameWidth, m.name, m.what)
		}
		return harness.ExitOK
	}
	f, err := newFactory(ctx, dir)
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "faults: %v\n", err)
		return harness.ExitFailed
	}
	trials := o.trials(f, chosen)
	go o.playAll(scenariosOf(trials), func(i int) { o.try(ctx, f, trials[i]) })
	survived := printTrials(ctx, stdout, trials)
	if ctx.Err() != nil {
		_, _ = fmt.Fprintln(stderr, "faults: interrupted")
		return harness.ExitFailed
	}
	_, _ = fmt.Fprintf(stdout, "%d safeguards taken away: %d are not missed\n", len(chosen), survived)
	if len(chosen) == len(mutations()) {
		printUnclaimed(stdout)
	}
	if survived > 0 {
		return harness.ExitFailed
	}
	return harness.ExitOK
}

// trials are all plays in their order: those as things are come first.
func (o options) trials(f *factory, chosen []mutation) (trials []*trial) {
	add := func(m *mutant, c claim) {
		trials = append(trials, &trial{mutant: m, claim: c, done: make(chan struct{})})
	}
	seen := map[string]bool{}
	for _, m := range chosen {
		if o.short {
			m.claims = m.claims[:1]
		}
		for _, c := range m.claims {
			if !seen[c.scenario] {
				seen[c.scenario] = true
				add(nil, claim{scenario: c.scenario})
			}
		}
	}
	for _, m := range chosen {
		if o.short {
			m.claims = m.claims[:1]
		}
		changed := f.mutant(m)
		for _, c := range m.claims {
			add(changed, c)
		}
	}
	return trials
}

func scenariosOf(trials []*trial) []scenario {
	all := map[string]scenario{}
	for _, sc := range scenarios() {
		all[sc.name] = sc
	}
	played := make([]scenario, len(trials))
	for i, t := range trials {
		played[i] = all[t.scenario]
	}
	return played
}

// mutantPatience is how long a scenario may wait for what a mutation has made
// impossible.
const mutantPatience = 25 * time.Second

// try plays a trial.
func (o options) try(ctx context.Context, f *factory, t *trial) {
	defer close(t.done)
	if ctx.Err() != nil {
		return
	}
	p, err := f.programs(ctx, t.mutant)
	if err != nil {
		t.err = err
		return
	}
	began := time.Now()
	defer func() { t.took = time.Since(began) }()
	if t.mutant != nil {
		defer f.release(t.mutant)
	}
	if t.mutant != nil && t.mutant.harness {
		t.said, t.err = t.playItself(ctx, filepath.Dir(p.service))
		return
	}
	sc := scenarioNamed(t.scenario) // fresh
	if setup := sc.setup; t.mutant != nil {
		sc.setup = func(s *settings) {
			setup(s)
			s.patience = min(s.patience, mutantPatience)
		}
	}
	s := &stage{description: o.description, programs: p, output: func() *output { return newOutput(nil) }}
	v := s.play(ctx, sc, func(string) {})
	if t.mutant != nil {
		t.said, t.err = v.says(t.says)
	} else if !v.ok() {
		t.said, _ = v.says("")
		t.err = errors.New("it fails with every safeguard in its place: " + t.said)
	}
}

// playItself has this program, mutated as the others are, play the scenario.
func (t *trial) playItself(ctx context.Context, dir string) (said string, err error) {
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "faults"), "-programs", dir, "-run", "^"+t.scenario+"$")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	out, err := cmd.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); !ok || failed.ExitCode() != harness.ExitFailed {
		return "", fmt.Errorf("the scenario did not fail: %w\n%s", cmp.Or(err, errors.New("all is well")), out)
	}
	for line := range strings.Lines(string(out)) {
		if text, ok := strings.CutPrefix(line, findingIndent); ok && strings.Contains(text, t.says) && !strings.HasPrefix(text, " ") && text != scenarioNamed(t.scenario).what+"\n" {
			return strings.TrimSpace(text), nil
		}
	}
	return "", fmt.Errorf("the scenario says nothing with %q, but: %s", t.says, out)
}

func scenarioNamed(name string) scenario {
	for _, sc := range scenarios() {
		if sc.name == name {
			return sc
		}
	}
	return scenario{}
}

// says finds in a verdict what is wrong with a certain part in its words.
func (v *verdict) says(part string) (string, error) {
	var all []string
	for _, err := range v.errs {
		all = append(all, err.Error())
	}
	if v.account != nil {
		for _, f := range v.account.findings {
			all = append(all, f.String())
		}
	}
	for _, text := range all {
		for line := range strings.Lines(text) {
			if strings.Contains(line, part) {
				return strings.TrimSpace(line), nil
			}
		}
	}
	if len(all) == 0 {
		return "", fmt.Errorf("the scenario says that all is well, want %q", part)
	}
	return "", fmt.Errorf("the scenario says nothing with %q, but: %s", part, all[0])
}
