package reference_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/dashboards/internal/reference"
)

func TestFind(t *testing.T) {
	for text, want := range map[string][]reference.Variable{
		"":               nil,
		"up":             nil,
		"$":              nil,
		"a{b=\"$1\"}":    nil,
		"${1}":           nil,
		"$a":             {{Name: "a", End: 2}},
		"x$a_b.c":        {{Name: "a_b", Start: 1, End: 5}},
		"${a}b":          {{Name: "a", End: 4}},
		"${a:regex}":     {{Name: "a", Format: "regex", End: 10}},
		"${a.b:date:x}":  {{Name: "a", Field: "b", Format: "date:x", End: 13}},
		"${a.b}":         {{Name: "a", Field: "b", End: 6}},
		"[[a]]":          {{Name: "a", End: 5}},
		"[[a:csv]]":      {{Name: "a", Format: "csv", End: 9}},
		"[$__interval]$": {{Name: "__interval", Start: 1, End: 12}},
		"$a$b":           {{Name: "a", End: 2}, {Name: "b", Start: 2, End: 4}},
		"[[a]":           nil,
		"${a":            nil,
	} {
		if diff := cmp.Diff(want, reference.Find(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestReplace(t *testing.T) {
	got := reference.Replace("a$b ${c:d}e $1", func(v reference.Variable) string { return "<" + v.Name + v.Format + ">" })
	if want := "a<b> <cd>e $1"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
