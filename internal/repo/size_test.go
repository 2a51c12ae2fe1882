package repo_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	maxFileLines     = 400
	maxFunctionLines = 60 // beside the tables in it
)

// larger are the functions that have a reason not to be split.
var larger = map[string]string{
	"internal/doctor/answers_test.go answer":                                                "one answer for each call of AWS: a table in the form of a switch",
	"telemetry/awslambda/runtime_test.go handler":                                           "one case for each way in which a handler can end: a table in the form of a switch",
	"cmd/tracehaul/dlq_kill_test.go TestDLQRedrive_KilledAgainAndAgain_EachEventIsARowOnce": "one story, on one running pipeline",
	"cmd/tracehaul/doctor_test.go TestDoctor_LocalPipeline_NamesEachCause":                  "one story, on one running pipeline",
	"internal/supply/sbom/main_test.go TestBill_OfTheConsumer":                              "one bill, held against all that it has to say",
	"service/refusal_test.go TestEvents_BadRequests_RefusedWithProblem":                     "a table whose rows are made by functions",
	"internal/workflows/failures_test.go TestRelease_Failures":                              "a table whose rows are made by functions",
}

// A file fits in a head, and a function on a screen, or there is a reason.
func TestSizes_FilesAndFunctions_FitAHead(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != root && (slices.Contains([]string{"examples", "node_modules", "testdata"}, d.Name()) || d.Name()[0] == '.'):
			return fs.SkipDir // other modules, and other people's
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		checkSizes(t, filepath.ToSlash(name), found)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range larger {
		if !found[name] {
			t.Errorf("%s is no longer large, or no longer there: the list is too long", name)
		}
	}
}

func checkSizes(t *testing.T, name string, found map[string]bool) {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, filepath.Join(root, filepath.FromSlash(name)), nil, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	if ast.IsGenerated(file) {
		return
	}
	if n := fset.File(file.Pos()).LineCount() - 1; n > maxFileLines {
		t.Errorf("%s has %d lines, want %d at most: it tells more than one story", name, n, maxFileLines)
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			continue
		}
		n := linesOf(fset, f)
		if id := name + " " + f.Name.Name; n > maxFunctionLines && larger[id] != "" {
			found[id] = true
		} else if n > maxFunctionLines {
			t.Errorf("%s: %s has %d lines beside its tables, want %d at most, or a reason in this test", name, f.Name.Name, n, maxFunctionLines)
		}
	}
}

// linesOf counts the lines within a function, but for those of composite literals.
func linesOf(fset *token.FileSet, f *ast.FuncDecl) int {
	between := func(n ast.Node) int { return fset.Position(n.End()).Line - fset.Position(n.Pos()).Line }
	lines := between(f) - 1
	ast.Inspect(f.Body, func(n ast.Node) bool {
		if c, ok := n.(*ast.CompositeLit); ok {
			lines -= between(c)
			return false
		}
		return true
	})
	return lines
}

func TestLinesOf_TablesDoNotCount(t *testing.T) {
	t.Parallel()
	const source = "package x\n\nfunc f() {\n\tfor _, x := range []int{\n\t\t1,\n\t\t2,\n\t} {\n\t\t_ = x\n\t}\n}\n"
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "x.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := linesOf(fset, file.Decls[0].(*ast.FuncDecl)); got != 3 {
		t.Errorf("%d lines, want 3", got)
	}
}
