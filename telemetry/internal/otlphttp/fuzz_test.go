package otlphttp

import (
	"testing"
	"time"
)

// A collector's wish is never a time in the past, and never overflows.
func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "0", "120", "-1", "99999999999999999999", "Wed, 21 Oct 2026 07:28:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "1e9", " 5"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value string) {
		if d := retryAfter(value, now); d < 0 {
			t.Errorf("retryAfter(%q) = %v", value, d)
		}
	})
}
