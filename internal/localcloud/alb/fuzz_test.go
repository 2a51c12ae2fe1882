package alb

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

var ownField = regexp.MustCompile(`^(Self|Root)=1-[0-9a-f]{8}-[0-9a-f]{24}(;|$)`)

// FuzzTraceHeader: whatever comes, the balancer's own field is first and
// well-formed, and a Root that came is kept as it is.
func FuzzTraceHeader(f *testing.F) {
	for _, seed := range []string{
		"", "Root=1-67891233-abcdef012345678912345678", "Self=1-2-3;Root=x;A=b", ";;=;Root", "root=1;ROOT=2", "CalledFrom=app",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, came string) {
		got := nextTraceHeader(http.Header{traceHeader: {came}}, time.Now())
		if !ownField.MatchString(got) {
			t.Errorf("%q became %q, which does not begin with a field of the balancer's", came, got)
		}
		for field := range strings.SplitSeq(came, ";") {
			field = strings.TrimSpace(field)
			if strings.HasPrefix(field, "Root=") && len(came) < traceHeaderRewriteBytes/2 && !strings.Contains(got, field) {
				t.Errorf("%q became %q, without %q", came, got, field)
			}
		}
	})
}

// FuzzQuote: no field can end early or break the line.
func FuzzQuote(f *testing.F) {
	f.Add(`plain "quoted" \ and` + "\n more")
	f.Fuzz(func(t *testing.T, s string) {
		got := quote(s)
		inner := got[1 : len(got)-1]
		if got[0] != '"' || got[len(got)-1] != '"' || strings.ContainsAny(inner, "\"\n\r\x00") {
			t.Errorf("%q became %s", s, got)
		}
	})
}
