package program

import "syscall"

// attributes put the process into a group of its own, so that Ctrl-C reaches
// it through Stop alone, and end it with its parent.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
