package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// isTerminal reports whether somebody looks at w who sees a line rewritten, as
// far as one can tell.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && isDevice(f) && os.Getenv("TERM") != "dumb"
}

// showsColour reports whether colours may be written to w: to a terminal alone,
// and not where NO_COLOR is set (no-color.org).
func showsColour(w any) bool {
	return isTerminal(w) && os.Getenv("NO_COLOR") == ""
}

// isDevice reports whether a person reads or types there, as far as one can
// tell.
func isDevice(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull) // a device, too
	return err != nil || !os.SameFile(info, null)
}

// columnsOf is how wide a terminal is, or 0 for anything else.
func columnsOf(w any) int {
	f, ok := w.(*os.File)
	if !ok || !isTerminal(w) {
		return 0
	}
	size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ)
	if err != nil {
		return 0
	}
	return int(size.Col)
}
