package alblog

import "strings"

// next takes the first field off a line, without its quotes and escapes. It
// returns false if a quote is not closed.
func next(line string) (value, rest string, ok bool) {
	if !strings.HasPrefix(line, `"`) {
		value, rest, _ = strings.Cut(line, " ")
		if strings.IndexByte(value, '\\') >= 0 {
			value = unescape(value)
		}
		return value, rest, true
	}
	escaped := false
	for i := 1; i < len(line); i++ {
		switch line[i] {
		case '\\':
			escaped = true
			i++
		case '"':
			if i+1 < len(line) && line[i+1] != ' ' {
				continue
			}
			value = line[1:i]
			if escaped {
				value = unescape(value)
			}
			return value, line[i+1:], true
		}
	}
	return "", "", false
}

// unescape undoes \xNN, \" and \\. Another backslash stays.
func unescape(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			if c := s[i+1]; c == '"' || c == '\\' {
				b.WriteByte(c)
				i++
				continue
			}
			if c, ok := hexByte(s[i+1:]); ok {
				b.WriteByte(c)
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// hexByte reads xNN.
func hexByte(s string) (byte, bool) {
	if len(s) < 3 || s[0] != 'x' {
		return 0, false
	}
	hi, lo := digit(s[1]), digit(s[2])
	return hi<<4 | lo, hi < 16 && lo < 16
}

func digit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 0xff
}
