//go:build unix && !linux

package postgres

// namespaced is empty: user namespaces are Linux's.
func namespaced(string, int, int) []identity { return nil }
