package albspan

import (
	"strconv"
	"strings"
)

// location is what may be told of a URL. The zero value is of something that
// is none, of which nothing is told.
type location struct {
	scheme, host, path string
	port               int // 0 if there is none
}

// locate reads <scheme>://<host>:<port>/<path>. Nothing behind ? and # is kept,
// and nothing before @.
func locate(url string) location {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok || scheme == "" || strings.ContainsAny(scheme, "/?#@ ") {
		return location{}
	}
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, path = rest[:i], withoutQuery(rest[i:])
	}
	if path == "" {
		path = "/"
	}
	authority = authority[strings.LastIndexByte(authority, '@')+1:]
	l := location{scheme: scheme, host: authority, path: path}
	if i := strings.LastIndexByte(authority, ':'); i > strings.LastIndexByte(authority, ']') {
		l.host = authority[:i]
		if n, err := strconv.ParseUint(authority[i+1:], 10, 16); err == nil {
			l.port = int(n)
		}
	}
	l.host = strings.TrimSuffix(strings.TrimPrefix(l.host, "["), "]")
	return l
}

// String writes a location as a URL.
func (l location) String() string {
	if l.scheme == "" {
		return ""
	}
	host := l.host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if l.port != 0 {
		host += ":" + strconv.Itoa(l.port)
	}
	return l.scheme + "://" + host + l.path
}

func withoutQuery(path string) string {
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		return path[:i]
	}
	return path
}

// defaultPort is the port that goes without saying.
func defaultPort(scheme string) int {
	if scheme == "https" {
		return 443
	}
	return 80
}
