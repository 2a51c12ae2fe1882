package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/trace"
)

// seed adds files of testdata.
func seed(f *testing.F, files ...string) {
	f.Helper()
	for _, file := range files {
		b, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}

// check wants ids that can be followed, whatever an answer says.
func check(t *testing.T, spans []trace.Span) {
	t.Helper()
	for _, s := range spans {
		for id, size := range map[string]int{s.TraceID: 32, s.SpanID: 16} {
			if len(id) != size || strings.Trim(id, "0123456789abcdef") != "" {
				t.Errorf("id %q of %+v", id, s)
			}
		}
	}
}

func FuzzParseOTLP(f *testing.F) {
	seed(f, "tempo-v2.json", "tempo-v1.json", "jaeger-v3.json")
	f.Fuzz(func(t *testing.T, body []byte) {
		if spans, _, err := parseOTLP(body); err == nil {
			check(t, spans)
		}
	})
}

func FuzzParseJaeger(f *testing.F) {
	seed(f, "jaeger.json")
	f.Fuzz(func(t *testing.T, body []byte) {
		if spans, err := parseJaeger(body); err == nil {
			check(t, spans)
		}
	})
}

func FuzzParseXRay(f *testing.F) {
	b, err := os.ReadFile(filepath.Join("testdata", "aws-spans.jsonl"))
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		f.Add([]byte(line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		if s, err := parseXRay(line); err == nil {
			check(t, []trace.Span{s})
		}
	})
}

func FuzzParseLine(f *testing.F) {
	f.Add("2026-11-26 08:28:54.806", `{"time":"2026-11-26T08:28:54.806Z","level":"ERROR","msg":"x","trace_id":"a","n":1}`, "000000000000:/aws/lambda/dev-orders-ledger")
	f.Add("", "START RequestId: 1", "")
	f.Fuzz(func(t *testing.T, at, message, log string) {
		if l := parseLine(at, message, log); l.Text == "" && strings.TrimSpace(message) != "" && !strings.HasPrefix(strings.TrimSpace(message), "{") {
			t.Errorf("%q became a line without text", message)
		}
	})
}
