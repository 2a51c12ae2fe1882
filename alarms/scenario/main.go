package scenario

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tracehaul/tracehaul/internal/figure"
)

// Options are what the command `tracehaul alarms test` is told.
type Options struct {
	Config

	// Paths are files, and directories whose *.scenario are played. Where one
	// is a file, a run passes though there are alarms that were not tried.
	// Required.
	Paths []string

	// Level is how much is written. Defaults to LevelUsual.
	Level Level

	// JSON is whether the report is written as JSON. Defaults to false.
	JSON bool

	// Mutate is whether the alarms are made wrong, to see whether a scenario
	// notices. Defaults to false.
	Mutate bool

	// Equivalents is the file in which mutants are declared to be no fault.
	// Defaults to equivalent.txt in the first of the paths or, if that is a
	// file, beside it. One that is not there declares none.
	Equivalents string

	// Score is how many percent of the mutants have to be noticed. Defaults to
	// 90.
	Score float64
}

// Main plays scenarios, or mutates alarms, and writes what came of it. The error
// says why the command fails.
func Main(ctx context.Context, w io.Writer, o Options) error {
	if len(o.Paths) == 0 {
		return errors.New("no scenarios: name files, or directories that have *.scenario")
	}
	if o.Mutate {
		return o.mutate(ctx, w)
	}
	for _, path := range o.Paths {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			o.Incomplete = true
		}
	}
	r, err := RunFiles(ctx, o.Config, o.Paths...)
	if err != nil {
		return err
	}
	if o.JSON {
		err = writeJSON(w, r)
	} else {
		err = r.Text(w, o.Level)
	}
	return errors.Join(err, r.Failed())
}

func (o Options) mutate(ctx context.Context, w io.Writer) error {
	if o.Equivalents == "" {
		dir := o.Paths[0]
		if info, err := os.Stat(dir); err == nil && !info.IsDir() {
			dir = filepath.Dir(dir)
		}
		o.Equivalents = filepath.Join(dir, "equivalent.txt")
	}
	if o.Score == 0 {
		o.Score = 90
	}
	equivalents, err := loadDeclarations(o.Equivalents)
	if err != nil {
		return err
	}
	m, err := mutateAlarms(ctx, o.Config, equivalents, nil, o.Paths...)
	if err != nil {
		return err
	}
	if o.JSON {
		err = writeJSON(w, m)
	} else {
		err = m.text(w)
	}
	return errors.Join(err, m.failed(o.Score))
}

// failed says why a mutation run fails: too few mutants are noticed, or a
// declaration is out of date.
func (m *mutation) failed(score float64) error {
	var errs []error
	if got := m.score(); got < score {
		errs = append(errs, fmt.Errorf("%.1f %% of the faults are noticed, want %v %%", got, score))
	}
	if n := len(m.Stale); n > 0 {
		errs = append(errs, fmt.Errorf("%s of equivalent mutants out of date", figure.Counted(n, "declaration")))
	}
	return errors.Join(errs...)
}

func writeJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
