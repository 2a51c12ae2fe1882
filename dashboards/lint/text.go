package lint

import (
	"fmt"
	"strings"
)

// dialect is what a query language knows of quotes and comments.
type dialect struct {
	quotes  string // characters that begin and end a text
	escape  bool   // a backslash within quotes takes the next character as it is
	comment string // begins a comment that lasts to the end of the line
	regexp  bool   // a slash after an operator or a parenthesis begins a regular expression
}

// regexpContext is how many characters before a slash say whether it divides.
const regexpContext = 200

// Dialects. Sources: "CloudWatch Logs Insights language query syntax" (AWS),
// "TraceQL" (Grafana Tempo), "Lexical Structure" (PostgreSQL), "Use metric
// math" (AWS).
var (
	logsDialect   = dialect{quotes: "\"'`", escape: true, comment: "#", regexp: true}
	traceDialect  = dialect{quotes: "\"`", escape: true}
	sqlDialect    = dialect{quotes: "\"'`", comment: "--"}
	metricDialect = dialect{quotes: "\"'"}
)

// blank replaces what is within quotes, the quotes themselves included, by
// underscores, and comments by spaces, byte for byte: what remains are the
// words of the language. It reports a quote without its end, and parentheses
// that do not match.
func (d dialect) blank(text string) (string, error) {
	out := []byte(text)
	var open []byte
	for i := 0; i < len(text); i++ {
		b := text[i]
		switch {
		case d.comment != "" && strings.HasPrefix(text[i:], d.comment):
			for ; i < len(text) && text[i] != '\n'; i++ {
				out[i] = ' '
			}
		case strings.IndexByte(d.quotes, b) >= 0 || d.regexp && b == '/' && d.regexpAt(string(out[max(0, i-regexpContext):i])):
			end := d.end(text, i)
			if end < 0 {
				return string(out), fmt.Errorf("the %c at character %d has no end", b, i+1)
			}
			for ; i < end; i++ {
				out[i] = '_'
			}
			out[i] = '_'
		case strings.IndexByte("([{", b) >= 0:
			open = append(open, b)
		case strings.IndexByte(")]}", b) >= 0:
			if len(open) == 0 || !pair(open[len(open)-1], b) {
				return string(out), fmt.Errorf("the %c at character %d closes nothing", b, i+1)
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return string(out), fmt.Errorf("a %c is never closed", open[len(open)-1])
	}
	return string(out), nil
}

func pair(opening, closing byte) bool {
	return opening == '(' && closing == ')' || opening == '[' && closing == ']' || opening == '{' && closing == '}'
}

// end is where the text that begins at a quote ends, or -1.
func (d dialect) end(text string, start int) int {
	for i := start + 1; i < len(text); i++ {
		if text[i] == '\\' && (d.escape || text[start] == '/') && text[start] != '`' {
			i++
			continue
		}
		if text[i] == text[start] {
			return i
		}
	}
	return -1
}

// regexpAt reports whether a slash after this is no division.
func (d dialect) regexpAt(before string) bool {
	before = strings.TrimRight(before, " \t\n")
	return before == "" || strings.HasSuffix(before, "like") || strings.HasSuffix(before, "~") || strings.HasSuffix(before, "=") ||
		strings.HasSuffix(before, ",") || strings.HasSuffix(before, "(") || wordBefore(before, "parse")
}

// wordBefore reports whether the word before the last one is a given one, as in
// "parse @message /.../".
func wordBefore(text, word string) bool {
	fields := strings.Fields(text)
	return len(fields) >= 2 && fields[len(fields)-2] == word
}
