//go:build unix

package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// usage is what a process holds, and what it has used so far.
type usage struct {
	rss         int64 // bytes
	threads     int
	descriptors int
	cpu         time.Duration
}

// clockTick is the unit of times in /proc on the processors that Linux has
// here; sysconf, which knows it, needs cgo.
const clockTick = 10 * time.Millisecond

// busy is how many processes wanted a processor in the last minute: more than
// there are, and the figures are of what was left over.
func busy() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "not known"
	}
	first, _, _ := bytes.Cut(text, []byte(" "))
	return string(first)
}

// use reads what /proc says of a process (proc(5)).
func use(pid int) (u usage, err error) {
	dir := "/proc/" + strconv.Itoa(pid)
	stat, err := os.ReadFile(dir + "/stat")
	if err != nil {
		return u, fmt.Errorf("what the service holds is read from /proc, as Linux has it: %w", err)
	}
	// The name, in parentheses, may hold anything. The third field is next.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	field := func(n int) int64 {
		v, e := strconv.ParseInt(string(fields[n-3]), 10, 64)
		if e != nil {
			err = e
		}
		return v
	}
	if len(fields) < 22 {
		return u, fmt.Errorf("%s/stat: %d fields", dir, len(fields))
	}
	const userTime, systemTime, threads, rss = 14, 15, 20, 24
	u.cpu = time.Duration(field(userTime)+field(systemTime)) * clockTick
	u.threads = int(field(threads))
	u.rss = field(rss) * int64(os.Getpagesize())
	descriptors, e := os.ReadDir(dir + "/fd")
	if e != nil {
		return u, e
	}
	u.descriptors = len(descriptors)
	return u, err
}
