//go:build unix && !linux

package postgres

// memoryDir is "": there is no directory in memory to rely on.
func memoryDir() string { return "" }
