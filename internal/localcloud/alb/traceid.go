package alb

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"
)

const (
	traceHeader = "X-Amzn-Trace-Id"

	// traceHeaderRewriteBytes is the size of all headers beyond which the
	// balancer replaces the trace header by one with a new Root ("Request
	// tracing", Limitations).
	traceHeaderRewriteBytes = 7 * 1024
)

// newTraceID makes version, time and id as "Request tracing" gives them:
// 1-<8 hex: epoch seconds>-<24 hex>.
func newTraceID(now time.Time) string {
	var id [12]byte
	_, _ = rand.Read(id[:])                                                        // never fails since Go 1.24
	return fmt.Sprintf("1-%08x-%s", uint32(now.Unix()), hex.EncodeToString(id[:])) //nolint:gosec // the format has 32 bits
}

// nextTraceHeader is the header that goes to the target, for the header that
// came from the client ("Request tracing", Syntax):
//
//	none                   Root=new
//	with Root              Self=new;Root=as it came;further fields as they came
//	with Self              Self is made anew
//	without Root           Root=new;further fields as they came
//
// The guide does not tell what becomes of fields without a Root; they are
// kept here, as it says of all fields that it does not know.
func nextTraceHeader(header http.Header, now time.Time) string {
	came := header.Get(traceHeader)
	if came == "" || headerBytes(header) > traceHeaderRewriteBytes {
		return "Root=" + newTraceID(now)
	}
	var kept []string
	hasRoot := false
	for field := range strings.SplitSeq(came, ";") {
		field = strings.TrimSpace(field)
		switch name, _, _ := strings.Cut(field, "="); {
		case field == "" || strings.EqualFold(name, "Self"):
		case strings.EqualFold(name, "Root"):
			hasRoot = true
			kept = append([]string{field}, kept...)
		default:
			kept = append(kept, field)
		}
	}
	own := "Self="
	if !hasRoot {
		own = "Root="
	}
	return strings.Join(append([]string{own + newTraceID(now)}, kept...), ";")
}

// headerBytes is what the header fields take in a request: names, values and
// the four bytes between and behind them.
func headerBytes(h http.Header) (n int64) {
	for name, values := range h {
		for _, v := range values {
			n += int64(len(name) + len(v) + 4)
		}
	}
	return n
}
