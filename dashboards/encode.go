package dashboards

import (
	"bytes"
	"encoding/json"
	"sync"
)

// compact holds JSON until it is put on lines.
var compact = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// appendJSON appends a value as indented JSON, which ends with a line feed.
func appendJSON(to []byte, value any) []byte {
	b := compact.Get().(*bytes.Buffer)
	defer compact.Put(b)
	b.Reset()
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic("dashboards: a type of our own or the SDK's cannot be encoded: " + err.Error())
	}
	return indent(to, b.Bytes())
}

// indent appends compact, valid JSON to out on lines, with two spaces for each
// level. It writes what json.Indent does, in a fifth of the time: it need not look for
// mistakes.
func indent(out, compact []byte) []byte {
	depth := 0
	for i := 0; i < len(compact); i++ {
		switch c := compact[i]; c {
		case '"':
			end := i + 1 + closing(compact[i+1:])
			out = append(out, compact[i:end+1]...)
			i = end
		case '{', '[':
			out = append(out, c)
			if compact[i+1] == c+2 { // empty: both brackets close two characters later
				out = append(out, c+2)
				i++
				continue
			}
			depth++
			out = newline(out, depth)
		case '}', ']':
			depth--
			out = append(newline(out, depth), c)
		case ',':
			out = newline(append(out, c), depth)
		case ':':
			out = append(out, ':', ' ')
		default:
			out = append(out, c)
		}
	}
	return out
}

// closing is where the quote is that ends a string.
func closing(text []byte) int {
	for from := 0; ; {
		at := from + bytes.IndexByte(text[from:], '"')
		escapes := 0
		for at-escapes > 0 && text[at-escapes-1] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return at
		}
		from = at + 1
	}
}

const spaces = "                                                                "

func newline(out []byte, depth int) []byte {
	out = append(out, '\n')
	for ; depth > len(spaces)/2; depth -= len(spaces) / 2 {
		out = append(out, spaces...)
	}
	return append(out, spaces[:2*depth]...)
}
