package docs

import (
	"slices"
	"strings"
)

// simple are the simple commands in a piece of shell, those in $( ) included, in
// the order in which they begin. It knows as much of the shell as documents use:
// quotes, pipes and lists, redirections, comments, here documents, keywords.
func simple(text string) [][]string {
	s := &shell{text: text}
	s.read(false)
	return s.commands
}

type shell struct {
	text     string
	at       int
	commands [][]string
	words    []string // of the command that is being read
	word     strings.Builder
	inWord   bool
	here     string // ends the here document that begins with the next line
}

// read reads until the end, or until the ")" of a substitution.
func (s *shell) read(inner bool) {
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch {
		case c == ')' && inner:
			s.endCommand()
			return
		case c == '\\' && s.at < len(s.text):
			if s.text[s.at] != '\n' {
				s.add(s.text[s.at])
			}
			s.at++
		case c == '\'':
			end := strings.IndexByte(s.text[s.at:], '\'')
			s.addText(s.text[s.at : s.at+max(end, 0)])
			s.at += max(end, 0) + 1
		case c == '"':
			s.quoted()
		case c == '$':
			s.expansion()
		case c == '#' && !s.inWord:
			s.skipLine()
		case c == '<' && strings.HasPrefix(s.text[s.at:], "<") && !strings.HasPrefix(s.text[s.at:], "<<"):
			s.hereDocument()
		case c == '<' || c == '>':
			s.redirection()
		case c == ' ' || c == '\t':
			s.endWord()
		case c == '\n':
			s.endCommand()
			s.skipHere()
		case strings.IndexByte("|;&()", c) >= 0:
			s.endCommand()
		default:
			s.add(c)
		}
	}
	s.endCommand()
}

func (s *shell) add(c byte) { s.word.WriteByte(c); s.inWord = true }

func (s *shell) addText(text string) { s.word.WriteString(text); s.inWord = true }

// quoted reads up to the closing quote.
func (s *shell) quoted() {
	s.inWord = true
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch c {
		case '"':
			return
		case '\\':
			s.add(s.text[min(s.at, len(s.text)-1)])
			s.at++
		case '$':
			s.expansion()
		default:
			s.add(c)
		}
	}
}

// expansion leaves "$" in a word, and reads the commands of $( ).
func (s *shell) expansion() {
	s.add('$')
	switch rest := s.text[s.at:]; {
	case strings.HasPrefix(rest, "(("):
		s.at += strings.Index(rest+"))", "))") + 2
	case strings.HasPrefix(rest, "("):
		s.at++
		inner := &shell{text: s.text, at: s.at}
		inner.read(true)
		s.at, s.commands = inner.at, append(s.commands, inner.commands...)
	case strings.HasPrefix(rest, "{{"): // of a workflow
		s.at += strings.Index(rest+"}}", "}}") + 2
	case strings.HasPrefix(rest, "{"):
		s.at += strings.IndexByte(rest+"}", '}') + 1
	}
}

// redirection drops the file that follows, but reads the commands of <( ).
func (s *shell) redirection() {
	s.endDigits()
	if strings.HasPrefix(s.text[s.at:], "(") {
		s.at++
		inner := &shell{text: s.text, at: s.at}
		inner.read(true)
		s.at, s.commands = inner.at, append(s.commands, inner.commands...)
		s.addText("$")
		return
	}
	for s.at < len(s.text) && strings.IndexByte("<>&| ", s.text[s.at]) >= 0 {
		s.at++
	}
	mark := len(s.words)
	for s.at < len(s.text) && strings.IndexByte(" \t\n|;&)", s.text[s.at]) < 0 {
		c := s.text[s.at]
		s.at++
		switch c {
		case '"':
			s.quoted()
		case '$':
			s.expansion()
		}
	}
	s.word.Reset()
	s.inWord = false
	s.words = s.words[:mark]
}

// endDigits drops the number of a stream before its redirection.
func (s *shell) endDigits() {
	if strings.Trim(s.word.String(), "0123456789") == "" {
		s.word.Reset()
		s.inWord = false
	}
	s.endWord()
}

func (s *shell) hereDocument() {
	s.at++
	s.here = strings.Trim(strings.TrimPrefix(strings.FieldsFunc(s.text[s.at:], func(r rune) bool { return strings.ContainsRune(" \n|;)", r) })[0], "-"), `'"`)
	s.at += strings.Index(s.text[s.at:], s.here) + len(s.here)
	s.at += len(s.text[s.at:]) - len(strings.TrimLeft(s.text[s.at:], `'"`))
}

// skipHere skips the lines of a here document.
func (s *shell) skipHere() {
	if s.here == "" {
		return
	}
	if i := strings.Index("\n"+s.text[s.at:], "\n"+s.here+"\n"); i >= 0 {
		s.at += i + len(s.here)
	}
	s.here = ""
}

func (s *shell) skipLine() {
	if i := strings.IndexByte(s.text[s.at:], '\n'); i >= 0 {
		s.at += i
	} else {
		s.at = len(s.text)
	}
}

func (s *shell) endWord() {
	if s.inWord {
		s.words = append(s.words, s.word.String())
	}
	s.word.Reset()
	s.inWord = false
}

// keywords stand before a command; loops and cases have words of their own.
var keywords = []string{"if", "then", "elif", "else", "fi", "while", "until", "do", "done", "!", "{", "}", "time", "esac"}

func (s *shell) endCommand() {
	s.endWord()
	words := s.words
	s.words = nil
	for len(words) > 0 && (slices.Contains(keywords, words[0]) || assigns(words[0])) {
		words = words[1:]
	}
	if len(words) > 0 && words[0] != "for" && words[0] != "case" {
		s.commands = append(s.commands, words)
	}
}

// assigns is whether a word sets a variable.
func assigns(word string) bool {
	name, _, ok := strings.Cut(word, "=")
	return ok && name != "" && strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+") == ""
}
