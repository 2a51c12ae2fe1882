package message

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep values may be nested before a body is taken for
// something else. An envelope needs 3.
const maxDepth = 16

// scanner walks over JSON in place. encoding/json would copy the body twice,
// match member names whatever their case, and let the last of a repeated
// member win; here none of that will do.
type scanner struct {
	in    string
	at    int
	depth int
}

// object reads an object and calls member for each of its members, with the
// scanner before the member's value. member reads the value.
func (s *scanner) object(member func(name string) bool) bool {
	if !s.open('{') {
		return false
	}
	defer func() { s.depth-- }()
	if s.next('}') {
		return true
	}
	for {
		s.space()
		start := s.at
		if !s.text() {
			return false
		}
		name, ok := unquote(s.in[start:s.at])
		if !ok || !s.next(':') {
			return false
		}
		s.space()
		if !member(name) {
			return false
		}
		if s.next('}') {
			return true
		}
		if !s.next(',') {
			return false
		}
	}
}

// skip reads any value.
func (s *scanner) skip() bool {
	s.space()
	if s.at == len(s.in) {
		return false
	}
	switch s.in[s.at] {
	case '"':
		return s.text()
	case '{':
		return s.object(func(string) bool { return s.skip() })
	case '[':
		return s.array()
	default:
		return s.word()
	}
}

func (s *scanner) array() bool {
	if !s.open('[') {
		return false
	}
	defer func() { s.depth-- }()
	if s.next(']') {
		return true
	}
	for {
		if !s.skip() {
			return false
		}
		if s.next(']') {
			return true
		}
		if !s.next(',') {
			return false
		}
	}
}

// word reads a number, true, false or null.
func (s *scanner) word() bool {
	start := s.at
	for s.at < len(s.in) && isWord(s.in[s.at]) {
		s.at++
	}
	switch word := s.in[start:s.at]; word {
	case "true", "false", "null":
		return true
	default:
		return isNumber(word)
	}
}

// text reads a string.
func (s *scanner) text() bool {
	if s.at == len(s.in) || s.in[s.at] != '"' {
		return false
	}
	for i := s.at + 1; i < len(s.in); i++ {
		switch c := s.in[i]; {
		case c == '"':
			s.at = i + 1
			return true
		case c == '\\':
			_, n := unescape(s.in[i:])
			if n == 0 {
				return false
			}
			i += n - 1
		case c < ' ':
			return false
		}
	}
	return false
}

func (s *scanner) open(c byte) bool {
	if s.depth == maxDepth || !s.next(c) {
		return false
	}
	s.depth++
	return true
}

// next reads c, after white space.
func (s *scanner) next(c byte) bool {
	s.space()
	if s.at == len(s.in) || s.in[s.at] != c {
		return false
	}
	s.at++
	return true
}

// end tells whether only white space is left.
func (s *scanner) end() bool {
	s.space()
	return s.at == len(s.in)
}

func (s *scanner) space() {
	for s.at < len(s.in) {
		switch s.in[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

func isWord(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || c == 'E' || c == '+' || c == '-' || c == '.'
}

// isNumber tells whether s is a number by JSON's grammar.
func isNumber(s string) bool {
	digits := func() bool {
		n := 0
		for n < len(s) && '0' <= s[n] && s[n] <= '9' {
			n++
		}
		s = s[n:]
		return n > 0
	}
	s = strings.TrimPrefix(s, "-")
	if len(s) > 1 && s[0] == '0' && '0' <= s[1] && s[1] <= '9' || !digits() {
		return false
	}
	if rest, ok := strings.CutPrefix(s, "."); ok {
		s = rest
		if !digits() {
			return false
		}
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		if !digits() {
			return false
		}
	}
	return s == ""
}

// unquote returns what a JSON string says, and false for anything else. It
// copies only what has escapes.
func unquote(s string) (string, bool) {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return "", false
	}
	s = s[1 : len(s)-1]
	i := strings.IndexByte(s, '\\')
	if i < 0 {
		return s, true
	}
	var b strings.Builder
	b.Grow(len(s))
	for i >= 0 {
		b.WriteString(s[:i])
		r, n := unescape(s[i:])
		if n == 0 {
			return "", false
		}
		b.WriteRune(r)
		s = s[i+n:]
		i = strings.IndexByte(s, '\\')
	}
	b.WriteString(s)
	return b.String(), true
}

// unescape reads the escape that s begins with and says how long it is: 0 if
// there is no such escape. Half a surrogate pair is read as U+FFFD.
func unescape(s string) (rune, int) {
	if len(s) < 2 {
		return 0, 0
	}
	switch s[1] {
	case '"', '\\', '/':
		return rune(s[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r := hexRune(s)
		if r < 0 {
			return 0, 0
		}
		if !utf16.IsSurrogate(r) {
			return r, 6
		}
		if pair := utf16.DecodeRune(r, hexRune(s[6:])); pair != utf8.RuneError {
			return pair, 12
		}
		return utf8.RuneError, 6
	default:
		return 0, 0
	}
}

// hexRune reads \uXXXX, or returns -1.
func hexRune(s string) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	var r rune
	for i := 2; i < 6; i++ {
		d := hexValue(s[i])
		if d < 0 {
			return -1
		}
		r = r<<4 | rune(d) //nolint:gosec // 0 to 15
	}
	return r
}

func hexValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	default:
		return -1
	}
}
