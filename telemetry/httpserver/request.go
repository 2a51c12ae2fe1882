package httpserver

import (
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/telemetry/internal/protocol"
)

// maxAttributes is more than a span of this package can have.
const maxAttributes = 16

// maxText is how much is recorded of what a client may choose freely.
const maxText = 1 << 10

// text makes what a client sent fit for a span: cut, and valid UTF-8, which
// OTLP demands and a header need not be.
func text(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), maxText)], "\uFFFD")
}

func known(methods []string) map[string]struct{} {
	set := make(map[string]struct{}, len(methods))
	for _, method := range methods {
		set[method] = struct{}{}
	}
	return set
}

// method is http.request.method.
func (m *middleware) method(r *http.Request) string {
	if _, ok := m.methods[r.Method]; ok {
		return r.Method
	}
	return otelsemconv.HTTPRequestMethodOther.Value.AsString()
}

// scheme is url.scheme: the client's where proxies are trusted to tell.
func (m *middleware) scheme(r *http.Request) string {
	if m.TrustedProxies > 0 {
		// A load balancer writes it in lower case and replaces the client's.
		switch proto := first(r.Header["X-Forwarded-Proto"]); proto {
		case "http", "https":
			return proto
		}
	}
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

// appendClient adds who asked: user_agent.original, client.address and, where
// that is another one, network.peer.address.
func (m *middleware) appendClient(to []attribute.KeyValue, r *http.Request) []attribute.KeyValue {
	if agent := first(r.Header["User-Agent"]); agent != "" {
		to = append(to, otelsemconv.UserAgentOriginal(text(agent)))
	}
	peer := withoutPort(r.RemoteAddr)
	client := peer
	if m.TrustedProxies > 0 {
		if address, ok := forwardedFor(r.Header["X-Forwarded-For"], m.TrustedProxies); ok {
			client = address
		}
	}
	if client != "" {
		to = append(to, otelsemconv.ClientAddress(client))
	}
	if !m.Lean && peer != client {
		to = append(to, otelsemconv.NetworkPeerAddress(peer))
	}
	return to
}

// appendServer adds what was asked for beyond method, path and scheme.
func (m *middleware) appendServer(to []attribute.KeyValue, r *http.Request) []attribute.KeyValue {
	if _, ok := m.methods[r.Method]; !ok {
		to = append(to, otelsemconv.HTTPRequestMethodOriginal(text(r.Method)))
	}
	if m.Lean {
		return to
	}
	if version := protocol.Version(r.Proto); version != "" {
		to = append(to, otelsemconv.NetworkProtocolVersion(version))
	}
	host, port := splitHost(r.Host)
	if host != "" {
		to = append(to, otelsemconv.ServerAddress(text(host)))
	}
	if n, err := strconv.ParseUint(port, 10, 16); err == nil && n != 0 && n != defaultPort(m.scheme(r)) {
		to = append(to, otelsemconv.ServerPort(int(n)))
	}
	return to
}

// forwardedFor returns the address that the outermost of n trusted proxies
// appended: the n-th from the end. An Application Load Balancer appends the
// address it was called from, with a port if told to. User Guide for
// Application Load Balancers, "HTTP headers and Application Load Balancers".
func forwardedFor(lines []string, n int) (string, bool) {
	for _, line := range slices.Backward(lines) {
		for more := true; more; n-- {
			var address string
			comma := strings.LastIndexByte(line, ',')
			more = comma >= 0
			address, line = line[comma+1:], line[:max(comma, 0)]
			if n == 1 {
				return validAddress(strings.Trim(address, " \t"))
			}
		}
	}
	return "", false
}

// validAddress takes an address, with or without port and brackets.
func validAddress(s string) (string, bool) {
	if _, err := netip.ParseAddr(s); err == nil {
		return s, true
	}
	host := withoutPort(s)
	_, err := netip.ParseAddr(host)
	return host, err == nil
}

// withoutPort takes the port off an address.
func withoutPort(address string) string {
	host, _ := splitHost(address)
	return host
}

// splitHost is net.SplitHostPort without errors and without allocations: it
// takes a host without port, and [brackets] are taken off.
func splitHost(s string) (host, port string) {
	if rest, ok := strings.CutPrefix(s, "["); ok {
		host, port, _ = strings.Cut(rest, "]")
		return host, strings.TrimPrefix(port, ":")
	}
	i := strings.LastIndexByte(s, ':')
	if i < 0 || strings.IndexByte(s, ':') != i { // an IPv6 address without brackets
		return s, ""
	}
	return s[:i], s[i+1:]
}

func defaultPort(scheme string) uint64 {
	if scheme == "https" {
		return 443
	}
	return 80
}

// routeOfPattern takes the method and the host off a ServeMux pattern,
// "[METHOD ][HOST]/[PATH]".
func routeOfPattern(r *http.Request) string {
	if i := strings.IndexByte(r.Pattern, '/'); i >= 0 {
		return r.Pattern[i:]
	}
	return ""
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}
