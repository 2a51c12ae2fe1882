package remote_test

import (
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/remote"
)

func TestParseTraceparent_FlagsAndVersions_AsW3CSays(t *testing.T) {
	t.Parallel()
	const ids = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"
	for s, want := range map[string]trace.TraceFlags{
		"00-" + ids + "-00": 0, "00-" + ids + "-01": trace.FlagsSampled, "00-" + ids + "-03": trace.FlagsSampled | trace.FlagsRandom,
		"00-" + ids + "-09": trace.FlagsSampled, "00-" + ids + "-fc": 0, "cc-" + ids + "-01-more": trace.FlagsSampled,
	} {
		sc, ok := remote.ParseTraceparent(s)
		if !ok || sc.TraceFlags() != want || !sc.IsRemote() || sc.TraceID().String()+"-"+sc.SpanID().String() != ids {
			t.Errorf("%s is %v, %v; want its ids and flags %v", s, sc, ok, want)
		}
	}
	for _, s := range []string{
		"", "00-" + ids + "-0", "00-" + ids + "-0A", "00-" + ids + "-0g", "0A-" + ids + "-01", "ff-" + ids + "-01",
		"00-" + ids + "-01-", "01-" + ids + "-01.", "00-" + ids[:32] + "-0000000000000000-01", "00_" + ids + "-01", " 00-" + ids + "-01",
	} {
		if sc, ok := remote.ParseTraceparent(s); ok || sc.IsValid() {
			t.Errorf("%q is %v, want none", s, sc)
		}
	}
}

// FuzzParseTraceparent checks that what is read can be written again.
func FuzzParseTraceparent(f *testing.F) {
	f.Add("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-09")
	f.Add("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more")
	f.Fuzz(func(t *testing.T, s string) {
		sc, ok := remote.ParseTraceparent(s)
		if ok != sc.IsValid() {
			t.Fatalf("%q: %v, but %v", s, ok, sc)
		}
		if ok && (sc.TraceID().String() != s[3:35] || sc.SpanID().String() != s[36:52]) {
			t.Fatalf("%q is read as %v", s, sc)
		}
	})
}
