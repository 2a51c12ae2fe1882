package xray

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// HeaderName is the HTTP header, in the spelling of AWS's documentation.
const HeaderName = "X-Amzn-Trace-Id"

// MaxLength is the longest header that is read, in bytes. A load balancer
// rewrites the header with Root alone when the HTTP headers exceed 7 KB
// ("Request tracing for your Application Load Balancer", Limitations), so
// that nothing longer comes from one.
const MaxLength = 7 << 10

// Decision is the Sampled field of a header.
type Decision uint8

// The decisions that a header can carry.
const (
	Undecided  Decision = iota // no Sampled field, or Sampled=?
	NotSampled                 // Sampled=0
	Sampled                    // Sampled=1
)

// Header is a parsed X-Amzn-Trace-Id, as described in "Tracing header" of the
// AWS X-Ray Developer Guide and in "Request tracing for your Application Load
// Balancer". A field that the header does not have is zero.
type Header struct {
	// Root is the id of the trace.
	Root trace.TraceID
	// Self is the id of this one request. A load balancer adds it when the
	// header came with a Root already.
	Self trace.TraceID
	// Parent is the span that made the request.
	Parent trace.SpanID
	// Sampled is the sampling decision made upstream.
	Sampled Decision
	// Lineage is what Lambda recognises recursive invocations by. It is
	// passed on as it came.
	Lineage string
}

var (
	errTooLong = errors.New("trace header is longer than 7 KiB")
	errNoRoot  = errors.New("trace header has no Root field")
	errRoot    = errors.New("malformed Root field in trace header: want 1-<8 hex digits>-<24 hex digits>")
	errSelf    = errors.New("malformed Self field in trace header: want 1-<8 hex digits>-<24 hex digits>")
	errParent  = errors.New("malformed Parent field in trace header: want 16 hex digits")
	errSampled = errors.New("malformed Sampled field in trace header: want 0, 1 or ?")
)

// Parse reads the value of an X-Amzn-Trace-Id header. Fields may stand in any
// order, unknown ones are passed over, and of a field given twice the first
// counts.
//
// The error names the first fault. Faulty fields are left zero and the others
// are kept, so that a header with a good Root is of use even so: check
// Root.IsValid rather than the error to decide whether a trace can be
// continued. The error never holds anything of the header.
func Parse(header string) (Header, error) {
	if id, ok := rootAlone(header); ok {
		return Header{Root: id}, nil
	}
	return parse(header)
}

// rootAlone reads what a load balancer sends that is first in the chain: nearly
// always.
func rootAlone(header string) (trace.TraceID, bool) {
	root, ok := strings.CutPrefix(header, "Root=")
	if !ok || len(root) != rootLength {
		return trace.TraceID{}, false
	}
	return TraceIDFromRoot(root)
}

// parse is Parse for whatever there may be.
func parse(header string) (Header, error) {
	var h Header
	if len(header) > MaxLength {
		return h, errTooLong
	}
	var seen struct{ root, self, parent, sampled, lineage bool }
	var fault error
	first := func(seen *bool) bool {
		was := *seen
		*seen = true
		return !was
	}
	check := func(ok bool, err error) {
		if !ok && fault == nil {
			fault = err
		}
	}
	for rest, more := header, true; more; {
		var field string
		field, rest, more = strings.Cut(rest, ";")
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		var ok bool
		switch {
		case name == "Root" && first(&seen.root):
			h.Root, ok = TraceIDFromRoot(value)
			check(ok, errRoot)
		case name == "Self" && first(&seen.self):
			h.Self, ok = TraceIDFromRoot(value)
			check(ok, errSelf)
		case name == "Parent" && first(&seen.parent):
			h.Parent, ok = spanID(value)
			check(ok, errParent)
		case name == "Sampled" && first(&seen.sampled):
			h.Sampled, ok = decision(value)
			check(ok, errSampled)
		case name == "Lineage" && first(&seen.lineage):
			h.Lineage = value
		}
	}
	check(seen.root, errNoRoot)
	return h, fault
}

// String writes the header in the order that AWS uses. It is empty when there
// is no Root.
func (h Header) String() string {
	if !h.Root.IsValid() {
		return ""
	}
	return string(h.append(make([]byte, 0, 128+len(h.Lineage))))
}

// append adds the fields that are there.
func (h Header) append(b []byte) []byte {
	from := len(b)
	field := func(name string) {
		if len(b) > from {
			b = append(b, ';')
		}
		b = append(b, name...)
	}
	if h.Self.IsValid() {
		field("Self=")
		b = appendRoot(b, h.Self)
	}
	if h.Root.IsValid() {
		field("Root=")
		b = appendRoot(b, h.Root)
	}
	if h.Parent.IsValid() {
		field("Parent=")
		b = hex.AppendEncode(b, h.Parent[:])
	}
	switch h.Sampled {
	case Sampled:
		field("Sampled=1")
	case NotSampled:
		field("Sampled=0")
	case Undecided:
	}
	if h.Lineage != "" {
		field("Lineage=")
		b = append(b, h.Lineage...)
	}
	return b
}

// ALBSpanID is the id of the span that stands for the load balancer's part in
// the request: [ALBSpanID] of Self or, when the load balancer was first in the
// chain and there is no Self, of Root. It is the zero id when there is
// neither.
//
// The header is logged in the load balancer's access log (field trace_id), so
// that whoever makes spans from the log comes to the same id.
func (h Header) ALBSpanID() trace.SpanID {
	if h.Self.IsValid() {
		return ALBSpanID(h.Self)
	}
	return ALBSpanID(h.Root)
}

// OrSelf returns the header that stands for a request whose Root cannot be
// read, as one that a client made up: a trace of the request's own, of which
// Self is the id. Parent and Sampled are of a trace that nobody knows, and are
// left off. A header with a Root, or without Self, it returns as it is.
func (h Header) OrSelf() Header {
	if h.Root.IsValid() || !h.Self.IsValid() {
		return h
	}
	return Header{Root: h.Self, Self: h.Self}
}

// InLambda returns the header with what its Sampled is worth where Lambda handed
// it over: of an invocation, or as AWSTraceHeader of a message that Lambda
// polled. Sampled=1 is somebody's decision. Sampled=0 is none: Lambda writes it
// whenever active tracing is off, whatever was decided before
// (open-telemetry/opentelemetry-lambda#1498).
func (h Header) InLambda() Header {
	if h.Sampled == NotSampled {
		h.Sampled = Undecided
	}
	return h
}

// throughALB tells whether a load balancer stood in between: it says so with
// Self, or it made the Root. A client may have sent Sampled without one; who
// sends Parent without a load balancer in between sends Root, too.
func (h Header) throughALB() bool {
	return h.Self.IsValid() || h.Root.IsValid() && !h.Parent.IsValid()
}

// ALBSpanID derives a load balancer's span id from the id that the load
// balancer gave to the request: the first 8 bytes of SHA-256 over the text
// "alb" and the 16 bytes of the id. It is the zero id for the zero id.
func ALBSpanID(request trace.TraceID) trace.SpanID {
	if !request.IsValid() {
		return trace.SpanID{}
	}
	sum := sha256.Sum256(append([]byte("alb"), request[:]...))
	id := trace.SpanID(sum[:8])
	if !id.IsValid() {
		id[7] = 1 // one id in 2^64 would not be valid
	}
	return id
}

// rootLength is the length of a Root or Self field.
const rootLength = len("1-67891233-abcdef012345678912345678")

// TraceIDFromRoot reads the value of a Root or Self field:
// 1-<8 hex digits>-<24 hex digits>. It returns false for anything else and for
// an id of zeros.
func TraceIDFromRoot(root string) (trace.TraceID, bool) {
	var id trace.TraceID
	if len(root) != rootLength || root[:2] != "1-" || root[10] != '-' {
		return id, false
	}
	if !decodeHex(id[:4], root[2:10]) || !decodeHex(id[4:], root[11:]) || !id.IsValid() {
		return trace.TraceID{}, false
	}
	return id, true
}

// RootFromTraceID writes a trace id as the value of a Root field.
func RootFromTraceID(id trace.TraceID) string {
	return string(appendRoot(make([]byte, 0, rootLength), id))
}

func appendRoot(b []byte, id trace.TraceID) []byte {
	b = hex.AppendEncode(append(b, "1-"...), id[:4])
	return hex.AppendEncode(append(b, '-'), id[4:])
}

func spanID(s string) (trace.SpanID, bool) {
	var id trace.SpanID
	if len(s) != 16 || !decodeHex(id[:], s) || !id.IsValid() {
		return trace.SpanID{}, false
	}
	return id, true
}

func decision(s string) (Decision, bool) {
	switch s {
	case "1":
		return Sampled, true
	case "0":
		return NotSampled, true
	case "?": // "decide, and tell me in the response"
		return Undecided, true
	default:
		return Undecided, false
	}
}

// decodeHex is hex.Decode from a string, without copying it.
func decodeHex(dst []byte, src string) bool {
	var wrong byte
	for i := range dst {
		hi, lo := hexDigits[src[2*i]], hexDigits[src[2*i+1]]
		wrong |= hi | lo
		dst[i] = hi<<4 | lo&15
	}
	return wrong < 16
}

// hexDigits are the values of hexadecimal digits, 0xff of other bytes.
var hexDigits = func() (digits [256]byte) {
	for i := range digits {
		digits[i] = 0xff
	}
	for i := range 10 {
		digits['0'+i] = byte(i)
	}
	for i := range 6 {
		digits['a'+i], digits['A'+i] = byte(10+i), byte(10+i)
	}
	return digits
}()
