package pgxtrace

import "strings"

// kind is what a token of SQL is.
type kind uint8

const (
	end       kind = iota // of the text
	space                 // between tokens
	comment               // to the end of a line, or a nested /* */
	word                  // a keyword, or an identifier without quotes
	quoted                // an identifier in quotes
	literal               // a string, a number, or a rest that cannot be told from one
	parameter             // $1
	symbol                // one byte of punctuation or of an operator
)

// token is a piece of a statement, as it is written.
type token struct {
	kind kind
	text string
}

// is tells whether the token is one of these words or symbols.
func (t token) is(words ...string) bool {
	for _, w := range words {
		if strings.EqualFold(t.text, w) {
			return true
		}
	}
	return false
}

// scanner cuts SQL into tokens by PostgreSQL's lexical rules (src/backend/parser/scan.l).
// Whatever is not closed reaches to the end and is a literal, or a comment.
type scanner struct {
	sql        string
	conforming bool // standard_conforming_strings is known to be on
	at         int
	until      int // where the last word begins at the latest
}

func (s *scanner) next() token {
	rest := s.sql[s.at:]
	if rest == "" {
		return token{}
	}
	k, n := lex(rest, s.conforming)
	s.at += n
	return token{k, rest[:n]}
}

// lex is the kind and the length of the first token.
func lex(s string, conforming bool) (kind, int) {
	switch c := s[0]; {
	case isSpace(c):
		return space, lengthOf(s, isSpace)
	case strings.HasPrefix(s, "--"):
		return comment, lengthOf(s, func(c byte) bool { return !isNewline(c) })
	case strings.HasPrefix(s, "/*"):
		return comment, blockComment(s)
	case c == '\'':
		return literal, plainString(s, 1, conforming)
	case c == '"':
		return quotedName(s, 1)
	case c == '$':
		return dollar(s)
	case isDigit(c), c == '.' && len(s) > 1 && isDigit(s[1]):
		return literal, number(s)
	case isWordByte(c):
		return wordOrPrefix(s, conforming)
	default:
		return symbol, 1
	}
}

// wordOrPrefix is a word, or what the letters before a quote make of it:
// E'...', B'...', X'...', N'...', U&'...' or U&"...".
func wordOrPrefix(s string, conforming bool) (kind, int) {
	if len(s) > 1 && s[1] == '\'' {
		switch s[0] {
		case 'e', 'E':
			return literal, escapeString(s, 2)
		case 'b', 'B', 'x', 'X', 'n', 'N':
			return literal, plainString(s, 2, conforming)
		}
	}
	if len(s) > 2 && (s[0] == 'u' || s[0] == 'U') && s[1] == '&' {
		switch s[2] {
		case '\'':
			return literal, plainString(s, 3, conforming)
		case '"':
			return quotedName(s, 3)
		}
	}
	return word, lengthOf(s, isWordByte)
}

// plainString is the length of a string without escapes whose content begins at
// n. Unless it is conforming, a backslash before a quote may escape it: the
// string is taken to reach to the end.
func plainString(s string, n int, conforming bool) int {
	for {
		i := strings.IndexByte(s[n:], '\'')
		if i < 0 {
			return len(s)
		}
		content := s[n : n+i]
		if !conforming && (len(content)-len(strings.TrimRight(content, `\`)))%2 == 1 {
			return len(s)
		}
		n += i + 1
		if n == len(s) || s[n] != '\'' {
			return n
		}
		n++
	}
}

// escapeString is the same for a string with escapes. The rules hold on in the
// part that continues it on another line.
func escapeString(s string, n int) int {
	for n < len(s) {
		switch {
		case s[n] == '\\':
			n += 2
		case s[n] != '\'':
			n++
		case strings.HasPrefix(s[n:], "''"):
			n += 2
		default:
			n++
			more := continuation(s[n:])
			if more == 0 {
				return n
			}
			n += more
		}
	}
	return len(s)
}

// continuation is how far it is to the content of a string's next part: behind
// a newline, other space and line comments, and a quote. It is 0 if there is none.
func continuation(s string) int {
	newline := false
	for n := 0; n < len(s); {
		switch {
		case isSpace(s[n]):
			newline = newline || isNewline(s[n])
			n++
		case strings.HasPrefix(s[n:], "--"):
			n += lengthOf(s[n:], func(c byte) bool { return !isNewline(c) })
		case s[n] == '\'' && newline:
			return n + 1
		default:
			return 0
		}
	}
	return 0
}

func quotedName(s string, n int) (kind, int) {
	for {
		i := strings.IndexByte(s[n:], '"')
		if i < 0 {
			return literal, len(s)
		}
		n += i + 1
		if n == len(s) || s[n] != '"' {
			return quoted, n
		}
		n++
	}
}

// dollar is a parameter, a string between $tag$ and $tag$, or a lone $.
func dollar(s string) (kind, int) {
	if n := lengthOf(s[1:], isDigit); n > 0 {
		return parameter, 1 + n
	}
	n := 1 + lengthOf(s[1:], func(c byte) bool { return c != '$' && isWordByte(c) })
	if n == len(s) || s[n] != '$' {
		return symbol, 1
	}
	tag := s[:n+1]
	i := strings.Index(s[len(tag):], tag)
	if i < 0 {
		return literal, len(s)
	}
	return literal, len(tag) + i + len(tag)
}

// number is the length of a number and of the letters and dots that stick to
// it. Where letters are followed by the start of a string, versions of
// PostgreSQL disagree on what they belong to: the rest is taken for one literal.
func number(s string) int {
	n, letters := 0, false
	for ; n < len(s); n++ {
		c := s[n]
		exponent := (c == '-' || c == '+') && n > 0 && s[n-1]|0x20 == 'e' && n+1 < len(s) && isDigit(s[n+1])
		if c == '$' || c != '.' && !exponent && !isWordByte(c) {
			break
		}
		letters = letters || isWordByte(c) && !isDigit(c)
	}
	if letters && n < len(s) && (s[n] == '\'' || s[n] == '$') {
		return len(s)
	}
	return n
}

func blockComment(s string) int {
	depth := 0
	for n := 0; n+1 < len(s); {
		switch s[n : n+2] {
		case "/*":
			depth++
			n += 2
		case "*/":
			depth--
			n += 2
			if depth == 0 {
				return n
			}
		default:
			n++
		}
	}
	return len(s)
}

// lengthOf is how many bytes of s, from its first on, are of a class.
func lengthOf(s string, class func(byte) bool) int {
	n := 0
	for n < len(s) && class(s[n]) {
		n++
	}
	return n
}

func isSpace(c byte) bool   { return c == ' ' || '\t' <= c && c <= '\r' }
func isNewline(c byte) bool { return c == '\n' || c == '\r' }
func isDigit(c byte) bool   { return '0' <= c && c <= '9' }

// isWordByte: every byte of a character beyond ASCII is one.
func isWordByte(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
