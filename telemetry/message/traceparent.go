package message

import (
	"encoding/hex"

	"go.opentelemetry.io/otel/trace"
)

// traceparentLen is the length of version 00, and the least of later ones
// (W3C Trace Context, "Versioning of traceparent").
const traceparentLen = len("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")

// knownFlags are the flags that version 00 defines; the others are not passed on.
const knownFlags = trace.FlagsSampled | trace.FlagsRandom

func formatTraceparent(b *[traceparentLen]byte, sc trace.SpanContext) {
	traceID, spanID := sc.TraceID(), sc.SpanID()
	*b = [traceparentLen]byte{0: '0', 1: '0', 2: '-', 35: '-', 52: '-', 53: '0'}
	hex.Encode(b[3:35], traceID[:])
	hex.Encode(b[36:52], spanID[:])
	b[54] = '0' + byte(sc.TraceFlags()&knownFlags) // 0 to 3
}

// parseTraceparent is what propagation.TraceContext does with the header. The
// propagator does not tell whether there was one: the context that it returns
// may have had a remote parent before. And it refuses version 00 with flags that
// it does not know, which are to be ignored (W3C Trace Context Level 2, "A
// traceparent is Received"): a trace would end where a publisher knows more.
func parseTraceparent(s string) (trace.SpanContext, bool) {
	if len(s) < traceparentLen || s[2] != '-' || s[35] != '-' || s[52] != '-' {
		return trace.SpanContext{}, false
	}
	version, okVersion := hexByte(s[:2])
	flags, okFlags := hexByte(s[53:traceparentLen])
	traceID, errTrace := trace.TraceIDFromHex(s[3:35])
	spanID, errSpan := trace.SpanIDFromHex(s[36:52])
	switch {
	case !okVersion || !okFlags || errTrace != nil || errSpan != nil || version == 0xff:
		return trace.SpanContext{}, false
	case version == 0 && len(s) > traceparentLen:
		return trace.SpanContext{}, false
	case len(s) > traceparentLen && s[traceparentLen] != '-': // versions to come may add fields
		return trace.SpanContext{}, false
	}
	return trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: traceID, SpanID: spanID, TraceFlags: trace.TraceFlags(flags) & knownFlags, Remote: true,
	}), true
}

// hexByte reads two lower-case digits.
func hexByte(s string) (byte, bool) {
	hi, lo := hexValue(s[0]), hexValue(s[1])
	upper := 'A' <= s[0] && s[0] <= 'F' || 'A' <= s[1] && s[1] <= 'F'
	return byte(hi<<4 | lo), hi >= 0 && lo >= 0 && !upper //nolint:gosec // 0 to 15 each, or not ok
}
