package repo_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// importsLine is how a package's comment says what it stands on, in a paragraph of
// its own or at the beginning of one.
var importsLine = regexp.MustCompile(`(?m)^// Of this module it imports [^.]*\.$`)

// What a package says that it imports of this module is what it imports. Internal
// packages may say so; those that others may use have to.
func TestPackages_ImportsLine_IsWhatTheyImport(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./...") {
		file := filepath.Join(p.Dir, "doc.go")
		text, err := os.ReadFile(file)
		if err != nil || p.Name == "main" {
			continue // a directory of files to embed, or a program
		}
		said := importsLine.FindString(string(text))
		if said == "" && hidden(p.ImportPath) {
			continue
		}
		want := wrapped("Of this module it imports " + ours(p) + ".")
		if said != want && *update {
			if err := os.WriteFile(file, []byte(withLine(string(text), said, want, p.Name)), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if said != want {
			t.Errorf("%s: the comment says\n%s\nwant\n%s\ngo test ./internal/repo -update writes it", strings.TrimPrefix(p.ImportPath, module+"/"), said, want)
		}
	}
}

func hidden(path string) bool { return strings.Contains(path+"/", "/internal/") }

// ours are the packages of this module that one imports. Of what a tree keeps to
// itself, as telemetry/internal, whoever may import the package has no need to know more.
func ours(p listed) string {
	var names []string
	for _, path := range p.Imports {
		name, ok := strings.CutPrefix(path, module+"/")
		if !ok {
			continue
		}
		if tree, _, own := strings.Cut(name, "/internal/"); own && !hidden(p.ImportPath) {
			name = tree + "/internal"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	names = slices.Compact(names)
	switch n := len(names); n {
	case 0:
		return "nothing"
	case 1:
		return names[0]
	default:
		return strings.Join(names[:n-1], ", ") + " and " + names[n-1]
	}
}

// wrapped is a sentence as a comment of 80 columns.
func wrapped(sentence string) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(sentence) {
		switch {
		case i == 0:
			b.WriteString("//")
			column = 2
		case column+1+len(word) > 80:
			b.WriteString("\n//")
			column = 2
		}
		b.WriteString(" " + word)
		column += 1 + len(word)
	}
	return b.String()
}

// withLine puts the line in the place of the old one, or at the comment's end.
func withLine(text, old, line, name string) string {
	if old != "" {
		return strings.Replace(text, old, line, 1)
	}
	return strings.Replace(text, "\npackage "+name+"\n", "\n//\n"+line+"\npackage "+name+"\n", 1)
}

func TestWrapped_LongSentence_HasLinesOf80(t *testing.T) {
	t.Parallel()
	got := wrapped("Of this module it imports dashboards/internal/reference, alarms/metricmath and pipeline.")
	if want := "// Of this module it imports dashboards/internal/reference, alarms/metricmath\n// and pipeline."; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if !importsLine.MatchString(got) {
		t.Errorf("it is not found again:\n%s", got)
	}
}
