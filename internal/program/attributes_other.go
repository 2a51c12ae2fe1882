//go:build unix && !linux

package program

import "syscall"

// attributes put the process into a group of its own, so that Ctrl-C reaches
// it through Stop alone.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
