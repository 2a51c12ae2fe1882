package snsform

// plain are the bytes that need no escaping: what RFC 3986 calls unreserved.
var plain = func() (table [256]bool) {
	for c := range table {
		table[c] = 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' ||
			c == '-' || c == '_' || c == '.' || c == '~'
	}
	return table
}()

// appendEscaped is url.QueryEscape, without the string in between.
func appendEscaped(b []byte, s string) []byte {
	const digits = "0123456789ABCDEF"
	start := 0
	for i := range len(s) {
		c := s[i]
		if plain[c] {
			continue
		}
		b = append(b, s[start:i]...)
		if c == ' ' {
			b = append(b, '+')
		} else {
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
		start = i + 1
	}
	return append(b, s[start:]...)
}
