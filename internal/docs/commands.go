package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Command is a simple command of a document: one program with its arguments.
type Command struct {
	Document string // relative to the repository's top
	Words    []string
	Inline   bool // it stands in a sentence, perhaps in part
}

// String is the command on one line, without its quotes.
func (c Command) String() string { return c.Document + ": " + strings.Join(c.Words, " ") }

// Documents returns the names of all documents below a directory, the
// repository's top, but for those that tests and other people's modules have.
func Documents(root string) (names []string, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "testdata" || d.Name() == "node_modules" || d.Name() == "dist" || d.Name() == ".git" || d.Name() == ".terraform"):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".md"):
			name, err := filepath.Rel(root, path)
			names = append(names, filepath.ToSlash(name))
			return err
		}
		return nil
	})
	return names, err
}

// Commands returns those of all documents below the repository's top.
func Commands(root string) (all []Command, err error) {
	names, err := Documents(root)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			return nil, err
		}
		for _, block := range Blocks(string(text)) {
			for _, words := range simple(block) {
				all = append(all, Command{Document: name, Words: words})
			}
		}
		for _, words := range inline(string(text)) {
			all = append(all, Command{Document: name, Words: words, Inline: true})
		}
	}
	return all, nil
}

var (
	fenceForm = regexp.MustCompile("(?ms)^```(\\w*)\n(.*?)^```$")
	// An indented line is a command if it begins as one; other indented lines
	// are what programs print, or figures.
	indentedForm = regexp.MustCompile(`(?m)^    (?:\$ )?((?:go|make|tracehaul|terraform|aws|docker|psql|curl|git|build/\S+|\.github/\S+) (?:.*\\\n)*.*)$`)
	inlineForm   = regexp.MustCompile("`((?:tracehaul|make|go) [a-z][^`\n]*)`")
)

// Blocks returns the parts of a document that a reader pastes into a shell:
// fenced as sh, and indented lines that begin with a command.
func Blocks(text string) (blocks []string) {
	for _, m := range fenceForm.FindAllStringSubmatch(text, -1) {
		if m[1] == "sh" {
			blocks = append(blocks, m[2])
		}
	}
	for _, m := range indentedForm.FindAllStringSubmatch(fenceForm.ReplaceAllString(text, ""), -1) {
		blocks = append(blocks, m[1]+"\n")
	}
	return blocks
}

// inline are the commands in a document's sentences.
func inline(text string) (all [][]string) {
	for _, m := range inlineForm.FindAllStringSubmatch(fenceForm.ReplaceAllString(text, ""), -1) {
		all = append(all, simple(m[1])...)
	}
	return all
}
