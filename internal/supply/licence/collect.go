package licence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// StandardLibrary is the path of the module that Go's standard library counts as.
const StandardLibrary = "std"

// Program is something that is built and given away.
type Program struct {
	Dir     string // of its module
	Package string // of its main, seen from Dir, such as ./cmd/service
	Tags    string // it is built with
}

// Module is one that a program links.
type Module struct {
	Path     string
	Version  string   // empty for StandardLibrary
	Licences []string // SPDX's names, sorted
	Files    []File   // licences and notices, by name
}

// File is a licence or a notice.
type File struct {
	Name string // below the module, with slashes
	Text []byte
}

var (
	licenceForm = regexp.MustCompile(`(?i)^(un)?licen[cs]e|^copying|^copyright`)
	noticeForm  = regexp.MustCompile(`(?i)^notice`)
)

type listed struct {
	ImportPath, Dir string
	Standard        bool
	Module          *struct {
		Path, Version, Dir string
		Main               bool
	}
}

// Of returns the modules that a program links on Linux, on either processor, in
// order of their paths, without its own. The error names each module whose
// licence is not known or not allowed.
func Of(ctx context.Context, p Program) ([]Module, error) {
	byPath := map[string]*Module{}
	var problems []error
	seen := map[string]bool{}
	for _, processor := range []string{"arm64", "amd64"} {
		packages, err := list(ctx, p, processor)
		if err != nil {
			return nil, err
		}
		for _, l := range packages {
			if l.Standard || l.Module == nil || l.Module.Main || seen[l.ImportPath] {
				continue
			}
			seen[l.ImportPath] = true
			m := byPath[l.Module.Path]
			if m == nil {
				m = &Module{Path: l.Module.Path, Version: l.Module.Version}
				byPath[l.Module.Path] = m
			}
			if err := m.add(l.Module.Dir, l.Dir); err != nil {
				problems = append(problems, fmt.Errorf("%s %s: %w", m.Path, m.Version, err))
			}
		}
	}
	std, err := standardLibrary(ctx)
	if err != nil {
		problems = append(problems, err)
	}
	modules := []Module{std}
	for _, m := range byPath {
		slices.SortFunc(m.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
		slices.Sort(m.Licences)
		modules = append(modules, *m)
	}
	slices.SortFunc(modules, func(a, b Module) int { return strings.Compare(a.Path, b.Path) })
	return modules, distinct(problems)
}

func list(ctx context.Context, p Program, processor string) (packages []listed, err error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", "-tags", p.Tags, "-json=ImportPath,Dir,Standard,Module", p.Package)
	cmd.Dir = p.Dir
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+processor)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list -deps %s in %s: %w\n%s", p.Package, p.Dir, err, stderr.Bytes())
	}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var l listed
		if err := decoder.Decode(&l); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, err
		}
		packages = append(packages, l)
	}
}

// add takes the licences and notices that hold for a package: those of its own
// directory and of all above it in its module.
func (m *Module) add(root, dir string) error {
	licensed := false
	for ; ; dir = filepath.Dir(dir) {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			isLicence := licenceForm.MatchString(entry.Name())
			if entry.IsDir() || !isLicence && !noticeForm.MatchString(entry.Name()) || filepath.Ext(entry.Name()) == ".go" {
				continue
			}
			names, err := m.read(root, filepath.Join(dir, entry.Name()), isLicence)
			if err != nil {
				return err
			}
			licensed = licensed || len(names) > 0
		}
		if dir == root {
			break
		}
	}
	if !licensed {
		return errors.New("there is no licence in it")
	}
	return nil
}

// read takes one file, and returns the licences that it is.
func (m *Module) read(root, path string, isLicence bool) (names []string, err error) {
	name, err := filepath.Rel(root, path)
	if err != nil {
		return nil, err
	}
	name = filepath.ToSlash(name)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if isLicence {
		if names, err = classify(text); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if !slices.ContainsFunc(m.Files, func(f File) bool { return f.Name == name }) {
		m.Files = append(m.Files, File{Name: name, Text: text})
	}
	for _, of := range names {
		if !slices.Contains(m.Licences, of) {
			m.Licences = append(m.Licences, of)
		}
	}
	return names, nil
}

// standardLibrary has no version here: it is that of the Go that builds.
func standardLibrary(ctx context.Context) (Module, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOROOT").Output()
	if err != nil {
		return Module{}, fmt.Errorf("go env GOROOT: %w", err)
	}
	root := strings.TrimSpace(string(out))
	m := Module{Path: StandardLibrary}
	if err := m.add(root, root); err != nil {
		return Module{}, fmt.Errorf("the standard library in %s: %w", root, err)
	}
	return m, nil
}

// distinct says the same of a module once, whatever the number of its packages.
func distinct(problems []error) error {
	seen := map[string]bool{}
	return errors.Join(slices.DeleteFunc(problems, func(err error) bool {
		again := seen[err.Error()]
		seen[err.Error()] = true
		return again
	})...)
}
