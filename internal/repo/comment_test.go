package repo_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// wellKnown are methods whose name says it all: those of the standard library's
// interfaces.
var wellKnown = []string{"Error", "String", "Unwrap", "MarshalJSON", "UnmarshalJSON"}

// What others may use has a comment: go doc is the first page that they read.
func TestAPI_WhatIsExported_HasAComment(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./...") {
		path := strings.TrimPrefix(p.ImportPath, module+"/")
		if p.Name == "main" || strings.Contains("/"+path+"/", "/internal/") {
			continue
		}
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, what := range uncommented(file) {
				t.Errorf("%s: %s has no comment", path, what)
			}
		}
	}
}

// uncommented are the exported functions, methods, types, constants and variables of
// a file without a comment, of their own or of their group.
func uncommented(file *ast.File) (names []string) {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Doc == nil && (d.Recv == nil || ast.IsExported(receiver(d)) && !slices.Contains(wellKnown, d.Name.Name)) {
				names = append(names, d.Name.Name)
			}
		case *ast.GenDecl:
			if d.Doc != nil {
				continue
			}
			for _, s := range d.Specs {
				names = append(names, uncommentedSpec(s)...)
			}
		}
	}
	return names
}

func uncommentedSpec(s ast.Spec) (names []string) {
	switch s := s.(type) {
	case *ast.TypeSpec:
		if s.Name.IsExported() && s.Doc == nil {
			names = append(names, s.Name.Name)
		}
	case *ast.ValueSpec:
		for _, n := range s.Names {
			if n.IsExported() && s.Doc == nil && s.Comment == nil {
				names = append(names, n.Name)
			}
		}
	}
	return names
}

func TestUncommented_FaultsOnPurpose_AreFound(t *testing.T) {
	t.Parallel()
	const source = `package x

func A() {}

// B is.
func B() {}

type C struct{}

func (C) String() string { return "" }
func (C) D()             {}
func (e) E()             {}

// Of all.
const (
	F = 1
	G = 2
)

var (
	H = 1
	I = 2 // is
)
`
	file, err := parser.ParseFile(token.NewFileSet(), "x.go", source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(uncommented(file), " "); got != "A C D H" {
		t.Errorf("%s have no comment, want A C D H", got)
	}
}
