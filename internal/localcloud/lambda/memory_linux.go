package lambda

import (
	"bytes"
	"os"
	"strconv"
)

// residentBytes is what a process has in memory, 0 if that cannot be told: the
// second field of statm, in pages (proc(5)).
func residentBytes(pid int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
