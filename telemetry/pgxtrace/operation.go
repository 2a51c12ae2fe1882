package pgxtrace

import (
	"context"
	"strings"
)

// operation is what a query does and to what: the parts of a span's name.
type operation struct {
	name       string // INSERT; "" if it cannot be told
	collection string // events; "" if there is none
}

// summary is db.query.summary: operation and collection.
func (o operation) summary() string {
	switch {
	case o.name == "":
		return "QUERY"
	case o.collection == "":
		return o.name
	default:
		return o.name + " " + o.collection
	}
}

type operationKey struct{}

// WithOperation says what the queries made with the context do, and to which
// table: ("INSERT", "events"). It names their spans, and becomes part of their
// metrics: both are to be fixed words.
func WithOperation(ctx context.Context, name, collection string) context.Context {
	return context.WithValue(ctx, operationKey{}, operation{name, collection})
}

// operationOf is what WithOperation said.
func operationOf(ctx context.Context) (o operation, given bool) {
	o, given = ctx.Value(operationKey{}).(operation)
	return o, given
}

const (
	// parsedBytes is how much of a statement is looked at for its table.
	parsedBytes = 1024
	// nameBytes is the longest table name that is taken for one.
	nameBytes = 128
)

// behind names the word that stands before the table, for each operation that
// has one table of its own.
var behind = map[string]string{
	"INSERT": "INTO", "DELETE": "FROM", "SELECT": "FROM", "UPDATE": "UPDATE", "MERGE": "INTO", "TRUNCATE": "TABLE", "COPY": "COPY",
}

// parseOperation reads the first words of a statement. It is not a parser: a
// statement that does not begin with a plain keyword, such as one with a
// common table expression, is named after its first word alone, so that what
// is said is right. Nothing but keywords and identifiers becomes part of the
// name.
func parseOperation(sql string) operation {
	if len(sql) > parsedBytes {
		sql = sql[:parsedBytes]
	}
	words := scanner{sql}
	first := strings.ToUpper(words.next())
	if !isKeyword(first) {
		return operation{}
	}
	o := operation{name: first}
	before, ok := behind[first]
	if !ok {
		return o
	}
	word := first
	for ; word != ""; word = strings.ToUpper(words.next()) {
		if word != before {
			continue
		}
		table := words.next()
		if upper := strings.ToUpper(table); upper == "ONLY" {
			table = words.next()
		}
		if isIdentifier(table) {
			o.collection = strings.ReplaceAll(table, `"`, "")
		}
		return o
	}
	return o
}

// scanner cuts a statement into words; punctuation and literals are words of
// their own, and comments are passed over.
type scanner struct{ rest string }

func (s *scanner) next() string {
	for {
		s.rest = strings.TrimLeft(s.rest, " \t\r\n")
		switch {
		case strings.HasPrefix(s.rest, "--"):
			_, s.rest, _ = strings.Cut(s.rest, "\n")
		case strings.HasPrefix(s.rest, "/*"):
			_, s.rest, _ = strings.Cut(s.rest, "*/")
		default:
			return s.word()
		}
	}
}

func (s *scanner) word() string {
	if s.rest == "" {
		return ""
	}
	if s.rest[0] == '\'' {
		_, s.rest, _ = strings.Cut(s.rest[1:], "'")
		return "'"
	}
	end, quoted := 0, false
	for ; end < len(s.rest); end++ {
		c := s.rest[end]
		if c == '"' {
			quoted = !quoted
			continue
		}
		if !quoted && !isWordByte(c) {
			break
		}
	}
	end = max(end, 1)
	word := s.rest[:end]
	s.rest = s.rest[end:]
	return word
}

func isWordByte(c byte) bool {
	return c == '_' || c == '.' || c == '$' || c >= 0x80 ||
		'0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isKeyword(word string) bool {
	for i := range len(word) {
		if c := word[i]; c != '_' && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return word != "" && len(word) <= 20
}

// isIdentifier tells a table's name from a bracket, a literal or a parameter.
func isIdentifier(word string) bool {
	if word == "" || len(word) > nameBytes {
		return false
	}
	c := word[0]
	return c == '_' || c == '"' || c >= 0x80 || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
