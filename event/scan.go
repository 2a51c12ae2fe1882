package event

import (
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads JSON (RFC 8259) in one pass and holds nothing but its place.
// It is stricter than encoding/json, which takes invalid UTF-8 and half
// surrogate pairs. Members given twice are refused of the event itself alone,
// by Limits.member: in its data nobody looks, and jsonb keeps the last.
type scanner struct {
	b        []byte
	pos      int
	depth    int
	maxDepth int
	anyJSON  bool // see Limits.AnyJSON
}

// text is a JSON string in the scanner's input, without its quotes.
type text struct {
	start, end int
	escaped    bool
}

// PostgreSQL's numeric, which jsonb holds numbers in, takes this many digits
// before and behind the decimal point ("Numeric Types", table 8.2). No double
// reaches the exponent; a number of nine bytes that a reader of the row would
// have to write out with 100,000 digits does.
const (
	maxDigitsBefore = 131072
	maxDigitsBehind = 16383
	maxExponent     = 400
)

func (s *scanner) malformed(message string) *Error {
	if s.pos >= len(s.b) {
		message = "the JSON text ends too early"
	}
	return refuseAt(CodeMalformedJSON, "", s.pos, message)
}

// peek skips white space and returns the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.b) {
		switch c := s.b[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// expect takes c after white space.
func (s *scanner) expect(c byte, message string) *Error {
	if s.peek() != c {
		return s.malformed(message)
	}
	s.pos++
	return nil
}

// end takes white space up to the end of the input.
func (s *scanner) end() *Error {
	if s.peek(); s.pos < len(s.b) {
		return s.malformed("there is something behind the end of the JSON value")
	}
	return nil
}

// next is used behind a member or element: it takes a comma and reports true,
// or takes the closing byte and reports false.
func (s *scanner) next(closing byte) (bool, *Error) {
	switch s.peek() {
	case ',':
		s.pos++
		return true, nil
	case closing:
		s.pos++
		s.depth--
		return false, nil
	}
	return false, s.malformed("a comma or the closing bracket is missing")
}

// open takes an opening bracket and reports whether something stands before
// the closing one.
func (s *scanner) open(closing byte) (bool, *Error) {
	if s.depth++; s.depth > s.maxDepth {
		return false, refuseAt(CodeTooDeep, "", s.pos, "the JSON is nested too deep")
	}
	s.pos++
	if s.peek() != closing {
		return true, nil
	}
	s.pos++
	s.depth--
	return false, nil
}

// value takes any JSON value, after white space.
func (s *scanner) value() *Error {
	switch c := s.peek(); c {
	case '{':
		return s.object()
	case '[':
		return s.array()
	case '"':
		_, err := s.string(!s.anyJSON)
		return err
	case 't':
		return s.literal("true")
	case 'f':
		return s.literal("false")
	case 'n':
		return s.literal("null")
	default:
		return s.number()
	}
}

func (s *scanner) object() *Error {
	more, err := s.open('}')
	for more && err == nil {
		if _, err = s.member(!s.anyJSON); err != nil {
			return err
		}
		if err = s.value(); err != nil {
			return err
		}
		more, err = s.next('}')
	}
	return err
}

// member takes the name of a member and the colon behind it.
func (s *scanner) member(refuseNUL bool) (text, *Error) {
	if s.peek() != '"' {
		return text{}, s.malformed("the name of a member is missing")
	}
	name, err := s.string(refuseNUL)
	if err != nil {
		return text{}, err
	}
	return name, s.expect(':', "the colon behind a member's name is missing")
}

func (s *scanner) array() *Error {
	more, err := s.open(']')
	for more && err == nil {
		if err = s.value(); err != nil {
			return err
		}
		more, err = s.next(']')
	}
	return err
}

func (s *scanner) literal(want string) *Error {
	if len(s.b)-s.pos < len(want) || string(s.b[s.pos:s.pos+len(want)]) != want {
		return s.malformed("this is not a JSON value")
	}
	s.pos += len(want)
	return nil
}

// plain marks the bytes that stand for themselves in a JSON string and need
// no second look.
var plain = func() (t [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// string takes a JSON string; the scanner stands on its opening quote.
func (s *scanner) string(refuseNUL bool) (text, *Error) {
	b, i := s.b, s.pos+1
	t := text{start: i}
	for {
		for i < len(b) && plain[b[i]] {
			i++
		}
		if i >= len(b) {
			s.pos = len(b)
			return t, s.malformed("")
		}
		switch c := b[i]; {
		case c == '"':
			t.end, s.pos = i, i+1
			return t, nil
		case c == '\\':
			t.escaped, s.pos = true, i
			r, n := unescape(b[i:])
			if n == 0 {
				return t, s.badEscape()
			}
			if r == 0 && refuseNUL {
				return t, refuseAt(CodeNULCharacter, "", i, "the character U+0000 cannot be stored")
			}
			i += n
		case c < ' ':
			s.pos = i
			return t, s.malformed("a control character stands in a string")
		default:
			r, n := utf8.DecodeRune(b[i:])
			if r == utf8.RuneError && n == 1 {
				return t, refuseAt(CodeInvalidUnicode, "", i, "the text is not UTF-8")
			}
			i += n
		}
	}
}

func (s *scanner) badEscape() *Error {
	if r, n := unescapeUnit(s.b[s.pos:]); n > 0 && utf16.IsSurrogate(r) {
		return refuseAt(CodeInvalidUnicode, "", s.pos, "half a surrogate pair stands alone")
	}
	return s.malformed("an escape in a string is not known to JSON")
}

// unescape reads the escape at the start of b: the character and how many
// bytes stand for it, 0 if it is no escape or half a surrogate pair.
func unescape(b []byte) (rune, int) {
	r, n := unescapeUnit(b)
	if n == 0 || !utf16.IsSurrogate(r) {
		return r, n
	}
	low, m := unescapeUnit(b[n:])
	if r = utf16.DecodeRune(r, low); m == 0 || r == utf8.RuneError {
		return 0, 0
	}
	return r, n + m
}

// unescapeUnit reads one escape, which may be half a surrogate pair.
func unescapeUnit(b []byte) (rune, int) {
	if len(b) < 2 || b[0] != '\\' {
		return 0, 0
	}
	switch b[1] {
	case '"', '\\', '/':
		return rune(b[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		if len(b) < 6 {
			return 0, 0
		}
		var r rune
		for _, c := range b[2:6] {
			digit, ok := hexDigit(c)
			if !ok {
				return 0, 0
			}
			r = r<<4 | rune(digit)
		}
		return r, 6
	}
	return 0, 0
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// appendText appends the characters of a string that was scanned before.
func (s *scanner) appendText(dst []byte, t text) []byte {
	if !t.escaped {
		return append(dst, s.b[t.start:t.end]...)
	}
	for i := t.start; i < t.end; {
		if s.b[i] != '\\' {
			dst = append(dst, s.b[i])
			i++
			continue
		}
		r, n := unescape(s.b[i:t.end])
		dst = utf8.AppendRune(dst, r)
		i += n
	}
	return dst
}

// number takes a JSON number.
func (s *scanner) number() *Error {
	start := s.pos
	if s.pos < len(s.b) && s.b[s.pos] == '-' {
		s.pos++
	}
	before := s.digits()
	if before == 0 {
		return s.malformed("this is not a JSON value")
	}
	if before > 1 && s.b[s.pos-before] == '0' {
		s.pos -= before - 1
		return s.malformed("a number begins with 0")
	}
	behind, exponent := 0, 0
	if s.pos < len(s.b) && s.b[s.pos] == '.' {
		s.pos++
		if behind = s.digits(); behind == 0 {
			return s.malformed("a digit behind the decimal point is missing")
		}
	}
	if s.pos < len(s.b) && s.b[s.pos]|0x20 == 'e' {
		var err *Error
		if exponent, err = s.exponent(); err != nil {
			return err
		}
	}
	if !s.anyJSON && (max(exponent, -exponent) > maxExponent ||
		before+exponent > maxDigitsBefore || behind-exponent > maxDigitsBehind) {
		return refuseAt(CodeNumberOutOfRange, "", start, "the number is too large, too small or too long to be stored")
	}
	return nil
}

// exponent takes the exponent of a number and returns it, cut to a size that
// cannot overflow.
func (s *scanner) exponent() (int, *Error) {
	s.pos++
	negative := false
	if s.pos < len(s.b) && (s.b[s.pos] == '+' || s.b[s.pos] == '-') {
		negative = s.b[s.pos] == '-'
		s.pos++
	}
	n := s.digits()
	if n == 0 {
		return 0, s.malformed("a digit in a number's exponent is missing")
	}
	exponent := 0
	for _, c := range s.b[s.pos-n : s.pos] {
		exponent = min(exponent*10+int(c-'0'), 1<<30)
	}
	if negative {
		exponent = -exponent
	}
	return exponent, nil
}

func (s *scanner) digits() int {
	start := s.pos
	for s.pos < len(s.b) && '0' <= s.b[s.pos] && s.b[s.pos] <= '9' {
		s.pos++
	}
	return s.pos - start
}
