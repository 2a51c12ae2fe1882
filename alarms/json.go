package alarms

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// document writes indented JSON in the order in which it is told, so that a
// diff of two documents shows what changed.
type document struct {
	b     []byte
	depth int
	next  bool // something stands before in the same object or list
}

func (d *document) newline() {
	if d.next {
		d.b = append(d.b, ',')
	}
	d.b = append(d.b, '\n')
	for range d.depth {
		d.b = append(d.b, ' ', ' ')
	}
	d.next = true
}

func (d *document) key(key string) {
	d.newline()
	d.b = appendText(d.b, key)
	d.b = append(d.b, ':', ' ')
}

// inside writes what write does between two brackets.
func (d *document) inside(opening, closing byte, write func()) {
	d.b = append(d.b, opening)
	d.depth++
	d.next = false
	write()
	d.depth--
	if d.next {
		d.next = false
		d.newline()
	}
	d.b = append(d.b, closing)
	d.next = true
}

// object writes an object, below a key unless that is empty.
func (d *document) object(key string, write func()) {
	if key != "" {
		d.key(key)
	}
	d.inside('{', '}', write)
}

// list writes a list below a key. write tells its items with item.
func (d *document) list(key string, write func()) {
	d.key(key)
	d.inside('[', ']', write)
}

// item writes an object in a list.
func (d *document) item(write func()) {
	d.newline()
	d.inside('{', '}', write)
}

// text writes a text in which Terraform shall see no template.
func (d *document) text(key, value string) { d.reference(key, escapeTemplate(value)) }

// reference writes a text in which Terraform sees its templates.
func (d *document) reference(key, value string) {
	d.key(key)
	d.b = appendText(d.b, value)
}

func (d *document) references(key string, values []string) {
	d.key(key)
	d.inside('[', ']', func() {
		for _, v := range values {
			d.newline()
			d.b = appendText(d.b, v)
		}
	})
}

func (d *document) integer(key string, value int) {
	d.key(key)
	d.b = strconv.AppendInt(d.b, int64(value), 10)
}

func (d *document) float(key string, value float64) {
	d.key(key)
	d.b = strconv.AppendFloat(d.b, value, 'f', -1, 64)
}

func (d *document) boolean(key string, value bool) {
	d.key(key)
	d.b = strconv.AppendBool(d.b, value)
}

// bytes returns the document, with a line feed at its end.
func (d *document) bytes() []byte { return append(d.b, '\n') }

// escapeTemplate takes the meaning out of what Terraform reads as a template.
// ("Strings and Templates", Escape Sequences, Terraform language.)
func escapeTemplate(s string) string {
	if !strings.Contains(s, "${") && !strings.Contains(s, "%{") {
		return s
	}
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(s)
}

// appendText appends a JSON string. What is not UTF-8 becomes U+FFFD.
func appendText(b []byte, s string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	from := 0 // of what is written as it is
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		b = append(b, s[from:i]...)
		switch r, size := utf8.DecodeRuneInString(s[i:]); {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
			i++
		case c == '\n':
			b = append(b, '\\', 'n')
			i++
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			i++
		default:
			b = utf8.AppendRune(b, r)
			i += size
		}
		from = i
	}
	b = append(b, s[from:]...)
	return append(b, '"')
}
