package main

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/tracehaul/tracehaul/internal/completion"
)

// commands are those that people can give, as kong knows them.
func commands(t *testing.T) []*kong.Node {
	t.Helper()
	return newTestParser(t).Model.Leaves(true)
}

func newTestParser(t *testing.T) *kong.Kong {
	t.Helper()
	return newParser(t.Context(), &cli{}, environment{io.Discard, io.Discard, func(string) string { return "" }})
}

// examples are the command lines below "Examples:" in a command's help; a
// backslash at the end of a line joins it to the next.
func examples(help string) (lines []string) {
	_, block, _ := strings.Cut("\n"+help, "\nExamples:\n")
	joined := ""
	for line := range strings.Lines(block) {
		if strings.TrimSpace(line) == "" {
			break
		}
		line = strings.TrimRight(line, "\n")
		before, more := strings.CutSuffix(line, `\`)
		joined += strings.TrimSpace(before) + " "
		if !more {
			lines = append(lines, strings.TrimSpace(joined))
			joined = ""
		}
	}
	return lines
}

// shellWord is a word of a shell, in quotes or not, or what ends a command.
var shellWord = regexp.MustCompile(`"[^"]*"|'[^']*'|[|;>)&#]|<\(|[^\s"'|;>)&#]+`)

// assignment sets a variable before a command.
var assignment = regexp.MustCompile(`^([A-Z_]+)=(\S+) `)

// toolWords are the arguments of the tool in a command line, which may stand in
// $( ) or <( ), and before a pipe, a redirection or a comment.
func toolWords(line string) (words []string, ok bool) {
	i := strings.Index(line, toolName+" ")
	if i < 0 {
		return nil, false
	}
	for _, word := range shellWord.FindAllString(line[i+len(toolName)+1:], -1) {
		if strings.ContainsAny(word[:1], "|;>)&#") {
			break
		}
		words = append(words, strings.Trim(word, `"'`))
	}
	return words, true
}

// Every command has examples, which fit on a screen, and which it takes.
func TestHelp_Examples_Parse(t *testing.T) {
	for _, node := range commands(t) {
		lines := examples(node.Detail)
		if len(lines) == 0 {
			t.Errorf(`%s: its Help has no "Examples:" with lines below it`, node.Path())
		}
		for line := range strings.Lines(node.Detail) {
			if strings.HasPrefix(line, "  ") && len(strings.TrimRight(line, "\n")) > helpWidth-2 {
				t.Errorf("%s: more than %d columns, break it by a backslash: %s", node.Path(), helpWidth-2, line)
			}
		}
		own := false
		for _, line := range lines {
			words, ok := toolWords(line)
			if !ok {
				t.Errorf("%s: an example without %s: %s", node.Path(), toolName, line)
				continue
			}
			if m := assignment.FindStringSubmatch(line); m != nil {
				t.Setenv(m[1], m[2])
			}
			own = own || strings.HasPrefix(strings.Join(words, " ")+" ", node.Path()+" ")
			if _, err := newTestParser(t).Parse(words); err != nil {
				t.Errorf("%s: %s: %v", node.Path(), line, err)
			}
		}
		if !own && len(lines) > 0 {
			t.Errorf("%s: none of its examples is of it", node.Path())
		}
	}
}

func TestExamples_AreReadAsAShellReadsThem(t *testing.T) {
	help := "Words.\n\nExamples:\n  tracehaul a --b 'c d' \\\n    e > f\n  eval \"$(tracehaul g -h)\" # i\n\nMore words."
	lines := examples(help)
	if want := []string{`tracehaul a --b 'c d' e > f`, `eval "$(tracehaul g -h)" # i`}; !slices.Equal(lines, want) {
		t.Fatalf("got %q, want %q", lines, want)
	}
	for i, want := range [][]string{{"a", "--b", "c d", "e"}, {"g", "-h"}} {
		if got, ok := toolWords(lines[i]); !ok || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, want %q", lines[i], got, want)
		}
	}
	if _, ok := toolWords("ls"); ok {
		t.Error("ls is taken for the tool")
	}
}

// What is waited for takes more than nothing, in whichever command.
func TestHelp_Durations_AreMoreThanNothing(t *testing.T) {
	t.Setenv("DATABASE_URL", "postgres://localhost/orders")
	for _, node := range commands(t) {
		for _, f := range node.Flags {
			if f.PlaceHolder != "DURATION" {
				continue
			}
			for given, want := range map[string]bool{"1m30s": true, "0s": false, "-1s": false, "soon": false} {
				words, _ := toolWords(examples(node.Detail)[0])
				_, err := newTestParser(t).Parse(append(words, "--"+f.Name+"="+given))
				if (err == nil) != want || err != nil && !strings.Contains(err.Error(), fmt.Sprintf("--%s: %q: want a duration", f.Name, given)) {
					t.Errorf("%s --%s=%s: %v", node.Path(), f.Name, given, err)
				}
			}
		}
	}
}

// Flags of one name are alike in all commands: letter, placeholder, and for
// those that are shared, the text. Each that has a value says which, and what
// it is without stands in its help once.
func TestHelp_Flags_AreAlike(t *testing.T) {
	placeholders := map[string]bool{}
	for _, name := range []string{
		"FILE", "DIR", "PATH", "PROGRAM", "NAME", "QUEUE", "URL", "ARN", "ID", "N", "PORT", "TIME", "DURATION", "NAME=VALUE", "DIGEST", "SHA", "CODE", "REASON", "RESULT", "RULE", "TEXT",
		"TYPE", "SOURCE", "KIND",
	} {
		placeholders[name] = true
	}
	type look struct{ short, placeholder, help string }
	shared := []string{"file", "environment", "json"}
	seen := map[string]map[look]string{}
	for _, node := range commands(t) {
		for _, f := range node.Flags {
			where := node.Path() + " --" + f.Name
			l := look{short: string(f.Short), placeholder: f.PlaceHolder}
			optional := f.Name == "file" && !f.HasDefault             // what is about dashboards needs no description
			begun := node.Path() == "init" && f.Name == "environment" // of a description that is not there yet
			if slices.Contains(shared, f.Name) && !optional && !begun {
				l.help = f.Help
			}
			if !optional && !begun {
				if seen[f.Name] == nil {
					seen[f.Name] = map[look]string{}
				}
				seen[f.Name][l] = where
			}
			value := !f.IsBool() && !f.IsCounter()
			if value && !placeholders[f.PlaceHolder] {
				t.Errorf("%s: the placeholder is %q, want one of %v", where, f.PlaceHolder, slices.Sorted(maps.Keys(placeholders)))
			}
			if !strings.HasSuffix(f.Help, ".") && !strings.HasSuffix(f.Help, ".)") {
				t.Errorf("%s: the help does not end with a full stop: %s", where, f.Help)
			}
			if n := strings.Count(helpOf(f.Value), "Defaults to"); n > 1 {
				t.Errorf("%s: says twice what it defaults to: %s", where, helpOf(f.Value))
			}
			if v := f.DefaultValue; value && f.HasDefault && !strings.Contains(helpOf(f.Value), "Defaults to "+f.Default) {
				t.Errorf("%s: the help does not say that it defaults to %v: %s", where, v, helpOf(f.Value))
			}
		}
	}
	for name, looks := range seen {
		if len(looks) > 1 {
			t.Errorf("--%s differs between commands: %v", name, looks)
		}
	}
}

// A letter, a variable, a version and a text of the help each belong to one flag,
// whichever command has it, and no flag has the name of what the tool itself
// answers to.
func TestHelp_Meanings_HaveOneName(t *testing.T) {
	names := map[string]map[string]string{} // what is meant, by flag, and where
	mean := func(meaning, flag, where string) {
		if names[meaning] == nil {
			names[meaning] = map[string]string{}
		}
		names[meaning]["--"+flag] = where
	}
	for _, node := range commands(t) {
		for _, f := range node.Flags {
			where := node.Path()
			mean("help: "+f.Help, f.Name, where)
			if f.Short != 0 {
				mean("-"+string(f.Short), f.Name, where)
			}
			for _, variable := range f.Envs {
				mean("$"+variable, f.Name, where)
			}
			if f.PlaceHolder == "SHA" {
				mean("a version", f.Name, where)
			}
			if f.PlaceHolder == "URL" && f.Name != "url" && !strings.HasSuffix(f.Name, "-url") && !strings.HasSuffix(f.Name, "-endpoint") {
				t.Errorf("%s: --%s takes an address: want a name that ends with -url, or with -endpoint for a service of AWS", where, f.Name)
			}
			if f.Name == "version" || f.Name == "help" && f.Short != 'h' {
				t.Errorf("%s: --%s is the tool's own", where, f.Name)
			}
		}
	}
	for meaning, flags := range names {
		if len(flags) > 1 {
			t.Errorf("%s has several names: %v", meaning, flags)
		}
	}
}

// Where a pipeline on this machine is found by itself, it can be asked for, and
// left out.
func TestHelp_Local_IsWhereOneIsFound(t *testing.T) {
	for _, node := range commands(t) {
		found := node.Path() == "trace" || node.Path() == "doctor" || strings.HasPrefix(node.Path(), "dlq ")
		has := slices.ContainsFunc(node.Flags, func(f *kong.Flag) bool { return f.Name == "local" && f.Tag.Negatable != "" })
		if has != found {
			t.Errorf("%s has --[no-]local: %v", node.Path(), has)
		}
	}
}

// Whatever prints for people prints JSON for programs. These do not: one prints
// JSON as it is, the others a word or a script.
func TestHelp_JSON_IsEverywhere(t *testing.T) {
	without := []string{"pipeline show", "completion", "version"}
	for _, node := range commands(t) {
		has := slices.ContainsFunc(node.Flags, func(f *kong.Flag) bool { return f.Name == "json" })
		if has == slices.Contains(without, node.Path()) {
			t.Errorf("%s has --json: %v", node.Path(), has)
		}
	}
}

// What a flag's tag says it takes is there, and something in the reference
// pipeline is offered for it.
func TestCompletions_TagsAreAnswered(t *testing.T) {
	t.Chdir("../..")
	used := map[string]bool{}
	for _, node := range commands(t) {
		values := node.Positional
		for _, f := range node.Flags {
			values = append(values, f.Value)
		}
		for _, v := range values {
			if tag := v.Tag.Get("complete"); tag != "" {
				used[tag] = true
				if completions[tag] == nil {
					t.Errorf("%s %s: nothing completes %q", node.Path(), v.Name, tag)
				}
			}
		}
	}
	described := []string{"environment", "consumer", "component", "queue", "dlq"}
	for tag, offered := range completions {
		switch found := offered(nil); {
		case !used[tag]:
			t.Errorf("no flag has the tag %q", tag)
		case len(found) == 0:
			t.Errorf("%s: nothing is offered", tag)
		case offered(completion.Given{"file": "no-description.yaml"}) != nil && slices.Contains(described, tag):
			t.Errorf("%s: something is offered of a description that is not there", tag)
		}
	}
}

// Each row of the table of exit codes is of a command, and each command has a
// meaning for the three that all have.
func TestExitMeanings_AreOfCommands(t *testing.T) {
	all := commands(t)
	for _, m := range exitMeanings {
		if m.command != "" && !slices.ContainsFunc(all, func(n *kong.Node) bool { return strings.HasPrefix(n.Path()+" ", m.command+" ") }) {
			t.Errorf("exit code %d: there is no command %q", m.code, m.command)
		}
		if m.words == "" || strings.HasSuffix(m.words, ".") {
			t.Errorf("exit code %d of %q: %q", m.code, m.command, m.words)
		}
	}
	for _, node := range all {
		var codes []string
		for _, m := range exitsOf(node.Path()) {
			codes = append(codes, strconv.Itoa(m.code))
		}
		if got := strings.Join(codes, " "); !strings.HasPrefix(got, "0 1 2") {
			t.Errorf("%s: exit codes %s", node.Path(), got)
		}
	}
	if got := exitsOf("deploy verdict"); len(got) != 4 || got[3].code != exitWaiting || !strings.HasPrefix(got[1].words, "it was rolled back") {
		t.Errorf("deploy verdict: %v", got)
	}
	if got := exitsOf("demo"); len(got) != 3 {
		t.Errorf("demo: %v", got)
	}
}
