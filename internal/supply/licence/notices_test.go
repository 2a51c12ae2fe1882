package licence_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/internal/program"
	"github.com/tracehaul/tracehaul/internal/supply/licence"
)

var update = flag.Bool("update", false, "rewrite the notices of each program")

// root is the repository's top, seen from this package.
var root = filepath.Join("..", "..", "..")

// programs are all that this repository builds and gives away, by the directory
// of each.
func programs(t *testing.T) map[string]licence.Program {
	t.Helper()
	if err := program.WatchSources(); err != nil { // go list reads them, not this program
		t.Fatal(err)
	}
	all := map[string]licence.Program{
		filepath.Join(root, "build", "collector"): {Dir: filepath.Join(root, "build", "collector"), Package: "."},
	}
	dirs, err := filepath.Glob(filepath.Join(root, "cmd", "*", "main.go"))
	if err != nil || len(dirs) < 5 {
		t.Fatalf("programs are %v, %v", dirs, err)
	}
	for _, dir := range dirs {
		name := filepath.Base(filepath.Dir(dir))
		all[filepath.Dir(dir)] = licence.Program{Dir: root, Package: "./cmd/" + name, Tags: "lambda.norpc"}
	}
	return all
}

// What a program links may be linked, and its notices are those of what it links.
func TestNotices_UpToDate(t *testing.T) {
	t.Parallel()
	for dir, p := range programs(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			modules, err := licence.Of(t.Context(), p)
			if err != nil {
				t.Fatalf("read what is not known, then add it to reviewed, or link something else:\n%v", err)
			}
			got := licence.Notices(filepath.Base(dir), modules)
			file := filepath.Join(dir, "THIRD_PARTY_NOTICES")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatalf("%v; go test ./internal/supply/licence -update writes it", err)
			}
			if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
				t.Errorf("what is linked has other licences than THIRD_PARTY_NOTICES says; look at it, then go test ./internal/supply/licence -update (-want +got):\n%s", diff)
			}
		})
	}
}

const (
	isc = `Copyright (c) 2026 Somebody

Permission to use, copy, modify, and/or distribute this software for any
purpose with or without fee is hereby granted, provided that the above
copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
`
	beerware = `"THE BEER-WARE LICENSE" (Revision 42):
<somebody@example.com> wrote this file. As long as you retain this notice you
can do whatever you want with this stuff. If we meet some day, and you think
this stuff is worth it, you can buy me a beer in return.
`
)

// module is a program that links example.com/dependency, which has these files.
func module(t *testing.T, files map[string]string) licence.Program {
	t.Helper()
	dir := t.TempDir()
	all := map[string]string{
		"go.mod":                   "module example.com/program\n\ngo 1.26\n\nrequire example.com/dependency v1.2.3\n\nreplace example.com/dependency => ./dependency\n",
		"main.go":                  "package main\n\nimport _ \"example.com/dependency/inner\"\n\nfunc main() {}\n",
		"dependency/go.mod":        "module example.com/dependency\n\ngo 1.26\n",
		"dependency/inner/code.go": "package inner\n",
		"dependency/other/code.go": "package other\n",
	}
	for name, text := range files {
		all["dependency/"+name] = text
	}
	for name, text := range all {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return licence.Program{Dir: dir, Package: "."}
}

func TestOf_Licences(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files map[string]string
		want  string   // licences
		fails []string // what the error says
		has   []string // files
	}{
		"a known one":                   {files: map[string]string{"LICENSE": isc}, want: "ISC", has: []string{"LICENSE"}},
		"with a notice":                 {files: map[string]string{"LICENSE.txt": isc, "NOTICE": "made by somebody"}, want: "ISC", has: []string{"LICENSE.txt", "NOTICE"}},
		"in the package alone":          {files: map[string]string{"inner/COPYING": isc}, want: "ISC", has: []string{"inner/COPYING"}},
		"none":                          {fails: []string{"example.com/dependency v1.2.3", "there is no licence in it"}},
		"of a package not linked":       {files: map[string]string{"other/LICENSE": isc}, fails: []string{"there is no licence in it"}},
		"a notice alone":                {files: map[string]string{"NOTICE": isc}, fails: []string{"there is no licence in it"}},
		"a text that nobody knows":      {files: map[string]string{"LICENSE": "All rights reserved. Ask us."}, fails: []string{"example.com/dependency v1.2.3: LICENSE: no known licence"}},
		"a known one with much more":    {files: map[string]string{"LICENSE": isc + strings.Repeat("And you owe us a cake for each copy.\n", 20)}, fails: []string{"no known licence", "ISC"}},
		"one that is not on the list":   {files: map[string]string{"LICENSE": beerware}, fails: []string{"example.com/dependency v1.2.3: LICENSE: Beerware may not be linked"}},
		"another for what is linked":    {files: map[string]string{"LICENSE": isc, "inner/LICENSE": beerware}, fails: []string{"inner/LICENSE: Beerware may not be linked"}},
		"another for what is not":       {files: map[string]string{"LICENSE": isc, "other/LICENSE": beerware}, want: "ISC", has: []string{"LICENSE"}},
		"a source file named after one": {files: map[string]string{"LICENSE": isc, "license.go": "package dependency\n"}, want: "ISC", has: []string{"LICENSE"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			modules, err := licence.Of(t.Context(), module(t, test.files))
			if (err != nil) != (len(test.fails) > 0) {
				t.Fatalf("error %v, want one that says %q", err, test.fails)
			}
			for _, want := range test.fails {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error says %q, want %q in it", err, want)
				}
			}
			if err != nil {
				return
			}
			if len(modules) != 2 || modules[0].Path != "example.com/dependency" || modules[1].Path != licence.StandardLibrary {
				t.Fatalf("modules are %v, want the dependency and the standard library", modules)
			}
			var files []string
			for _, f := range modules[0].Files {
				files = append(files, f.Name)
			}
			if got := strings.Join(modules[0].Licences, " "); got != test.want {
				t.Errorf("licences are %q, want %q", got, test.want)
			}
			if diff := cmp.Diff(test.has, files); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOf_NoProgram_SaysWhere(t *testing.T) {
	t.Parallel()
	if _, err := licence.Of(context.Background(), licence.Program{Dir: root, Package: "./cmd/nothing"}); err == nil || !strings.Contains(err.Error(), "cmd/nothing") {
		t.Errorf("error %v, want one that names cmd/nothing", err)
	}
}

// A text that several have is there once, with all whose it is.
func TestNotices_SameText_IsThereOnce(t *testing.T) {
	t.Parallel()
	got := string(licence.Notices("program", []licence.Module{
		{Path: "example.com/a", Licences: []string{"ISC"}, Files: []licence.File{{Name: "LICENSE", Text: []byte(isc)}}},
		{Path: "example.com/b", Licences: []string{"ISC"}, Files: []licence.File{{Name: "COPYING", Text: []byte(strings.ReplaceAll(isc, "\n", "\r\n") + "\r\n")}, {Name: "NOTICE", Text: []byte("by b")}}},
	}))
	if strings.Count(got, "Copyright (c) 2026 Somebody") != 1 {
		t.Errorf("the text is not there once:\n%s", got)
	}
	for _, want := range []string{"example.com/a: LICENSE\nexample.com/b: COPYING\n----", "example.com/b: NOTICE\n----", "by b\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in:\n%s", want, got)
		}
	}
}
