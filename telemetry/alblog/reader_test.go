package alblog_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tracehaul/tracehaul/telemetry/alblog"
)

func zip(tb testing.TB, text string) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		tb.Fatal(err)
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// read reads to the end: the entries' types, the bad lines, and what ended it.
func read(tb testing.TB, in io.Reader) (types, bad []string, end error) {
	tb.Helper()
	r, err := alblog.NewReader(in)
	if err != nil {
		return nil, nil, err
	}
	for {
		var e alblog.Entry
		err := r.Next(&e)
		if line, ok := errors.AsType[*alblog.LineError](err); ok {
			bad = append(bad, line.Error())
			continue
		}
		if err != nil {
			if again := r.Next(&e); !errors.Is(again, err) {
				tb.Errorf("after %v, Next returns %v", err, again)
			}
			return types, bad, err
		}
		types = append(types, e.Type)
	}
}

const allTypes = "http https h2 ws wss http http"

func TestReader_GzipOfSeveralMembers_AllLines(t *testing.T) {
	lines := documented(t, "documented.log")
	in := append(zip(t, strings.Join(lines[:3], "\n")+"\n"), zip(t, strings.Join(lines[3:], "\r\n"))...)
	types, bad, end := read(t, iotest.OneByteReader(bytes.NewReader(in)))
	if got := strings.Join(types, " "); got != allTypes || bad != nil || !errors.Is(end, io.EOF) {
		t.Errorf("read %s, %q, %v; want %s", got, bad, end, allTypes)
	}
}

func TestReader_PlainLines_AllLines(t *testing.T) {
	types, _, end := read(t, strings.NewReader(strings.Join(documented(t, "documented.log"), "\n")))
	if got := strings.Join(types, " "); got != allTypes || !errors.Is(end, io.EOF) {
		t.Errorf("read %s, %v; want %s", got, end, allTypes)
	}
}

func TestReader_Nothing_EOF(t *testing.T) {
	for _, in := range [][]byte{nil, []byte("\n\n"), zip(t, "")} {
		if types, bad, end := read(t, bytes.NewReader(in)); types != nil || bad != nil || !errors.Is(end, io.EOF) {
			t.Errorf("read %v, %v, %v of %q", types, bad, end, in)
		}
	}
}

func TestReader_BadLines_AreToldAndOthersRead(t *testing.T) {
	lines := documented(t, "documented.log")
	fits := strings.Replace(lines[0], "curl/7.46.0", strings.Repeat("x", alblog.MaxLineBytes-len(lines[0])), 1)
	in := strings.Join([]string{lines[0], "nonsense", "", fits, fits + strings.Repeat("x", 100), lines[1]}, "\n")
	types, bad, end := read(t, bytes.NewReader(zip(t, in)))
	if got := strings.Join(types, " "); got != "http http https" || !errors.Is(end, io.EOF) {
		t.Errorf("read %s, %v; want http http https and EOF", got, end)
	}
	want := []string{
		"alblog: line 2: field 2 (time): want a value: the line ends too early",
		"alblog: line 5: want at most 262144 bytes",
	}
	if strings.Join(bad, "\n") != strings.Join(want, "\n") {
		t.Errorf("bad lines:\n%s\nwant\n%s", strings.Join(bad, "\n"), strings.Join(want, "\n"))
	}
}

func TestReader_FileBreaksOff_ErrorThatStays(t *testing.T) {
	whole := zip(t, strings.Repeat(documented(t, "documented.log")[0]+"\n", 1000))
	types, bad, end := read(t, bytes.NewReader(whole[:len(whole)-20]))
	if !errors.Is(end, io.ErrUnexpectedEOF) || bad != nil || len(types) == 0 || len(types) > 1000 {
		t.Errorf("read %d entries, %v, %v; want what there is of 1000 and an unexpected EOF", len(types), bad, end)
	}
	if _, _, end := read(t, iotest.ErrReader(io.ErrClosedPipe)); !errors.Is(end, io.ErrClosedPipe) {
		t.Errorf("read %v, want the reader's error", end)
	}
	if _, _, end := read(t, strings.NewReader("\x1f\x8bnonsense")); !errors.Is(end, gzip.ErrHeader) {
		t.Errorf("read %v, want %v", end, gzip.ErrHeader)
	}
}

// file is a log file of n lines of all types, compressed.
func file(tb testing.TB, n int) []byte {
	tb.Helper()
	lines := documented(tb, "documented.log")
	var all strings.Builder
	for i := range n {
		all.WriteString(lines[i%len(lines)] + "\n")
	}
	return zip(tb, all.String())
}

// maxAllocations is the string of the line.
const maxAllocations = 1

func TestReader_Allocations(t *testing.T) {
	const n = 2000
	in := file(t, n)
	perFile := testing.AllocsPerRun(5, func() {
		if types := drain(t, in); types != n {
			t.Fatalf("read %d entries, want %d", types, n)
		}
	})
	if perLine := perFile / n; perLine > maxAllocations+.05 { // and what a file costs
		t.Errorf("%.2f allocations a line, want %d", perLine, maxAllocations)
	}
}

func drain(tb testing.TB, in []byte) (n int) {
	tb.Helper()
	r, err := alblog.NewReader(bytes.NewReader(in))
	if err != nil {
		tb.Fatal(err)
	}
	var e alblog.Entry
	for {
		switch err := r.Next(&e); {
		case errors.Is(err, io.EOF):
			return n
		case err != nil:
			tb.Fatal(err)
		}
		n++
	}
}

func BenchmarkReader(b *testing.B) {
	const n = 10_000
	in := file(b, n)
	b.ReportAllocs()
	for b.Loop() {
		drain(b, in)
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "lines/s")
}
