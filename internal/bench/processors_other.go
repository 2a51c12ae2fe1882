//go:build !linux

package main

import "os/exec"

// processors are those that a process may run on: any, where nobody can
// choose.
type processors struct{}

func share() (one, rest processors) { return one, rest }

func (processors) start(cmd *exec.Cmd) error { return cmd.Start() }
