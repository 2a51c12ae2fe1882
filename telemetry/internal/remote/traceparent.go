package remote

import (
	"strings"

	"go.opentelemetry.io/otel/trace"
)

// TraceparentLen is the length of version 00, and the least of later ones
// (W3C Trace Context, "Versioning of traceparent").
const TraceparentLen = len("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")

// KnownFlags are the flags that version 00 defines; the others are not passed on.
const KnownFlags = trace.FlagsSampled | trace.FlagsRandom

// ParseTraceparent is what propagation.TraceContext does with the header. The
// propagator does not tell whether there was one: the context that it returns
// may have had a remote parent before. And it refuses version 00 with flags that
// it does not know, which are to be ignored (W3C Trace Context Level 2, "A
// traceparent is Received"): a trace would end where a publisher knows more.
func ParseTraceparent(s string) (trace.SpanContext, bool) {
	if len(s) < TraceparentLen || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return trace.SpanContext{}, false
	}
	version, okVersion := hexByte(s[:2])
	flags, okFlags := hexByte(s[53:TraceparentLen])
	traceID, errTrace := trace.TraceIDFromHex(s[3:35])
	spanID, errSpan := trace.SpanIDFromHex(s[36:52])
	switch {
	case !okVersion || !okFlags || errTrace != nil || errSpan != nil || version == 0xff:
		return trace.SpanContext{}, false
	case version == 0 && len(s) > TraceparentLen:
		return trace.SpanContext{}, false
	case len(s) > TraceparentLen && s[TraceparentLen] != '-': // versions to come may add fields
		return trace.SpanContext{}, false
	}
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: traceID, SpanID: spanID, TraceFlags: trace.TraceFlags(flags) & KnownFlags, Remote: true,
	}), true
}

// hexByte reads two lower-case digits.
func hexByte(s string) (byte, bool) {
	const digits = "0123456789abcdef"
	hi, lo := strings.IndexByte(digits, s[0]), strings.IndexByte(digits, s[1])
	return byte(hi<<4 | lo), hi >= 0 && lo >= 0 //nolint:gosec // 0 to 15 each, or not ok
}
