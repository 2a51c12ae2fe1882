package protocol

// Version is network.protocol.version of what a request or a line of an access log
// calls its version; empty for what is none of HTTP's.
func Version(proto string) string {
	switch proto {
	case "HTTP/1.0":
		return "1.0"
	case "HTTP/1.1":
		return "1.1"
	case "HTTP/2.0":
		return "2"
	case "HTTP/3.0":
		return "3"
	}
	return ""
}
