package insights

import (
	"fmt"
	"regexp"
	"strings"
)

// kind is what a token is.
type kind int

const (
	end    kind = iota
	word        // a name, a command, a function, and, or, in ...
	quoted      // a name in backticks
	text        // a text in quotes
	number      // a number, with a unit if it is a duration
	regex       // between slashes
	sign        // an operator, a bracket, a comma or a bar
)

type token struct {
	kind kind
	text string // without quotes
}

func (t token) String() string {
	if t.kind == end {
		return "the end"
	}
	return fmt.Sprintf("%q", t.text)
}

var (
	wordPattern   = regexp.MustCompile(`^[@A-Za-z_][\w@.]*`)
	numberPattern = regexp.MustCompile(`^\d+(\.\d+)?(ms|s|m|h|d|w)?\b`)
	signPattern   = regexp.MustCompile(`^(<=|>=|!=|=~|[=<>+*/%(),|\[\]-])`)
)

// tokens takes a query apart. A slash begins a regular expression where a value may
// stand, else it divides.
func tokens(query string) (all []token, err error) {
	for rest := query; ; {
		rest = strings.TrimLeft(rest, " \t\r\n")
		if rest == "" {
			return all, nil
		}
		t, n, err := next(rest, all)
		if err != nil {
			return nil, err
		}
		all, rest = append(all, t), rest[n:]
	}
}

func next(rest string, before []token) (t token, length int, err error) {
	switch c := rest[0]; {
	case c == '"' || c == '\'' || c == '`' || c == '/' && startsRegex(before):
		closing := strings.IndexByte(rest[1:], c)
		if closing < 0 {
			return t, 0, fmt.Errorf("%c is not closed: %.40s", c, rest)
		}
		kinds := map[byte]kind{'`': quoted, '/': regex, '"': text, '\'': text}
		return token{kinds[c], rest[1 : 1+closing]}, closing + 2, nil
	case c == '@' || c == '_' || 'a' <= c|0x20 && c|0x20 <= 'z':
		t = token{word, wordPattern.FindString(rest)}
	case '0' <= c && c <= '9':
		t = token{number, numberPattern.FindString(rest)}
	default:
		t = token{sign, signPattern.FindString(rest)}
	}
	if t.text != "" {
		return t, len(t.text), nil
	}
	return t, 0, fmt.Errorf("%q has no meaning here: %.40s", rest[0], rest)
}

// startsRegex tells whether a value is to come next.
func startsRegex(before []token) bool {
	if len(before) == 0 {
		return true
	}
	last := before[len(before)-1]
	if len(before) > 1 && before[len(before)-2].kind == word && strings.EqualFold(before[len(before)-2].text, "parse") {
		return true
	}
	return last.kind == word && strings.EqualFold(last.text, "like") || last.kind == sign && last.text == "=~"
}
