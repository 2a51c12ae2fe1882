package repo_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/internal/program"
)

const module = "github.com/tracehaul/tracehaul"

var update = flag.Bool("update", false, "rewrite the lists of what each program links, what others may use, and what each package imports, and what the README and docs/dependencies.md say of programs")

// root is the repository's top, seen from this package.
var root = filepath.Join("..", "..")

type listed struct {
	ImportPath, Dir, Name string
	GoFiles, Imports      []string
	Standard              bool
	Module                *struct{ Path string }
}

func list(t *testing.T, args ...string) []listed {
	t.Helper()
	if err := program.WatchSources(); err != nil { // go list reads them, not this program
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-json=ImportPath,Dir,Name,GoFiles,Imports,Standard,Module"}, args...)...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64") // where the pipeline runs
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	var packages []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

func programs(t *testing.T) []listed {
	t.Helper()
	return slices.DeleteFunc(list(t, "./cmd/..."), func(p listed) bool { return p.Name != "main" })
}

// A program that starts to link something shows it in a diff of its list.
func TestPrograms_WhatTheyLink_IsListed(t *testing.T) {
	for _, p := range programs(t) {
		t.Run(filepath.Base(p.Dir), func(t *testing.T) {
			var links []string
			for _, d := range list(t, "-deps", "-tags", "lambda.norpc", p.ImportPath) {
				if !d.Standard && d.ImportPath != p.ImportPath {
					links = append(links, d.ImportPath+"\n")
				}
			}
			slices.Sort(links) // go list orders them by who imports whom first
			got := strings.Join(links, "")
			file := filepath.Join(p.Dir, "links.txt")
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v; go test ./internal/repo -update writes it", err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("%s links something else than links.txt says; look at it, then go test ./internal/repo -update (-want +got):\n%s", p.ImportPath, diff)
			}
		})
	}
}

// What must never be in the programs that are deployed, but for what some of them
// are there for.
func TestPrograms_LinkNothingOfTheTools(t *testing.T) {
	forbidden := []string{
		"github.com/grafana/", "github.com/pressly/goose", "github.com/fergusstrange/", "github.com/alecthomas/kong", "testing",
		module + "/alarms", module + "/dashboards", module + "/internal/localcloud", module + "/internal/web",
	}
	purpose := map[string]string{"migrate": "github.com/pressly/goose", "notifier": module + "/alarms"}
	for _, p := range programs(t) {
		name := filepath.Base(p.Dir)
		if name == "tracehaul" {
			continue
		}
		for _, d := range list(t, "-deps", "./cmd/"+name) {
			for _, f := range forbidden {
				if f == purpose[name] {
					continue
				}
				if d.ImportPath == f || strings.HasPrefix(d.ImportPath, f) && f != "testing" {
					t.Errorf("cmd/%s links %s", name, d.ImportPath)
				}
			}
			if other := map[string]string{"service": "consumer", "consumer": "service"}[name]; strings.HasPrefix(d.ImportPath+"/", module+"/"+other+"/") {
				t.Errorf("cmd/%s links %s", name, d.ImportPath)
			}
		}
	}
}

func TestFunctions_LinkNoGRPC(t *testing.T) {
	for _, p := range programs(t) {
		name := filepath.Base(p.Dir)
		if name == "service" || name == "tracehaul" { // all others are functions
			continue
		}
		for _, d := range list(t, "-deps", "./cmd/"+name) {
			if strings.HasPrefix(d.ImportPath, "google.golang.org/grpc") {
				t.Errorf("cmd/%s links %s, which costs start-up and size", name, d.ImportPath)
				break
			}
		}
	}
}

func TestTelemetry_UsableAlone(t *testing.T) {
	for _, d := range list(t, "-deps", "./telemetry/...") {
		if strings.HasPrefix(d.ImportPath, module+"/") && !strings.HasPrefix(d.ImportPath+"/", module+"/telemetry/") {
			t.Errorf("telemetry imports %s", d.ImportPath)
		}
	}
}

func TestPackages_EachSaysOnceWhatItIsFor(t *testing.T) {
	for _, p := range list(t, "./...") {
		var comments []string
		for _, file := range p.GoFiles {
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, file), nil, parser.PackageClauseOnly|parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			if f.Doc != nil {
				comments = append(comments, file)
			}
		}
		if len(p.GoFiles) > 0 && len(comments) != 1 {
			t.Errorf("%s has %d package comments %v, want 1", p.ImportPath, len(comments), comments)
		}
	}
}

func TestGoMod_NoReplace(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(strings.TrimSpace(line), "replace") {
			t.Errorf("go.mod: %s", line)
		}
	}
}

// Modules that lost their owners, or that this project replaces.
func TestGoMod_NoDeprecatedInstrumentation(t *testing.T) {
	for _, d := range list(t, "-deps", "-test", "./...") {
		if d.Module == nil {
			continue
		}
		for _, gone := range []string{"go.opentelemetry.io/contrib/instrumentation/github.com/aws", "go.opentelemetry.io/contrib/propagators/aws", "go.opentelemetry.io/contrib/detectors/aws", "gopkg.in/yaml.v3"} {
			if strings.HasPrefix(d.Module.Path, gone) {
				t.Errorf("%s is linked", d.Module.Path)
			}
		}
	}
}
