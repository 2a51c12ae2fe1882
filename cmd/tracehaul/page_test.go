package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/tool.md and the goldens")

var toolPage = filepath.Join("..", "..", "docs", "tool.md")

// What docs/tool.md says of commands and exit codes is made from them.
func TestToolPage_UpToDate(t *testing.T) {
	text, err := os.ReadFile(toolPage)
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	page = filled(t, page, "commands", commandTable(t))
	page = filled(t, page, "exit codes", exitTable())
	if page == string(text) {
		return
	}
	if !*update {
		t.Fatal("docs/tool.md is not up to date: go test ./cmd/tracehaul -run ToolPage -update")
	}
	if err := os.WriteFile(toolPage, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
}

// filled is a page with a new text between the two lines that enclose it.
func filled(t *testing.T, page, name, text string) string {
	t.Helper()
	begin, end := "<!-- "+name+": made by go test ./cmd/tracehaul -run ToolPage -update -->\n", "<!-- end -->\n"
	before, rest, ok := strings.Cut(page, begin)
	_, after, ended := strings.Cut(rest, end)
	if !ok || !ended {
		t.Fatalf("docs/tool.md lacks the lines %q and %q", begin, end)
	}
	return before + begin + text + end + after
}

func commandTable(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("| command | what it does |\n| --- | --- |\n")
	for _, node := range commands(t) {
		fmt.Fprintf(&b, "| `%s %s` | %s |\n", toolName, node.Path(), node.Help)
	}
	return b.String()
}

func exitTable() string {
	rows := slices.Clone(exitMeanings)
	slices.SortStableFunc(rows, func(a, b exitMeaning) int { return cmp.Compare(a.code, b.code) })
	var b strings.Builder
	b.WriteString("| code | of | what it means |\n| --- | --- | --- |\n")
	for _, m := range rows {
		of := "all"
		if m.command != "" {
			of = "`" + m.command + "`"
		}
		fmt.Fprintf(&b, "| %d | %s | %s |\n", m.code, of, m.words)
	}
	return b.String()
}

var (
	variableRead = regexp.MustCompile(`(?i)getenv\("([A-Z][A-Z_0-9]+)"\)|Variable += +"([A-Z][A-Z_0-9]+)"`)
	pageFlag     = regexp.MustCompile("`(-[a-z]|--[a-z-]+)")
)

// Every variable that the tool reads by itself stands on the page, and every
// flag on the page is one.
func TestToolPage_VariablesAndFlags_AreThere(t *testing.T) {
	text, err := os.ReadFile(toolPage)
	if err != nil {
		t.Fatal(err)
	}
	flags := map[string]bool{}
	variables := map[string]string{}
	for _, node := range commands(t) {
		for _, group := range node.AllFlags(false) {
			for _, f := range group {
				flags["--"+f.Name] = true
				flags["--no-"+f.Name] = f.Tag.Negatable != ""
				if f.Short != 0 {
					flags["-"+string(f.Short)] = true
				}
				for _, name := range f.Envs {
					variables[name] = node.Path() + " --" + f.Name
				}
			}
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range variableRead.FindAllStringSubmatch(string(source), -1) {
			variables[m[1]+m[2]] = file
		}
	}
	if len(variables) < 10 {
		t.Errorf("found the variables %v alone", variables)
	}
	for name, where := range variables {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("docs/tool.md: `%s`, which %s reads, is missing", name, where)
		}
	}
	for _, m := range pageFlag.FindAllStringSubmatch(string(text), -1) {
		if !flags[m[1]] {
			t.Errorf("docs/tool.md: no command has %s", m[1])
		}
	}
}
