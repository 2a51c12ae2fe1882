package lambda

import "syscall"

// processAttr puts a sandbox into a process group of its own, so that Ctrl-C
// is not for it and a signal reaches all of it, and lets it die with us.
func processAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
