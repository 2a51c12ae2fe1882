package metricmath

import (
	"fmt"
	"strings"
)

// Error says what is wrong with an expression, and where.
type Error struct {
	Column  int    // of the first character at fault, from 1
	Problem string // what is wrong, and what would be right
}

// Error returns the column and the problem.
func (e *Error) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Problem) }

func fail(at int, format string, args ...any) error {
	return &Error{Column: at + 1, Problem: fmt.Sprintf(format, args...)}
}

// tokenKind is what a token is.
type tokenKind int

const (
	tokenEnd      tokenKind = iota
	tokenNumber             // 5, 0.25
	tokenID                 // m1: starts with a lower-case letter
	tokenWord               // SUM, AND: starts with an upper-case letter
	tokenOperator           // everything else
)

type token struct {
	kind tokenKind
	text string
	at   int // the offset in the text
}

// String names the token in a message.
func (t token) String() string {
	if t.kind == tokenEnd {
		return "the end"
	}
	return fmt.Sprintf("%q", t.text)
}

// lex cuts the text into tokens. The last one is always a tokenEnd.
func lex(text string) ([]token, error) {
	var tokens []token
	for at := 0; at < len(text); {
		c := text[at]
		if strings.IndexByte(" \t\r\n", c) >= 0 {
			at++
			continue
		}
		t := token{at: at}
		switch {
		case digit(c):
			t.kind, t.text = tokenNumber, number(text[at:])
		case lower(c):
			t.kind, t.text = tokenID, word(text[at:])
		case upper(c):
			t.kind, t.text = tokenWord, word(text[at:])
		default:
			t.kind, t.text = tokenOperator, operator(text[at:])
			if t.text == "" {
				return nil, fail(at, "%q has no meaning here: want a number, an id, a function or an operator", firstRune(text[at:]))
			}
		}
		tokens = append(tokens, t)
		at += len(t.text)
	}
	return append(tokens, token{kind: tokenEnd, at: len(text)}), nil
}

func digit(c byte) bool { return '0' <= c && c <= '9' }
func lower(c byte) bool { return 'a' <= c && c <= 'z' }
func upper(c byte) bool { return 'A' <= c && c <= 'Z' }

func word(s string) string {
	for i := range len(s) {
		if c := s[i]; !lower(c) && !upper(c) && !digit(c) && c != '_' {
			return s[:i]
		}
	}
	return s
}

// number returns the digits at the beginning of s, with a fraction. The guide
// shows no exponents, so that there are none.
func number(s string) string {
	end, point := 0, false
	for end < len(s) {
		if s[end] == '.' && !point && end+1 < len(s) && digit(s[end+1]) {
			point = true
		} else if !digit(s[end]) {
			break
		}
		end++
	}
	return s[:end]
}

// operator returns the operator at the beginning of s, or "".
func operator(s string) string {
	for _, op := range []string{"==", "!=", "<=", ">=", "&&", "||"} {
		if strings.HasPrefix(s, op) {
			return op
		}
	}
	if strings.IndexByte("+-*/^<>()[],", s[0]) >= 0 {
		return s[:1]
	}
	return ""
}

func firstRune(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}
