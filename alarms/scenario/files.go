package scenario

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline"
)

// Config says what scenarios are played against.
type Config struct {
	// Description is the path of tracehaul.yaml. Required.
	Description string

	// Environment is that of scenarios that name none. Defaults to prod.
	Environment string

	// Alarms makes the alarms of a description. Defaults to those of the kit.
	Alarms func(*pipeline.Pipeline) (*alarms.Set, error)

	// Normal is what signals are on a normal day that the model knows nothing
	// of, by ID; a line "normal" in a file counts more. Defaults to 0 for a signal
	// whose gap is a fault, and to no data for others.
	Normal map[string]float64

	// Parallel is how many scenarios are played at once. Defaults to the
	// number of processors.
	Parallel int

	// Incomplete lets a run pass though there are alarms that no scenario
	// makes go off, stay quiet and recover. It is asked of those that Alarms
	// adds to the kit's or, if it adds none, of all. Defaults to false.
	Incomplete bool
}

// WithDefaults returns the config with its defaults filled in.
func (c Config) WithDefaults() Config {
	if c.Environment == "" {
		c.Environment = "prod"
	}
	if c.Alarms == nil {
		c.Alarms = func(p *pipeline.Pipeline) (*alarms.Set, error) { return alarms.For(p) }
	}
	if c.Parallel <= 0 {
		c.Parallel = runtime.GOMAXPROCS(0)
	}
	return c
}

// suite is scenarios with what they are played on.
type suite struct {
	config    Config
	scenarios []*Scenario
	rigs      map[string]*rig // by environment
}

// load reads files and directories, in which it looks for *.scenario, and
// builds a rig for each environment.
func load(c Config, paths []string) (*suite, error) {
	s := &suite{config: c.WithDefaults(), rigs: map[string]*rig{}}
	var errs []error
	files, err := find(paths)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		some, err := parse(file, b)
		errs = append(errs, err)
		s.scenarios = append(s.scenarios, some...)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no files *.scenario in %v", paths)
	}
	if _, err := s.rig(s.config.Environment); err != nil {
		return nil, err
	}
	for _, x := range s.scenarios {
		if x.Environment == "" {
			x.Environment = s.config.Environment
		}
		r, err := s.rig(x.Environment)
		if err != nil {
			errs = append(errs, &Error{x.File, x.Line, err.Error()})
			continue
		}
		errs = append(errs, r.validate(x))
	}
	if err := inOrder(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// find lists the files at paths, those of a directory in the order of their
// names.
func find(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		err := filepath.WalkDir(path, func(file string, d os.DirEntry, err error) error {
			if err == nil && !d.IsDir() && (file == path || filepath.Ext(file) == ".scenario") {
				files = append(files, file)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("look for scenarios: %w", err)
		}
	}
	return files, nil
}

// environments are those of a description, as far as it can be read.
func environments(description string) []string {
	all, err := pipeline.LoadAll(description)
	if err != nil {
		return nil
	}
	names := make([]string, len(all))
	for i := range all {
		names[i] = all[i].Environment
	}
	return names
}

func (s *suite) rig(environment string) (*rig, error) {
	if r := s.rigs[environment]; r != nil {
		return r, nil
	}
	p, err := pipeline.LoadEnvironment(s.config.Description, environment)
	if all := environments(s.config.Description); errors.Is(err, fs.ErrNotExist) && len(all) > 0 {
		return nil, fmt.Errorf("there is no environment %q: there are %s", environment, strings.Join(all, ", "))
	}
	if err != nil {
		return nil, err
	}
	set, err := s.config.Alarms(p)
	if err != nil {
		return nil, err
	}
	r, err := newRig(set, s.config.Normal)
	if err != nil {
		return nil, err
	}
	s.rigs[environment] = r
	return r, nil
}

// of is the rig of a scenario of the suite.
func (s *suite) of(x *Scenario) *rig { return s.rigs[x.Environment] }

// RunFiles plays all scenarios of files and directories. The error is about
// what cannot be read or played; see [Report.Failed] for what did not go as
// expected.
func RunFiles(ctx context.Context, c Config, paths ...string) (*Report, error) {
	began := time.Now()
	s, err := load(c, paths)
	if err != nil {
		return nil, err
	}
	outcomes := make([]*Outcome, len(s.scenarios))
	err = s.each(len(outcomes), func(i int) (err error) {
		outcomes[i], err = s.of(s.scenarios[i]).run(ctx, s.scenarios[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	asked, err := s.asked()
	if err != nil {
		return nil, err
	}
	if c.Incomplete {
		asked = nil
	}
	r := report(outcomes, s.keys(), asked)
	r.Took = time.Since(began)
	return r, nil
}

// keys are the alarms of the environment that scenarios are for by default.
func (s *suite) keys() []string {
	var keys []string
	for _, a := range s.rigs[s.config.Environment].alarms {
		keys = append(keys, a.Key)
	}
	return keys
}

// asked are the alarms that scenarios have to try in full: those that are added to
// the kit's, which are tried in the kit's own scenarios; without such, all.
func (s *suite) asked() ([]string, error) {
	more, err := added(s.rigs[s.config.Environment].set)
	if err != nil || len(more) == 0 {
		return s.keys(), err
	}
	keys := make([]string, len(more))
	for i := range more {
		keys[i] = more[i].Key
	}
	return keys, nil
}

// each does things at once, as many as the config says, and returns the errors
// in their order.
func (s *suite) each(n int, do func(i int) error) error {
	errs := make([]error, n)
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(n, s.config.Parallel) {
		wg.Go(func() {
			for i := range next {
				errs[i] = do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	return errors.Join(slices.DeleteFunc(errs, func(err error) bool { return err == nil })...)
}
