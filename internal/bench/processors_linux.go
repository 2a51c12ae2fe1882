package main

import (
	"os/exec"
	"runtime"

	"golang.org/x/sys/unix"
)

// processors are those that a process may run on; none means any.
type processors []int

// share gives one processor to what is measured and the others to the rest,
// if there are enough.
func share() (one, rest processors) {
	var set unix.CPUSet
	if unix.SchedGetaffinity(0, &set) != nil || set.Count() < 2 {
		return nil, nil
	}
	var all processors
	for i := range len(set) * 64 {
		if set.IsSet(i) {
			all = append(all, i)
		}
	}
	return all[:1], all[1:]
}

// start starts a program on the processors. A process inherits those of the
// thread that makes it.
func (p processors) start(cmd *exec.Cmd) error {
	if len(p) == 0 {
		return cmd.Start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	for _, i := range p {
		set.Set(i)
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return err
	}
	defer func() { _ = unix.SchedSetaffinity(0, &before) }()
	return cmd.Start()
}
