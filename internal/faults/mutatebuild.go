//go:build unix

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/tracehaul/tracehaul/internal/program"
)

// factory builds programs as things are, and with mutations.
type factory struct {
	root, dir string // of the module; where programs go
	asIs      *mutant
	links     map[string]map[string]bool // packages by program
}

// mutant is a mutation and the programs that are built with it.
type mutant struct {
	mutation

	left  atomic.Int32 // trials
	build sync.Once
	made  programs
	err   error
}

// Programs that are put to the test.
const (
	serviceProgram  = "service"
	consumerProgram = "consumer"
)

func newFactory(ctx context.Context, dir string) (*factory, error) {
	file, err := goEnv(ctx, "GOMOD")
	if err != nil {
		return nil, err
	}
	f := &factory{root: filepath.Dir(file), dir: dir, asIs: new(mutant), links: map[string]map[string]bool{}}
	for _, name := range []string{serviceProgram, consumerProgram} {
		list, err := exec.CommandContext(ctx, "go", "list", "-deps", program.Module+"/cmd/"+name).Output()
		if err != nil {
			return nil, fmt.Errorf("what %s is made of: %w", name, err)
		}
		f.links[name] = map[string]bool{}
		for pkg := range strings.FieldsSeq(string(list)) {
			f.links[name][pkg] = true
		}
	}
	return f, nil
}

func (f *factory) mutant(m mutation) *mutant {
	changed := &mutant{mutation: m}
	changed.left.Store(int32(len(m.claims))) //nolint:gosec // a few
	return changed
}

// programs returns those of a mutant, or as things are, and builds them when
// they are asked for first.
func (f *factory) programs(ctx context.Context, m *mutant) (programs, error) {
	f.asIs.build.Do(func() { f.asIs.made, f.asIs.err = f.buildAsIs(ctx) })
	if m == nil || f.asIs.err != nil {
		return f.asIs.made, f.asIs.err
	}
	m.build.Do(func() { m.made, m.err = f.buildMutant(ctx, m) })
	return m.made, m.err
}

// release deletes a mutant's programs after its last trial.
func (f *factory) release(m *mutant) {
	if m.left.Add(-1) == 0 {
		_ = os.RemoveAll(filepath.Join(f.dir, m.dir()))
		_ = os.RemoveAll(filepath.Join(f.dir, m.skewedDir()))
	}
}

func (m *mutant) dir() string       { return "mutated-" + m.name }
func (m *mutant) skewedDir() string { return "skewed-" + m.name }

func (f *factory) buildAsIs(ctx context.Context) (programs, error) {
	built, err := program.Build(ctx, f.dir, serviceProgram, consumerProgram)
	if err != nil {
		return programs{}, err
	}
	return programs{
		service: built[0], consumer: built[1],
		skewed: once(func(ctx context.Context) (string, string, error) { return buildSkewed(ctx, f.dir) }),
	}, nil
}

// buildMutant builds what a mutation changes, and takes the rest as it is.
func (f *factory) buildMutant(ctx context.Context, m *mutant) (programs, error) {
	edits := f.edits(m)
	made := f.asIs.made
	made.skewed = once(func(ctx context.Context) (string, string, error) {
		skewed, err := skewedTime(ctx)
		if err != nil {
			return "", "", err
		}
		into, err := buildEdited(ctx, f.dir, m.skewedDir(), append(skewed, edits...), "cmd/"+serviceProgram, "cmd/"+consumerProgram)
		return filepath.Join(into, serviceProgram), filepath.Join(into, consumerProgram), err
	})
	var commands []string
	for _, to := range []struct {
		name string
		file *string
	}{{serviceProgram, &made.service}, {consumerProgram, &made.consumer}} {
		if m.harness || f.changes(m, to.name) {
			commands = append(commands, "cmd/"+to.name)
			*to.file = filepath.Join(f.dir, m.dir(), to.name)
		}
	}
	if m.harness {
		commands = append(commands, "internal/faults")
	}
	if len(commands) == 0 {
		return programs{}, fmt.Errorf("%s changes nothing that is in the service or in the consumer", m.name)
	}
	_, err := buildEdited(ctx, f.dir, m.dir(), edits, commands...)
	return made, err
}

// edits are a mutation's, with whole paths.
func (f *factory) edits(m *mutant) (edits []edit) {
	for _, e := range m.edits {
		e.file = filepath.Join(f.root, e.file)
		edits = append(edits, e)
	}
	return edits
}

// changes reports whether a program is made of what a mutation edits.
func (f *factory) changes(m *mutant, name string) bool {
	for _, e := range m.edits {
		if f.links[name][path.Join(program.Module, path.Dir(e.file))] {
			return true
		}
	}
	return false
}
