package alblog

// Append adds the line of e to b, without a line break, and returns the longer
// slice: all fields that are known here, and then More. Parse reads the same
// entry from it, to the milliseconds and microseconds that the format has.
func Append(b []byte, e *Entry) []byte {
	for i := range fields {
		if i > 0 {
			b = append(b, ' ')
		}
		if !fields[i].quoted {
			b = fields[i].write(b, e)
			continue
		}
		b = append(b, '"')
		b = fields[i].write(b, e)
		b = append(b, '"')
	}
	if e.More != "" {
		b = append(append(b, ' '), e.More...)
	}
	return b
}

// appendText adds a value, or - if there is none. What could end the field or
// the line early is escaped.
func appendText(b []byte, s string, quoted bool) []byte {
	const hex = "0123456789ABCDEF"
	if s == "" {
		return append(b, '-')
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == ' ' && !quoted || c >= 0x7f || c == '"' || c == '\\' {
			b = append(b, '\\', 'x', hex[c>>4], hex[c&15])
		} else {
			b = append(b, c)
		}
	}
	return b
}
