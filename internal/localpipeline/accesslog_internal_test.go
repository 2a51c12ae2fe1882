//go:build unix

package localpipeline

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// Lines that nobody has room for are told of, once.
func TestAccessLog_Full_SaysHowManyLinesAreLost(t *testing.T) {
	var log bytes.Buffer
	a := &accessLog{logger: slog.New(slog.NewTextHandler(&log, nil))}
	if _, err := a.Write(bytes.Repeat([]byte{'\n'}, maxLogBytes)); err != nil {
		t.Fatal(err)
	}
	a.tellLost()
	if log.Len() > 0 {
		t.Errorf("lines that fit are told of: %s", log.String())
	}
	for range 3 {
		if _, err := a.Write([]byte("a line\n")); err == nil {
			t.Error("a line that does not fit was taken")
		}
	}
	a.tellLost()
	a.tellLost()
	if got := log.String(); !strings.Contains(got, "lines=3") || strings.Count(got, "\n") != 1 {
		t.Errorf("the log says %q, want 3 lines told once", got)
	}
}
