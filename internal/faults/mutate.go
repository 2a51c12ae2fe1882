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
)

// mutate takes one safeguard after the other away and plays the scenario that
// should notice. It returns the exit code: a safeguard that nobody misses is a
// failure.
func (o options) mutate(ctx context.Context, dir string, stdout, stderr io.Writer) int {
	chosen := slices.DeleteFunc(slices.Clone(mutations), func(m mutation) bool { return !o.which.MatchString(m.name) })
	root, err := moduleRoot(ctx)
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "faults: %v\n", err)
		return exitFailed
	}
	survived := 0
	for _, m := range chosen {
		began := time.Now()
		said, err := o.noticed(ctx, dir, root, m)
		if ctx.Err() != nil {
			_, _ = fmt.Fprintln(stderr, "faults: interrupted")
			return exitFailed
		}
		if err != nil {
			survived++
			said = "NOT NOTICED: " + strings.ReplaceAll(err.Error(), "\n", "\n    ")
		}
		_, _ = fmt.Fprintf(stdout, "%s: %s (%.0fs)\n    %s: %.200s\n", m.name, m.what, time.Since(began).Seconds(), m.scenario, said)
	}
	_, _ = fmt.Fprintf(stdout, "%d safeguards taken away, %d of them unnoticed\n", len(chosen), survived)
	if survived > 0 || len(chosen) == 0 {
		return exitFailed
	}
	return exitOK
}

func moduleRoot(ctx context.Context) (string, error) {
	file, err := goEnv(ctx, "GOMOD")
	return filepath.Dir(file), err
}

// noticed plays a mutation's scenario with the mutated programs and returns
// what that said of it.
func (o options) noticed(ctx context.Context, dir, root string, m mutation) (said string, err error) {
	build := func(name string, further []edit, more ...string) (string, string, error) {
		for _, e := range m.edits {
			e.file = filepath.Join(root, e.file)
			further = append(further, e)
		}
		return buildEdited(ctx, dir, name, further, more...)
	}
	if m.harness {
		name := "mutated-" + m.name
		if _, _, err := build(name, nil, "internal/faults"); err != nil {
			return "", err
		}
		return m.playItself(ctx, filepath.Join(dir, name))
	}
	var p programs
	if p.service, p.consumer, err = build("mutated-"+m.name, nil); err != nil {
		return "", err
	}
	p.skewed = func(ctx context.Context) (string, string, error) {
		edits, err := skewedTime(ctx)
		if err != nil {
			return "", "", err
		}
		return build("skewed-"+m.name, edits)
	}
	s := &stage{description: o.description, programs: p, output: func() *output { return new(output) }}
	v := s.play(ctx, scenarioNamed(m.scenario), func(string) {})
	return v.says(m.says)
}

// playItself has this program, mutated as the others are, play the scenario.
func (m mutation) playItself(ctx context.Context, dir string) (said string, err error) {
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "faults"), "-programs", dir, "-run", "^"+m.scenario+"$")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	out, err := cmd.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); !ok || failed.ExitCode() != exitFailed {
		return "", fmt.Errorf("the scenario did not fail: %w\n%s", cmp.Or(err, errors.New("all is well")), out)
	}
	for line := range strings.Lines(string(out)) {
		if text, ok := strings.CutPrefix(line, findingIndent); ok && strings.Contains(text, m.says) && !strings.HasPrefix(text, " ") && text != scenarioNamed(m.scenario).what+"\n" {
			return strings.TrimSpace(text), nil
		}
	}
	return "", fmt.Errorf("the scenario says nothing with %q, but: %s", m.says, out)
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
		if strings.Contains(text, part) {
			return text, nil
		}
	}
	if len(all) == 0 {
		return "", fmt.Errorf("the scenario says that all is well, want %q", part)
	}
	return "", fmt.Errorf("the scenario says nothing with %q, but: %s", part, all[0])
}
