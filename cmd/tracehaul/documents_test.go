package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/tracehaul/tracehaul/internal/docs"
)

// Every command of the tool in every document is one that the tool can read: with
// its flags, and with a value that they take.
func TestDocuments_CommandsOfTheTool_AreRead(t *testing.T) {
	t.Parallel()
	all, err := docs.Commands(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, c := range all {
		args, ok := toolArguments(c.Words)
		if !ok {
			continue
		}
		read++
		if problem := unreadable(t, args, c.Inline); problem != "" {
			t.Errorf("%s: %s", c, problem)
		}
	}
	if read < 150 {
		t.Errorf("only %d commands in all documents: are they found?", read)
	}
}

func TestDocuments_FaultsOnPurpose_AreFound(t *testing.T) {
	t.Parallel()
	for line, found := range map[string]bool{
		"alarms test --quiet": false, "alarms test --quite": true, "alarm test": true, "trace -e prod ID": false, "trace -e": true,
		"deploy verdict -e prod --task-definition $ --timeout long": true,
	} {
		if got := unreadable(t, strings.Fields(line), false); (got != "") != found {
			t.Errorf("%s: %q", line, got)
		}
	}
	for line, found := range map[string]bool{"dlq show": false, "dlq": false, "dlq show --all": true, "dlq shows": true, "dlq drop --event ID": false, "help COMMAND": false} {
		if got := unreadable(t, strings.Fields(line), true); (got != "") != found {
			t.Errorf("in a sentence, %s: %q", line, got)
		}
	}
}

// toolArguments are those of the tool, if a command is one of it.
func toolArguments(words []string) ([]string, bool) {
	switch {
	case words[0] == toolName:
		return words[1:], true
	case len(words) > 2 && words[0] == "go" && words[1] == "run" && words[2] == "./cmd/tracehaul":
		return words[3:], true
	}
	return nil, false
}

// unreadable says why the tool cannot read arguments. In a sentence a command may
// lack what it wants; its name and its flags are there all the same.
func unreadable(t *testing.T, args []string, inline bool) string {
	t.Helper()
	parser := newTestParser(t)
	args = meant(args)
	if inline {
		return unknown(parser.Model.Node, args)
	}
	if slices.Contains(args, "--help") {
		return ""
	}
	_, err := parser.Parse(args)
	if i := slices.Index(args, "$"); err != nil && i > 0 && strings.HasPrefix(args[i-1], "--") {
		_, err = parser.Parse(slices.Delete(slices.Clone(args), i-1, i+1)) // what a workflow puts there has its flag's type
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// unknown is the first word that is neither a command nor one of its flags.
func unknown(node *kong.Node, args []string) string {
	for _, word := range args {
		if name, ok := strings.CutPrefix(word, "-"); ok {
			name, _, _ = strings.Cut(strings.TrimPrefix(name, "-"), "=")
			if name != "help" && !slices.ContainsFunc(flagsOf(node), func(f *kong.Flag) bool { return f.Name == name || string(f.Short) == name }) {
				return "no flag " + word
			}
			continue
		}
		if node.Leaf() {
			continue
		}
		i := slices.IndexFunc(node.Children, func(n *kong.Node) bool { return n.Name == word })
		if i < 0 && strings.ToUpper(word) == word {
			return ""
		}
		if i < 0 {
			return "no command " + word
		}
		node = node.Children[i]
	}
	return ""
}

// flagsOf are those of a command and of the ones that it belongs to.
func flagsOf(node *kong.Node) (all []*kong.Flag) {
	for ; node != nil; node = node.Parent {
		all = append(all, node.Flags...)
	}
	return all
}
