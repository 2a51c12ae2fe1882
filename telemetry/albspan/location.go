package albspan

import (
	"net/netip"
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
// and nothing before @. Another scheme than a load balancer's, and a host that
// is none, may be anything that a client wrote, and are not told.
func locate(url string) location {
	scheme, rest, ok := strings.Cut(url, "://")
	if scheme = strings.ToLower(scheme); !ok || !schemes[scheme] {
		return location{}
	}
	authority, path := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, path = rest[:i], plainPath(rest[i:])
	}
	if path == "" {
		path = "/"
	}
	l := location{scheme: scheme, path: path}
	l.host, l.port = server(authority)
	return l
}

// schemes are those of requests, and of where they are redirected to.
var schemes = map[string]bool{"http": true, "https": true, "ws": true, "wss": true}

// server reads <user>@<host>:<port>: a name or an address, and 0 if there is no
// port. A host that is neither is "".
func server(authority string) (host string, port int) {
	host = authority[strings.LastIndexByte(authority, '@')+1:]
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		if n, err := strconv.ParseUint(host[i+1:], 10, 16); err == nil {
			port = int(n)
		}
		host = host[:i]
	}
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
		if ip, err := netip.ParseAddr(host); err != nil || ip.Zone() != "" {
			return "", 0
		}
		return host, port
	}
	if len(host) > maxHost || strings.ContainsFunc(host, notOfName) {
		return "", 0
	}
	return host, port
}

// maxHost is the length of the longest name (RFC 1035, section 2.3.4).
const maxHost = 253

// notOfName tells what no name of a host has, an underscore aside, which is
// not rare. Names of other letters come in their ASCII form.
func notOfName(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '_'
}

// String writes a location as a URL; without a host it is none.
func (l location) String() string {
	if l.host == "" {
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

// plainPath takes off the query and the fragment and, where the path begins
// like an authority, //<user>@<host>/, what is before the @.
func plainPath(path string) string {
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path = path[:i]
	}
	rest := strings.TrimLeft(path, "/")
	if len(path)-len(rest) < 2 {
		return path
	}
	told := rest
	for {
		first, _, _ := strings.Cut(told, "/")
		at := strings.LastIndexByte(first, '@')
		if at < 0 {
			break
		}
		told = strings.TrimLeft(told[at+1:], "/")
	}
	if len(told) == len(rest) {
		return path
	}
	return "//" + told
}

// defaultPort is the port that goes without saying.
func defaultPort(scheme string) int {
	if scheme == "https" || scheme == "wss" {
		return 443
	}
	return 80
}
