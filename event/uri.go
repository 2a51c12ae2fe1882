package event

import (
	"net/netip"
	"strings"
)

// uriByte marks the bytes that a URI is made of: unreserved and reserved
// characters and the percent sign. (RFC 3986, 2.)
var uriByte = func() (t [256]bool) {
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = true, true
	}
	for c := '0'; c <= '9'; c++ {
		t[c] = true
	}
	for _, c := range "-._~" + ":/?#[]@" + "!$&'()*+,;=" + "%" {
		t[c] = true
	}
	return t
}()

// isURIReference checks for a URI-reference that is not empty. (RFC 3986, 4.1.)
func isURIReference(s string) bool {
	if s == "" || !hasURIBytes(s) {
		return false
	}
	_, rest, ok := cutScheme(s)
	return ok && isHierarchy(rest)
}

// isURI checks for a URI: a URI-reference with a scheme. A fragment is taken,
// as the JSON schema of CloudEvents does.
func isURI(s string) bool {
	if !hasURIBytes(s) {
		return false
	}
	scheme, rest, ok := cutScheme(s)
	return ok && scheme != "" && isHierarchy(rest)
}

func hasURIBytes(s string) bool {
	for i := range len(s) {
		if !uriByte[s[i]] {
			return false
		}
		if s[i] == '%' && !isPercentEncoded(s[i:]) {
			return false
		}
	}
	return true
}

func isPercentEncoded(s string) bool {
	if len(s) < 3 {
		return false
	}
	_, high := hexDigit(s[1])
	_, low := hexDigit(s[2])
	return high && low
}

// cutScheme splits "scheme:rest". It reports false where a colon stands in
// the first segment of what is no scheme: such a relative reference would be
// read as a URI. (RFC 3986, 3.1 and 4.2.)
func cutScheme(s string) (scheme, rest string, ok bool) {
	end := strings.IndexAny(s, ":/?#")
	if end < 0 || s[end] != ':' {
		return "", s, true
	}
	scheme = s[:end]
	for i := range len(scheme) {
		c := scheme[i] | 0x20
		letter := 'a' <= c && c <= 'z'
		if !letter && (i == 0 || !strings.ContainsRune("0123456789+-.", rune(scheme[i]))) {
			return "", "", false
		}
	}
	return scheme, s[end+1:], scheme != ""
}

// isHierarchy checks what follows the scheme: square brackets stand around an
// IP address only, and there is one fragment.
func isHierarchy(s string) bool {
	s, fragment, _ := strings.Cut(s, "#")
	if strings.ContainsAny(fragment, "#[]") {
		return false
	}
	if after, found := strings.CutPrefix(s, "//"); found {
		end := strings.IndexAny(after, "/?")
		if end < 0 {
			end = len(after)
		}
		if !isAuthority(after[:end]) {
			return false
		}
		s = after[end:]
	}
	return !strings.ContainsAny(s, "[]")
}

// isAuthority checks "user@host:port". (RFC 3986, 3.2.)
func isAuthority(s string) bool {
	if at := strings.IndexByte(s, '@'); at >= 0 {
		if strings.ContainsAny(s[:at], "[]") {
			return false
		}
		s = s[at+1:]
	}
	var port string
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 2 || !isIPLiteral(s[1:end]) {
			return false
		}
		rest := s[end+1:]
		if rest != "" && rest[0] != ':' {
			return false
		}
		port = strings.TrimPrefix(rest, ":")
	} else {
		var host string
		host, port, _ = strings.Cut(s, ":")
		if strings.ContainsAny(host, "[]@") {
			return false
		}
	}
	return strings.Trim(port, "0123456789") == ""
}

// isIPLiteral checks what stands between square brackets: an IPv6 address or
// the form kept for later versions. (RFC 3986, 3.2.2.)
func isIPLiteral(s string) bool {
	if s[0]|0x20 == 'v' {
		version, address, _ := strings.Cut(s[1:], ".")
		return version != "" && address != "" && strings.Trim(version, "0123456789abcdefABCDEF") == ""
	}
	address, err := netip.ParseAddr(s)
	return err == nil && address.Is6() && address.Zone() == ""
}
