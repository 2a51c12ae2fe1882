//go:build unix && !linux

package main

// children and descriptors are told on Linux only; elsewhere they are always
// as many as before.
func children() (int, error) { return 0, nil }

func descriptors(int) (int, error) { return 0, nil }
