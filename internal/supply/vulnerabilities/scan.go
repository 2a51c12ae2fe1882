package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// modulesBelow are the directories of the modules below root, with slashes, root's
// own first.
func modulesBelow(root string) (modules []string, err error) {
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && slices.Contains([]string{"testdata", "vendor", "node_modules", "dist", ".git", ".terraform"}, entry.Name()):
			return filepath.SkipDir
		case entry.Name() != "go.mod":
			return nil
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		modules = append(modules, filepath.ToSlash(dir))
		return err
	})
	if err == nil && len(modules) == 0 {
		err = fmt.Errorf("there is no go.mod in or below %s", root)
	}
	slices.Sort(modules)
	return modules, err
}

// finding is a vulnerability in a module, as govulncheck reports it.
type finding struct {
	module string // the directory of ours
	id     string // GO-2026-1234
	in     string // the module that has it, with its version
	fixed  string // the version without it, if there is one
	title  string
	call   string // from our code to the vulnerable symbol; empty if linked only
}

// message is what is needed of a message of govulncheck's protocol v1: see
// golang.org/x/vuln/internal/govulncheck.
type message struct {
	OSV *struct {
		ID      string `json:"id"`
		Summary string `json:"summary"`
		Details string `json:"details"`
	} `json:"osv"`
	Finding *struct {
		OSV          string  `json:"osv"`
		FixedVersion string  `json:"fixed_version"`
		Trace        []frame `json:"trace"`
	} `json:"finding"`
}

type frame struct {
	Module   string `json:"module"`
	Version  string `json:"version"`
	Package  string `json:"package"`
	Receiver string `json:"receiver"`
	Function string `json:"function"`
}

func (f frame) String() string {
	return strings.Join(slices.DeleteFunc([]string{f.Package, strings.TrimPrefix(f.Receiver, "*"), f.Function}, func(s string) bool { return s == "" }), ".")
}

// scan has govulncheck look at a module: at all its packages or, where it has
// none, at the tools that it names.
func scan(ctx context.Context, database, root, module string) ([]finding, error) {
	dir := filepath.Join(root, filepath.FromSlash(module))
	list := exec.CommandContext(ctx, "go", "list", "./...")
	list.Dir = dir
	packages, err := list.Output()
	if err != nil {
		return nil, explain("go list in "+module, err)
	}
	pattern := "./..."
	if len(bytes.TrimSpace(packages)) == 0 {
		pattern = "tool"
	}
	tools, err := toolsFile(ctx)
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, "go", "tool", "-modfile="+tools, "govulncheck", "-C", dir, "-db", database, "-format", "json", pattern)
	out, err := cmd.Output()
	if err != nil {
		return nil, explain("govulncheck in "+module, err)
	}
	return parse(module, bytes.NewReader(out))
}

// toolsFile is the go.mod of the tools, wherever in this repository it is asked for.
func toolsFile(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Dir}}", "github.com/tracehaul/tracehaul").Output()
	if err != nil {
		return "", explain("go list -m", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "tools", "go.mod"), nil
}

func explain(what string, err error) error {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return fmt.Errorf("%s: %w\n%s", what, err, bytes.TrimSpace(exit.Stderr))
	}
	return fmt.Errorf("%s: %w", what, err)
}

// parse reads what govulncheck prints. It reports a vulnerability again and again:
// by module, by package, and by each way in which it is called; here it is one
// finding, called if it is in any way.
func parse(module string, r io.Reader) ([]finding, error) {
	titles := map[string]string{}
	byID := map[string]*finding{}
	for decoder := json.NewDecoder(r); ; {
		var m message
		if err := decoder.Decode(&m); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("what govulncheck says of %s: %w", module, err)
		}
		if m.OSV != nil {
			titles[m.OSV.ID] = title(m.OSV.Summary, m.OSV.Details)
		}
		if m.Finding == nil || len(m.Finding.Trace) == 0 {
			continue
		}
		at := m.Finding.Trace[0]
		f := byID[m.Finding.OSV+" "+at.Module]
		if f == nil {
			f = &finding{module: module, id: m.Finding.OSV, in: strings.TrimSpace(at.Module + " " + at.Version), fixed: m.Finding.FixedVersion}
			byID[m.Finding.OSV+" "+at.Module] = f
		}
		if at.Function != "" && f.call == "" {
			f.call = fmt.Sprintf("%s, from %s", at, m.Finding.Trace[len(m.Finding.Trace)-1])
		}
	}
	found := make([]finding, 0, len(byID))
	for _, f := range byID {
		f.title = titles[f.id]
		found = append(found, *f)
	}
	slices.SortFunc(found, func(a, b finding) int { return strings.Compare(a.id+a.in, b.id+b.in) })
	return found, nil
}

// title is one line on a vulnerability; old ones have no summary.
func title(summary, details string) string {
	if summary != "" {
		return summary
	}
	line, _, _ := strings.Cut(details, ". ")
	return line
}

func count(found []finding, called bool) (n int) {
	for _, f := range found {
		if (f.call != "") == called {
			n++
		}
	}
	return n
}
