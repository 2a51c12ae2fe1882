package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// openTerminal is a terminal of the test's own, and what is shown on it so far.
func openTerminal(t *testing.T) (terminal *os.File, shown func() string) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminal can be made here: %v", err)
	}
	t.Cleanup(func() { screen.Close() })
	number, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	read := make(chan struct{})
	go func() { // a terminal holds little: somebody has to read
		defer close(read)
		_, _ = io.Copy(&b, screen) // it ends with EIO when the terminal is closed
	}()
	return terminal, func() string {
		terminal.Close()
		<-read
		return b.String()
	}
}

// Colours are written to a terminal, unless it or its user wants none; the other
// tests, which look at what is written elsewhere, see none.
func TestColours_OnlyOnATerminal(t *testing.T) {
	b := setupLetters(t)
	b.put(orderDLQ, 1, "refused", "23505")
	for _, test := range []struct {
		term, noColour string
		want           bool
	}{{"xterm-256color", "", true}, {"xterm-256color", "1", false}, {"dumb", "", false}} {
		t.Setenv("TERM", test.term)
		t.Setenv("NO_COLOR", test.noColour)
		terminal, shown := openTerminal(t)
		var errs syncBuffer
		code := run(t.Context(), []string{"dlq", "ls", "--sqs-endpoint", b.url}, environment{terminal, &errs, func(string) string { return "" }})
		text := shown()
		if code != exitOK || !strings.Contains(text, "23505") {
			t.Fatalf("exit code %d: %s%s", code, text, errs.String())
		}
		if got := strings.Contains(text, "\x1b["); got != test.want {
			t.Errorf("TERM=%s NO_COLOR=%s: colours %v, want %v:\n%q", test.term, test.noColour, got, test.want, text)
		}
	}
}

func TestIsTerminal_NoFileAndNoDevice(t *testing.T) {
	t.Setenv("TERM", "xterm")
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	file, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for name, w := range map[string]any{"a buffer": &syncBuffer{}, "/dev/null": null, "a file": file} {
		if isTerminal(w) {
			t.Errorf("%s is taken for a terminal", name)
		}
	}
}
