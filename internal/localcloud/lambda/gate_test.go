//go:build unix

package lambda

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// gateOpen is the file that opens a gate.
const gateOpen = "open"

// gate holds invocations, in processes of their own, until it is opened: a
// directory in which each that is held leaves a file.
type gate string

func newGate(t *testing.T) gate {
	t.Helper()
	return gate(t.TempDir())
}

// hold is the command that is held.
func (g gate) hold() string { return "hold " + string(g) }

// wantHeld waits until that many are held, and a little longer for one too many.
func (g gate) wantHeld(t *testing.T, want int) {
	t.Helper()
	held := func() int {
		files, err := filepath.Glob(filepath.Join(string(g), "held*"))
		if err != nil {
			t.Error(err)
		}
		return len(files)
	}
	eventually(t, "invocations that are held", func() bool { return held() >= want })
	time.Sleep(100 * time.Millisecond)
	if n := held(); n != want {
		t.Errorf("%d are held, want %d", n, want)
	}
}

func (g gate) open(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(string(g), gateOpen), nil, 0o600); err != nil {
		t.Error(err)
	}
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if so() {
			return
		}
	}
	t.Errorf("waited %v for %s", patience, what)
}
