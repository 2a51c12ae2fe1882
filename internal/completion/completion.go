package completion

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// Candidate is a word that may stand at the cursor.
type Candidate struct {
	Word string
	Help string // a line on it, or ""
}

// Kind is what completes a word.
type Kind string

// Kinds of completion: the candidates, or what lies on the disk.
const (
	Words       Kind = "words"
	Files       Kind = "files"
	Directories Kind = "dirs"
)

// Answer is what may stand at the cursor.
type Answer struct {
	Kind       Kind
	Candidates []Candidate
}

// Given is what the command line says before the cursor: the last value of each
// flag by its name.
type Given map[string]string

// Values are what flags and arguments with a tag `complete` take, by the tag.
type Values map[string]func(Given) []Candidate

// Complete says what may stand in place of the last of the words, which follow
// the program's name. The last one is what stands before the cursor so far, and
// may be empty.
func Complete(app *kong.Application, words []string, values Values) Answer {
	if len(words) == 0 {
		words = []string{""}
	}
	l := line{node: app.Node, given: Given{}, set: map[*kong.Flag]bool{}, values: values}
	last := len(words) - 1
	for _, word := range words[:last] {
		l.read(word)
	}
	return l.complete(words[last])
}

// line is a command line as far as it was read.
type line struct {
	node   *kong.Node
	flag   *kong.Flag // that waits for its value
	args   int        // how many arguments were read
	plain  bool       // after "--", no flags are read
	given  Given
	set    map[*kong.Flag]bool
	values Values
}

// read takes a word before the cursor in.
func (l *line) read(word string) {
	switch {
	case l.flag != nil:
		l.give(l.flag, word)
	case l.plain || !strings.HasPrefix(word, "-") || word == "-":
		l.argument(word)
	case word == "--":
		l.plain = true
	case strings.HasPrefix(word, "--"):
		name, value, whole := strings.Cut(word[2:], "=")
		if f := l.long(name); f != nil {
			l.see(f, value, whole)
		}
	default:
		l.short(word[1:])
	}
}

// short reads letters, of which the last may have a value.
func (l *line) short(letters string) {
	for i, letter := range letters {
		f := l.find(func(f *kong.Flag) bool { return f.Short == letter })
		if f == nil {
			return
		}
		rest := strings.TrimPrefix(letters[i+len(string(letter)):], "=")
		l.see(f, rest, rest != "")
		if !bare(f) {
			return
		}
	}
}

// see takes a flag in, with its value if that stands in the same word.
func (l *line) see(f *kong.Flag, value string, whole bool) {
	if bare(f) || whole {
		l.give(f, value)
		return
	}
	l.flag = f
}

func (l *line) give(f *kong.Flag, value string) {
	l.flag = nil
	l.given[f.Name], l.set[f] = value, true
}

// argument takes a command or an argument in.
func (l *line) argument(word string) {
	for _, child := range l.node.Children {
		if !l.plain && (child.Name == word || slices.Contains(child.Aliases, word)) {
			l.node, l.args = child, 0
			return
		}
	}
	l.args++
}

// flags are those that may stand here.
func (l *line) flags() (all []*kong.Flag) {
	for _, group := range l.node.AllFlags(true) {
		all = append(all, group...)
	}
	return all
}

func (l *line) find(is func(*kong.Flag) bool) *kong.Flag {
	all := l.flags()
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i]
	}
	return nil
}

func (l *line) long(name string) *kong.Flag {
	return l.find(func(f *kong.Flag) bool { return f.Name == name || slices.Contains(f.Aliases, name) })
}

// bare is whether a flag has no value.
func bare(f *kong.Flag) bool { return f.IsBool() || f.IsCounter() }

// complete says what may stand in place of a word.
func (l *line) complete(word string) Answer {
	if l.flag != nil {
		return l.value(l.flag.Value, l.flag.PlaceHolder, "", word)
	}
	if !l.plain && strings.HasPrefix(word, "--") {
		if name, value, ok := strings.Cut(word[2:], "="); ok {
			f := l.long(name)
			if f == nil || bare(f) {
				return Answer{Kind: Words}
			}
			return l.value(f.Value, f.PlaceHolder, word[:len(word)-len(value)], value)
		}
	}
	if !l.plain && strings.HasPrefix(word, "-") {
		return Answer{Words, starting(l.flagNames(), word)}
	}
	var commands []Candidate
	for _, child := range l.node.Children {
		if !child.Hidden && child.Type == kong.CommandNode {
			commands = append(commands, Candidate{child.Name, child.Help})
		}
	}
	if len(commands) > 0 {
		return Answer{Words, starting(commands, word)}
	}
	if arg := l.positional(); arg != nil {
		return l.value(arg, arg.Tag.PlaceHolder, "", word)
	}
	if word == "" && !l.plain { // nothing but flags may stand here
		return Answer{Words, l.flagNames()}
	}
	return Answer{Kind: Words}
}

// positional is the argument that stands at the cursor: the last one may be
// several.
func (l *line) positional() *kong.Positional {
	all := l.node.Positional
	switch {
	case l.args < len(all):
		return all[l.args]
	case len(all) > 0 && all[len(all)-1].IsCumulative():
		return all[len(all)-1]
	default:
		return nil
	}
}

// flagNames are the flags that may be added to those that were given.
func (l *line) flagNames() (names []Candidate) {
	taken := map[string]bool{} // groups of which one alone may be given
	for f := range l.set {
		for _, group := range f.Xor {
			taken[group] = true
		}
	}
	for _, f := range l.flags() {
		again := !l.set[f] || f.IsCumulative() || f.IsCounter()
		if again && (l.set[f] || !slices.ContainsFunc(f.Xor, func(group string) bool { return taken[group] })) {
			names = append(names, Candidate{"--" + f.Name, f.Help})
		}
	}
	return names
}

// value completes a value behind what stands before it in the word.
func (l *line) value(v *kong.Value, placeholder, before, word string) Answer {
	if v.IsSlice() && v.Tag.Sep > 0 {
		i := strings.LastIndex(word, string(v.Tag.Sep)) + 1
		before, word = before+word[:i], word[i:]
	}
	a := Answer{Kind: Words}
	switch complete := l.values[v.Tag.Get("complete")]; {
	case complete != nil:
		a.Candidates = complete(l.given)
	case v.Enum != "":
		for _, value := range v.EnumSlice() {
			a.Candidates = append(a.Candidates, Candidate{Word: value})
		}
	default:
		switch placeholder {
		case "FILE", "PATH", "PROGRAM":
			a.Kind = Files
		case "DIR":
			a.Kind = Directories
		}
	}
	a.Candidates = starting(a.Candidates, word)
	for i := range a.Candidates {
		a.Candidates[i].Word = before + a.Candidates[i].Word
	}
	return a
}

// starting are the candidates that begin with what is there.
func starting(all []Candidate, prefix string) (some []Candidate) {
	for _, c := range all {
		if strings.HasPrefix(c.Word, prefix) {
			some = append(some, c)
		}
	}
	return some
}
