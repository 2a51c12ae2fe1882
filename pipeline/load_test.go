package pipeline

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/google/go-cmp/cmp"
)

// reference is the description in the root of the repository.
const reference = "testdata/reference/tracehaul.yaml"

func TestParse_BadDescriptions_ListEveryProblem(t *testing.T) {
	files, err := filepath.Glob("testdata/bad-*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p, err := Parse(filepath.Base(file), content)
			if p != nil {
				t.Error("a description came with the problems")
			}
			checkFile(t, strings.TrimSuffix(file, ".yaml")+".golden", []byte(problems(t, err)))
		})
	}
}

// problems returns the listing of an error, which must be an *Error.
func problems(t *testing.T, err error) string {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || len(e.Problems) == 0 {
		t.Fatalf("got error %v (%T), want an *Error", err, err)
	}
	return e.Error() + "\n"
}

func TestLoadEnvironment_BadOverlay_NamesTheFileOfEachProblem(t *testing.T) {
	for _, environment := range []string{"prod", "named"} {
		_, err := LoadEnvironment("testdata/environments-bad/tracehaul.yaml", environment)
		checkFile(t, "testdata/environments-bad/"+environment+".golden", []byte(problems(t, err)))
	}
	_, err := LoadAll("testdata/environments-bad/tracehaul.yaml")
	if got := problems(t, err); !strings.Contains(got, "prod.yaml") || !strings.Contains(got, "named.yaml") {
		t.Errorf("LoadAll does not tell of both files:\n%s", got)
	}
}

func TestLoad_FilesThatAreNotThere_AreOrdinaryErrors(t *testing.T) {
	if _, err := Load("testdata/none.yaml"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Load: %v", err)
	}
	if _, err := LoadAll("testdata/none.yaml"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("LoadAll: %v", err)
	}
	if _, err := LoadEnvironment("testdata/none.yaml", "dev"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("LoadEnvironment: %v", err)
	}
	if _, err := LoadEnvironment("testdata/minimal.yaml", "prod"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("LoadEnvironment of an environment without a file: %v", err)
	}
	if _, err := LoadEnvironment("testdata/minimal.yaml", "../../x"); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("LoadEnvironment with a path for a name: %v", err)
	}
	if p, err := LoadEnvironment("testdata/minimal.yaml", "dev"); err != nil || p.Environment != "dev" {
		t.Errorf("LoadEnvironment of the description's own environment: %v", err)
	}
}

func TestParse_LargeFile_IsRefused(t *testing.T) {
	_, err := Parse("x.yaml", []byte("# "+strings.Repeat("x", maxFileBytes)))
	if got := problems(t, err); got != "x.yaml: the file is larger than 256 KiB\n" {
		t.Errorf("%s", got)
	}
}

// A file within the limit must not keep the loader busy, whatever is in it.
func TestParse_HostileFiles_EndSoon(t *testing.T) {
	const size = maxFileBytes - 100
	repeat := func(s string) string { return strings.Repeat(s, size/len(s)) }
	numbered := func(format string) string {
		var b strings.Builder
		for i := 0; b.Len() < size-len(format)-10; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for name, text := range map[string]string{
		"routes":           "routing:\n  routes:\n" + repeat("  - {to: [a]}\n"),
		"consumers":        "consumers:\n" + numbered("  c%d: {filter_policy: {a: [b]}}\n"),
		"unknown keys":     numbered("k%d: x\n"),
		"long unknown key": repeat("x") + ": y\n",
		"one key":          repeat("a: 1\n"),
		"filter":           "consumers:\n  a:\n    filter_policy:\n" + numbered("      k%d: [{x%[1]d: y}]\n"),
		"brackets":         repeat("["),
		"braces":           repeat("{a: "),
	} {
		start := time.Now()
		if _, err := Parse(name, []byte(text)); err == nil {
			t.Errorf("%s: taken", name)
		}
		if took := time.Since(start); took > time.Minute {
			t.Errorf("%s: took %v", name, took)
		} else {
			t.Logf("%s: %v", name, took)
		}
	}
}

func TestLoad_Minimal_TakesEveryDefault(t *testing.T) {
	p := mustLoad(t, "testdata/minimal.yaml")
	ledger := p.Consumer("ledger")
	if ledger == nil || p.Consumer("none") != nil {
		t.Fatalf("consumers: %+v", p.Consumers)
	}
	for name, test := range map[string]struct{ got, want any }{
		"default":                 {p.Service.CPU, 256},
		"default duration":        {p.Service.StopTimeout, 30 * time.Second},
		"default boolean":         {p.Edge.WAF, true},
		"default list":            {len(p.Routing.WorkingDays), 5},
		"default fraction":        {p.Objectives.AvailabilityPercent, 99.9},
		"default of a route":      {p.Routing.Routes[0].When, WhenAlways},
		"visibility timeout":      {ledger.VisibilityTimeout, 180 * time.Second},
		"owner of a consumer":     {ledger.Owner, "team-orders"},
		"name of the database":    {p.Database.Name, "orders"},
		"folder of dashboards":    {p.Dashboards.Folder, "orders"},
		"runbooks with no source": {p.Runbooks, ""},
		"retention":               {ledger.DLQRetention, 14 * 24 * time.Hour},
	} {
		if test.got != test.want {
			t.Errorf("%s: %v, want %v", name, test.got, test.want)
		}
	}
}

func mustLoad(t *testing.T, path string) *Pipeline {
	t.Helper()
	p, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestLoadEnvironment_Overlay_ReplacesSettingsOnly(t *testing.T) {
	base := mustLoad(t, reference)
	prod, err := LoadEnvironment(reference, "prod")
	if err != nil {
		t.Fatal(err)
	}
	if base.Environment != "dev" || prod.Environment != "prod" {
		t.Errorf("environments %s and %s", base.Environment, prod.Environment)
	}
	ledger, before := prod.Consumer("ledger"), base.Consumer("ledger")
	if ledger.MaxConcurrency != 50 || ledger.BatchSize != before.BatchSize || ledger.Description != before.Description {
		t.Errorf("the consumer was not merged: %+v", ledger)
	}
	if prod.Service.Name != base.Service.Name || prod.Service.CPU != 1024 {
		t.Errorf("the service was not merged: %+v", prod.Service)
	}
	if len(prod.Routing.Routes) != 4 || len(prod.Routing.Destinations) != 2 || prod.Routing.TimeZone != base.Routing.TimeZone {
		t.Errorf("lists and mappings were not replaced: %+v", prod.Routing)
	}
}

func TestLoadAll_Reference_HasThreeEnvironments(t *testing.T) {
	all, err := LoadAll(reference)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range all {
		got = append(got, p.Environment)
	}
	if diff := cmp.Diff([]string{"dev", "prod", "staging"}, got); diff != "" {
		t.Error(diff)
	}
}

// A directory may have any name.
func TestLoadAll_DirectoryLikeAPattern_HasAllEnvironments(t *testing.T) {
	dir := filepath.Join(t.TempDir(), `b [x] *`)
	if err := os.CopyFS(dir, os.DirFS(filepath.Dir(reference))); err != nil {
		t.Fatal(err)
	}
	all, err := LoadAll(filepath.Join(dir, filepath.Base(reference)))
	if err != nil || len(all) != 3 {
		t.Errorf("%d environments, error %v", len(all), err)
	}
}

func TestNames_Reference_Golden(t *testing.T) {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	reference, err := LoadAll(reference)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range append(reference, mustLoad(t, "testdata/many-consumers.yaml")) {
		fmt.Fprintf(w, "# %s\n", p.Environment)
		for _, n := range p.Names() {
			fmt.Fprintf(w, "%s\t%s\t%s\n", n.Key, n.Kind, n.Value)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	checkFile(t, "testdata/names.golden", []byte(b.String()))
}

func TestResolved_ManyConsumers_Golden(t *testing.T) {
	p := mustLoad(t, "testdata/many-consumers.yaml")
	got, err := p.Resolved()
	if err != nil {
		t.Fatal(err)
	}
	checkFile(t, "testdata/many-consumers.json", got)
}

// What is written without its names must be a description again, the same one.
func TestResolved_ReadAgain_IsTheSame(t *testing.T) {
	for _, file := range []string{reference, "testdata/minimal.yaml", "testdata/many-consumers.yaml"} {
		p := mustLoad(t, file)
		first, err := p.Resolved()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("again.json", withoutNames(t, first))
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		second, err := again.Resolved()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(first), string(second)); diff != "" {
			t.Errorf("%s (-first +again):\n%s", file, diff)
		}
	}
}

func TestParseResolved_WhatResolvedWrote_IsTheSame(t *testing.T) {
	for _, file := range []string{reference, "testdata/minimal.yaml", "testdata/many-consumers.yaml"} {
		first, err := mustLoad(t, file).Resolved()
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseResolved("again.json", first)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		second, err := again.Resolved()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(first), string(second)); diff != "" {
			t.Errorf("%s (-first +again):\n%s", file, diff)
		}
		if _, err := Parse("again.json", first); err == nil {
			t.Errorf("%s: Parse took a description with names, which nobody writes by hand", file)
		}
	}
}

func TestParseResolved_UnknownSetting_IsRefused(t *testing.T) {
	resolved, err := mustLoad(t, reference).Resolved()
	if err != nil {
		t.Fatal(err)
	}
	_, err = ParseResolved("pipeline.json", bytes.Replace(resolved, []byte(`"product":`), []byte(`"produce":`), 1))
	if got := problems(t, err); !strings.Contains(got, "produce") {
		t.Errorf("problems: %s", got)
	}
}

func TestSuggest_NearWords_Only(t *testing.T) {
	known := []string{"batch_size", "batch_window_seconds", "timeout_seconds", "to", "wildcard"}
	for word, want := range map[string]string{
		"batchsize": " (did you mean batch_size?)", "bacth_size": " (did you mean batch_size?)", "timeout_second": " (did you mean timeout_seconds?)", "timeout": " (did you mean timeout_seconds?)",
		"t0": " (did you mean to?)", "wildcrd": " (did you mean wildcard?)", "concurrency": "", "": "", "x": "",
	} {
		if got := suggest(word, known); got != want {
			t.Errorf("suggest(%q) = %q, want %q", word, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range append(files, reference) {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	schema := compileSchema(f, "tracehaul.schema.json")
	f.Fuzz(func(t *testing.T, content []byte) {
		p, err := Parse("fuzz.yaml", content)
		if err != nil {
			checkProblems(t, content, err)
			return
		}
		if err := schema.Validate(tree(t, content)); err != nil {
			t.Errorf("the loader takes what the schema refuses: %v\n%s", err, content)
		}
		first, err := p.Resolved()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse("again.json", withoutNames(t, first)); err != nil {
			t.Errorf("%v\nin what was written of:\n%s", err, content)
		}
	})
}

// checkProblems makes sure that problems have a place within the text.
func checkProblems(t *testing.T, content []byte, err error) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || len(e.Problems) == 0 {
		t.Fatalf("%v (%T)", err, err)
	}
	lines := strings.Count(string(content), "\n") + strings.Count(string(content), "\r") + 2
	for _, p := range e.Problems {
		if p.Message == "" || p.Line < 1 || p.Column < 1 || p.Line > lines && len(content) < maxFileBytes {
			t.Errorf("%+v in %d lines", p, lines)
		}
	}
}
