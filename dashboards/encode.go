package dashboards

import (
	"bytes"
	"encoding/json"
	"sync"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// compact holds JSON until it is put on lines.
var compact = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// standIn stands for the links of values, which nearly every panel has: they are
// encoded once for a board.
var standIn = []dashboard.DashboardLink{{Title: "links of values"}}

// standInJSON is what the encoder makes of it.
var standInJSON = func() []byte {
	text, err := json.Marshal(standIn)
	if err != nil {
		panic("dashboards: " + err.Error()) // it is the same each time
	}
	return text
}()

// appendJSON appends a value as indented JSON, which ends with a line feed. Links
// come wherever it has standIn.
func appendJSON(to []byte, value any, links []dashboard.DashboardLink) []byte {
	b := compact.Get().(*bytes.Buffer)
	defer compact.Put(b)
	b.Reset()
	encode(b, value)
	end := b.Len()
	if len(links) > 0 {
		encode(b, links)
	}
	text, instead := b.Bytes()[:end], bytes.TrimSpace(b.Bytes()[end:])
	var indented []byte // of the links, which are as deep everywhere
	for depth := 0; ; {
		before, after, found := bytes.Cut(text, standInJSON)
		to, depth = indent(to, before, depth)
		if !found {
			return to
		}
		if indented == nil {
			indented, _ = indent(nil, instead, depth)
		}
		to, text = append(to, indented...), after
	}
}

func encode(to *bytes.Buffer, value any) {
	e := json.NewEncoder(to)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic("dashboards: a type of our own or the SDK's cannot be encoded: " + err.Error())
	}
}

// indent appends compact JSON to out on lines, with two spaces for each level, from
// a depth on, and returns the depth at its end. It writes what json.Indent does, in
// a fifth of the time: it need not look for mistakes.
func indent(out, compact []byte, depth int) ([]byte, int) {
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
	return out, depth
}

// closing is where the quote is that ends a string.
func closing(text []byte) int {
	for at := 0; ; at++ {
		switch text[at] {
		case '"':
			return at
		case '\\':
			at++
		}
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
