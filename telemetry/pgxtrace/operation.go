package pgxtrace

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
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
	// parsedBytes is where a statement's command and its table begin at the
	// latest. What is behind the first part of the table's name is read however
	// far it is: it may be a dot, or the bracket that makes it a function's.
	parsedBytes = 1024
	// nameBytes is the longest table name that is taken for one.
	nameBytes = 128
)

// parseOperation reads the first words of a statement. It is not a parser: it
// finds the table where the grammar leaves no doubt, and else names the command
// alone; what begins with no command, such as a prepared statement's name, it
// does not name at all. Nothing of a literal or a comment becomes part of it.
func parseOperation(sql string, conforming bool) operation {
	s := scanner{sql: sql, conforming: conforming, until: parsedBytes}
	o := operation{name: s.word().command()}
	if s.passToTable(o.name) {
		o.collection = s.table(o.name == "SELECT")
	}
	return o
}

// word is the next token that is neither space nor a comment.
func (s *scanner) word() token {
	for s.at < s.until {
		if t := s.next(); t.kind != space && t.kind != comment {
			return t
		}
	}
	return token{}
}

// command is the token as a statement's first word, or "" if none begins so.
func (t token) command() string {
	if len(t.text) > len("DEALLOCATE") {
		return ""
	}
	i, ok := slices.BinarySearch(commands, strings.ToUpper(t.text))
	if !ok {
		return ""
	}
	return commands[i]
}

// follows passes over the next token if it is this word.
func (s *scanner) follows(word string) bool {
	after := *s
	if !after.word().is(word) {
		return false
	}
	*s = after
	return true
}

// passToTable passes over what stands between a command and its table. It is
// false if the command has no table of its own.
func (s *scanner) passToTable(command string) bool {
	switch command {
	case "INSERT", "MERGE", "UPSERT":
		return s.follows("INTO")
	case "DELETE":
		return s.follows("FROM")
	case "SELECT":
		return s.passToFrom()
	case "TRUNCATE":
		s.follows("TABLE")
		return true
	default:
		return command == "UPDATE" || command == "COPY" || command == "TABLE"
	}
}

// passToFrom passes over a SELECT's list: to the FROM that stands in no
// brackets and is no part of an expression or a label.
func (s *scanner) passToFrom() bool {
	depth := 0
	for before, t := (token{}), s.word(); t.kind != end; before, t = t, s.word() {
		switch {
		case t.is("(", "["):
			depth++
		case t.is(")", "]"):
			depth--
		case depth == 0 && t.is(";", "UNION", "INTERSECT", "EXCEPT") && !before.is("AS", "."):
			return false
		case depth == 0 && t.is("FROM") && !before.is("DISTINCT", "AS", "."):
			return true
		}
		if depth < 0 {
			return false
		}
	}
	return false
}

// table reads a table's name, with its schema if that is given, or "" if it
// is none: in a FROM, a function may stand in its place.
func (s *scanner) table(inFrom bool) string {
	s.follows("ONLY")
	t := s.word()
	s.until = len(s.sql)
	name := t.identifier()
	if reserved[strings.ToUpper(name)] && t.kind == word {
		return ""
	}
	for name != "" && len(name) <= nameBytes && s.follows(".") {
		part := s.word().identifier()
		if part == "" {
			return ""
		}
		name += "." + part
	}
	if len(name) > nameBytes || inFrom && s.word().is("(", "FROM") { // f(x), ROWS FROM (f(x))
		return ""
	}
	return name
}

// identifier is what the token names, or "" if it is no identifier that can be
// shown as it is.
func (t token) identifier() string {
	name := t.text
	switch {
	case len(name) > nameBytes:
		return ""
	case t.kind == quoted && name[0] == '"':
		name = name[1 : len(name)-1]
	case t.kind != word:
		return ""
	}
	odd := func(r rune) bool { return r == '"' || r == '\'' || r == utf8.RuneError || !unicode.IsPrint(r) }
	if strings.ContainsFunc(name, odd) {
		return ""
	}
	return name
}
