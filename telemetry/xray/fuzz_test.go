package xray_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/xray"
)

// FuzzParse checks that no header makes the parser fail otherwise than by its
// error, that what was understood is written and understood again, and that
// the propagator continues exactly the traces that have a Root, or Self.
func FuzzParse(f *testing.F) {
	f.Add("Self=" + self + ";Root=" + root + ";Parent=" + parent + ";Sampled=1;Lineage=" + lineage)
	f.Add("Root=" + root)
	f.Add("Root=" + root + ";Sampled=?")
	f.Fuzz(func(t *testing.T, header string) {
		h, err := xray.Parse(header)
		if err == nil && !h.Root.IsValid() {
			t.Fatalf("Parse(%q) = %+v without an error", header, h)
		}
		if h.Root.IsValid() {
			again, err := xray.Parse(h.String())
			if err != nil || again != h {
				t.Fatalf("%q was read as %+v, written as %q and read as %+v, %v", header, h, h, again, err)
			}
		}
		ctx := xray.Propagator{}.Extract(context.Background(), propagation.MapCarrier{xray.HeaderName: header})
		if got := trace.SpanContextFromContext(ctx).TraceID(); got != h.OrSelf().Root {
			t.Fatalf("Extract(%q) continues trace %v, want %v", header, got, h.OrSelf().Root)
		}
		if known := xray.KnownHeader(ctx); known != xray.Known(header) || len(known) >= 400 {
			t.Fatalf("KnownHeader = %q, want what Known leaves, less than 400 bytes", known)
		}
		if raw, ok := xray.RawHeader(ctx); ok != (header != "") || len(raw) > 1024 {
			t.Fatalf("RawHeader = %d bytes, %v", len(raw), ok)
		}
	})
}
