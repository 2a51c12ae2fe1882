package message

import (
	"encoding/hex"

	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/remote"
)

func formatTraceparent(b *[remote.TraceparentLen]byte, sc trace.SpanContext) {
	traceID, spanID := sc.TraceID(), sc.SpanID()
	*b = [remote.TraceparentLen]byte{0: '0', 1: '0', 2: '-', 35: '-', 52: '-', 53: '0'}
	hex.Encode(b[3:35], traceID[:])
	hex.Encode(b[36:52], spanID[:])
	b[54] = '0' + byte(sc.TraceFlags()&remote.KnownFlags) // 0 to 3
}
