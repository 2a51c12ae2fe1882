package repo_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What others may use is listed, a line for each name, so that a change of it is
// seen in a diff: it needs a line in the CHANGELOG, and may need a new version
// (docs/versioning.md).
func TestAPI_WhatIsExported_IsListed(t *testing.T) {
	t.Parallel()
	files := map[string][]string{} // by name of the list
	for _, p := range list(t, "./...") {
		path := strings.TrimPrefix(p.ImportPath, module+"/")
		if p.Name == "main" || strings.Contains("/"+path+"/", "/internal/") {
			continue
		}
		top, _, _ := strings.Cut(path, "/")
		for _, line := range exported(t, p) {
			files[top] = append(files[top], path+": "+line+"\n")
		}
	}
	dir := filepath.Join(root, "api")
	if *update {
		rewriteAPI(t, dir, files)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatalf("%v; go test ./internal/repo -update writes it", err)
	}
	promise := readFile(t, "docs/versioning.md")
	for _, e := range entries {
		top, _ := strings.CutSuffix(e.Name(), ".txt")
		want := strings.SplitAfter(readFile(t, "api/"+e.Name()), "\n")
		if diff := cmp.Diff(want, append(files[top], "")); diff != "" {
			t.Errorf("%s exports something else than api/%s says; see docs/versioning.md, then go test ./internal/repo -update (-want +got):\n%s", top, e.Name(), diff)
		}
		if !strings.Contains(promise, "`"+top+"`") && !strings.Contains(promise, "`"+top+"/") {
			t.Errorf("docs/versioning.md does not say whether %s is stable", top)
		}
		delete(files, top)
	}
	for top := range files {
		t.Errorf("api/%s.txt is missing; go test ./internal/repo -update writes it", top)
	}
}

func rewriteAPI(t *testing.T, dir string, files map[string][]string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for top, lines := range files {
		if err := os.WriteFile(filepath.Join(dir, top+".txt"), []byte(strings.Join(lines, "")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// exported is a line for each name that a package gives to others: functions,
// methods, types, their fields, constants and variables.
func exported(t *testing.T, p listed) (lines []string) {
	t.Helper()
	for _, name := range p.GoFiles {
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && (d.Recv == nil || ast.IsExported(receiver(d))) {
					d.Body = nil
					lines = append(lines, written(fset, d))
				}
			case *ast.GenDecl:
				for _, s := range inherited(fset, d) {
					lines = append(lines, specLines(fset, d.Tok, s)...)
				}
			}
		}
	}
	slices.Sort(lines)
	return lines
}

// inherited is the specs of a declaration, where constants without an expression
// have their predecessor's, and iota is its value.
func inherited(fset *token.FileSet, d *ast.GenDecl) []ast.Spec {
	var last *ast.ValueSpec
	for i, s := range d.Specs {
		s, ok := s.(*ast.ValueSpec)
		if !ok || d.Tok != token.CONST {
			continue
		}
		if s.Values == nil {
			s.Type, s.Values = last.Type, slices.Clone(last.Values)
		}
		last = &ast.ValueSpec{Type: s.Type, Values: slices.Clone(s.Values)}
		for j, v := range s.Values {
			if text := written(fset, v); strings.Contains(text, "iota") {
				text = strings.ReplaceAll(text, "iota", strconv.Itoa(i))
				if value, err := types.Eval(fset, nil, token.NoPos, text); err == nil { // fails where it is reckoned from others
					text = value.Value.ExactString()
				}
				s.Values[j] = &ast.BasicLit{Value: text}
			}
		}
	}
	return d.Specs
}

// specLines are those of a constant, a variable or a type.
func specLines(fset *token.FileSet, tok token.Token, s ast.Spec) (lines []string) {
	switch s := s.(type) {
	case *ast.ValueSpec:
		for i, name := range s.Names {
			if !name.IsExported() {
				continue
			}
			line := tok.String() + " " + name.Name
			if s.Type != nil {
				line += " " + written(fset, s.Type)
			}
			if tok == token.CONST && i < len(s.Values) {
				line += " = " + written(fset, s.Values[i])
			}
			lines = append(lines, line)
		}
	case *ast.TypeSpec:
		if s.Name.IsExported() {
			lines = append(lines, typeLines(fset, s)...)
		}
	}
	return lines
}

// typeLines are a line for a type, and one for each field or method that is seen.
func typeLines(fset *token.FileSet, s *ast.TypeSpec) []string {
	name := s.Name.Name
	var kind string
	var members *ast.FieldList
	switch t := s.Type.(type) {
	case *ast.StructType:
		kind, members = "struct", t.Fields
	case *ast.InterfaceType:
		kind, members = "interface", t.Methods
	default:
		kind = written(fset, t)
	}
	if s.TypeParams != nil {
		name += "[" + fields(fset, s.TypeParams) + "]"
	}
	if s.Assign.IsValid() {
		kind = "= " + kind
	}
	lines := []string{"type " + name + " " + kind}
	if members == nil {
		return lines
	}
	for _, f := range members.List {
		switch written := written(fset, f.Type); {
		case len(f.Names) == 0 && (kind == "interface" || ast.IsExported(written[strings.LastIndexAny(written, "*.")+1:])):
			lines = append(lines, fmt.Sprintf("type %s %s, %s", name, kind, written))
		default:
			for _, n := range f.Names {
				if n.IsExported() {
					lines = append(lines, fmt.Sprintf("type %s %s, %s %s", name, kind, n.Name, written))
				}
			}
		}
	}
	return lines
}

func fields(fset *token.FileSet, list *ast.FieldList) string {
	var all []string
	for _, f := range list.List {
		for _, n := range f.Names {
			all = append(all, n.Name+" "+written(fset, f.Type))
		}
	}
	return strings.Join(all, ", ")
}

// receiver is the name of the type that a method is of.
func receiver(d *ast.FuncDecl) string {
	e := d.Recv.List[0].Type
	for {
		switch t := e.(type) {
		case *ast.StarExpr:
			e = t.X
		case *ast.IndexExpr:
			e = t.X
		case *ast.IndexListExpr:
			e = t.X
		case *ast.Ident:
			return t.Name
		default:
			return ""
		}
	}
}

// written is a piece of source on one line.
func written(fset *token.FileSet, node any) string {
	if d, ok := node.(*ast.FuncDecl); ok {
		d.Doc = nil
	}
	var b bytes.Buffer
	if err := printer.Fprint(&b, fset, node); err != nil {
		return err.Error()
	}
	return strings.Join(strings.Fields(b.String()), " ")
}
