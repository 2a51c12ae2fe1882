package completion

import (
	"embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Command is the first argument by which a script asks the program.
const Command = "__complete"

// Shells are those that there is a script for.
var Shells = []string{"bash", "zsh", "fish"}

//go:embed scripts
var scripts embed.FS

// Script is what a shell reads to complete a program's command lines. An error
// names the shells that there are.
func Script(shell, program string) (string, error) {
	if !slices.Contains(Shells, shell) {
		return "", fmt.Errorf("shell %q: want one of %s", shell, strings.Join(Shells, ", "))
	}
	text, err := scripts.ReadFile("scripts/completion." + shell)
	if err != nil {
		return "", err
	}
	return strings.ReplaceAll(string(text), "PROGRAM", program), nil
}

// Run answers a script. The arguments behind [Command] are the shell and the
// words from the program's name to the cursor, without that name. It writes the
// kind of completion in a line, and each candidate in another, as the shell
// takes it.
func Run(w io.Writer, app *kong.Application, args []string, values Values) error {
	if len(args) == 0 || !slices.Contains(Shells, args[0]) {
		return fmt.Errorf("%s: want one of %s and the words of a command line", Command, strings.Join(Shells, ", "))
	}
	shell, words, before := args[0], args[1:], ""
	if shell == "bash" {
		words, before = joined(words)
	}
	a := Complete(app, words, values)
	var b strings.Builder
	fmt.Fprintln(&b, a.Kind)
	for _, c := range a.Candidates {
		word, help := oneLine(strings.TrimPrefix(c.Word, before)), oneLine(c.Help)
		switch {
		case shell == "bash" || help == "":
		case shell == "zsh":
			word = strings.ReplaceAll(word, ":", `\:`) + ":" + help
		default:
			word += "\t" + help
		}
		fmt.Fprintln(&b, word)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// joined puts together what bash has taken apart: "=" and ":" are words of
// their own there (COMP_WORDBREAKS in bash(1)), and quotes stay. Before is what
// stands in the last word before the part that bash replaces.
func joined(words []string) (whole []string, before string) {
	glue := false // the next one belongs to the last
	for i, word := range words {
		breaks := word != "" && strings.Trim(word, "=:") == ""
		last := i == len(words)-1
		if (glue || breaks) && len(whole) > 0 {
			if last {
				before = whole[len(whole)-1]
				if breaks {
					before += word
				}
			}
			whole[len(whole)-1] += word
		} else {
			whole = append(whole, word)
		}
		glue = breaks
	}
	for i, word := range whole {
		whole[i] = unquoted(word)
	}
	return whole, unquoted(before)
}

// unquoted is a word without the quotes and backslashes of the shell. What it
// would expand stays as it is.
func unquoted(word string) string {
	var b strings.Builder
	quote, escaped := rune(0), false
	for _, r := range word {
		switch {
		case escaped:
			b.WriteRune(r)
			escaped = false
		case r == '\\' && quote != '\'':
			escaped = true
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case r == quote:
			quote = 0
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
