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
		"token=X://h/", "http://h&token=X/", "http://h//me:pw@h/x", "http://h///me@//x@y/z", "HTTPS://[a&b]/", "http://[::1%token]/",
	} {
		f.Add(url)
	}
	f.Fuzz(func(t *testing.T, url string) {
		l := locate(url)
		if rest := strings.TrimLeft(l.path, "/"); len(l.path)-len(rest) > 1 && strings.Contains(strings.Split(rest, "/")[0], "@") {
			t.Fatalf("%q has the path %q: it begins with a user", url, l.path)
		}
		if !schemes[l.scheme] && l.scheme != "" || strings.ContainsFunc(strings.ReplaceAll(l.host, ":", ""), notOfName) {
			t.Fatalf("%q is told as %+v", url, l)
		}
		if strings.ContainsAny(l.String(), "?#") || strings.Contains(l.host, "@") || l.scheme == "" && l != (location{}) {
			t.Fatalf("%q is told as %+v", url, l)
		}
	})
}
