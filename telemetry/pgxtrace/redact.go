package pgxtrace

import "strings"

// statementBytes is where db.query.text is cut.
const statementBytes = 4096

// placeholder stands for a literal, as the conventions want it.
const placeholder = '?'

// redact is a statement with a placeholder for every literal and a space for
// every comment, as long as db.query.text may be. A parameter is no literal.
func redact(sql string, conforming bool) string {
	var b strings.Builder
	s := scanner{sql: sql, conforming: conforming}
	for t := s.next(); t.kind != end && b.Len() < statementBytes; t = s.next() {
		switch {
		case t.kind == comment:
			b.WriteByte(' ')
		case t.kind == literal, t.is("TRUE", "FALSE"):
			b.WriteByte(placeholder)
		case len(t.text) > statementBytes-b.Len():
			return b.String()
		default:
			b.WriteString(t.text)
		}
	}
	return b.String()
}

// cut shortens s to n bytes without cutting a character. What it cuts off is
// not kept in memory.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xC0 == 0x80 {
		n--
	}
	return strings.Clone(s[:n])
}
