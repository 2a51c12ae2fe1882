package albspan

import (
	"strings"
	"testing"
)

// FuzzLocate checks that nothing behind ? or # is told of a URL, nor anything
// before @ in what names the server.
func FuzzLocate(f *testing.F) {
	for _, url := range []string{
		"https://www.example.com:443/a?b", "https://me:pw@[2001:db8::1]:8443/a@b#c", "http://a:80-", "*", "a?b://c", "://", "http://?@:#",
	} {
		f.Add(url)
	}
	f.Fuzz(func(t *testing.T, url string) {
		l := locate(url)
		if strings.ContainsAny(l.String(), "?#") || strings.Contains(l.host, "@") || l.scheme == "" && l != (location{}) {
			t.Fatalf("%q is told as %+v", url, l)
		}
	})
}
