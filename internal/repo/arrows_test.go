package repo_test

import (
	"path"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// arrow is a rule of depguard: what files import.
type arrow struct {
	Files []string
	Deny  []struct{ Pkg string }
}

func arrows(t *testing.T) map[string]arrow {
	t.Helper()
	var config struct {
		Linters struct {
			Settings struct {
				Depguard struct{ Rules map[string]arrow }
			}
		}
	}
	if err := yaml.Unmarshal([]byte(readFile(t, ".golangci.yml")), &config); err != nil {
		t.Fatal(err)
	}
	return config.Linters.Settings.Depguard.Rules
}

// Each package that others may use, and what is internal to one, has a rule on
// which of ours it stands.
func TestArrows_EachPublicPackage_HasOne(t *testing.T) {
	t.Parallel()
	rules := arrows(t)
	for _, p := range list(t, "./...") {
		dir := strings.TrimPrefix(p.ImportPath, module+"/")
		if p.Name == "main" || len(p.GoFiles) == 0 || strings.HasPrefix(dir, "internal/") || strings.HasPrefix(dir, "cmd/") {
			continue
		}
		guarded := false
		for _, rule := range rules {
			guarded = guarded || rule.guards(dir)
		}
		if !guarded {
			t.Errorf("%s may import anything of ours: want a rule of depguard for it in .golangci.yml", dir)
		}
	}
}

// Directories that are renamed leave their rules behind, and another form of
// pattern may not mean what it seems to.
func TestArrows_Files_AreOfADirectory(t *testing.T) {
	t.Parallel()
	var dirs []string
	for _, p := range list(t, "./...") {
		dirs = append(dirs, strings.TrimPrefix(p.ImportPath, module+"/"))
	}
	for name, rule := range arrows(t) {
		for _, pattern := range rule.Files {
			if pattern == "!$test" {
				continue
			}
			if !slices.ContainsFunc(dirs, func(dir string) bool { return covers(pattern, dir) }) {
				t.Errorf("%s: %q has no package: want ${config-path}/DIR/** or ${config-path}/DIR/*.go", name, pattern)
			}
		}
	}
}

func (a arrow) guards(dir string) bool {
	denied := slices.ContainsFunc(a.Deny, func(d struct{ Pkg string }) bool { return d.Pkg == module })
	return denied && slices.ContainsFunc(a.Files, func(pattern string) bool { return covers(pattern, dir) })
}

// covers is whether the files in a directory are among those of a pattern, of the
// two forms that are in use.
func covers(pattern, dir string) bool {
	below, ok := strings.CutPrefix(pattern, "${config-path}/")
	if !ok {
		return false
	}
	if all, ok := strings.CutSuffix(below, "/**"); ok {
		return strings.HasPrefix(dir+"/", all+"/")
	}
	return path.Base(below) == "*.go" && path.Dir(below) == dir
}
