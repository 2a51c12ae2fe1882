//go:build unix && !linux

package lambda

import "syscall"

// processAttr puts a sandbox into a process group of its own, so that Ctrl-C
// is not for it and a signal reaches all of it. When we die, its next call of
// the Runtime API fails, and it ends.
func processAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
