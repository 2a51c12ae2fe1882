package trace_test

import (
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/internal/trace"
)

func TestWords(t *testing.T) {
	for want, got := range map[string]string{
		"1d2h": trace.FormatAge(26*time.Hour + time.Minute), "1h0m": trace.FormatAge(time.Hour + time.Second), "3m20s": trace.FormatAge(200 * time.Second), "0s": trace.FormatAge(-time.Hour),
		"1 span": trace.Counted(1, "span"), "0 spans": trace.Counted(0, "span"),
		"a\uFFFD[31m\uFFFDb\uFFFD ü": trace.Printable("a\x1b[31m\u202eb\n ü"),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
