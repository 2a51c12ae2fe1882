package collectorcheck_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// cgroup is a control group of Linux's, as a container engine makes one.
type cgroup struct{ dir, peak string }

var cgroups atomic.Int32 // how many there were

// newCgroup makes a group with so much memory, or returns none where this process
// may not: such as in a container, or without being root.
func newCgroup(t *testing.T, bytes int) (cgroup, bool) {
	t.Helper()
	for _, version := range []struct{ root, parent, limit, peak string }{
		{"/sys/fs/cgroup/memory", own("memory"), "memory.limit_in_bytes", "memory.max_usage_in_bytes"},
		{"/sys/fs/cgroup", "", "memory.max", "memory.peak"},
	} {
		dir := filepath.Join(version.root, version.parent, "collectorcheck-"+strconv.Itoa(os.Getpid())+"-"+strconv.Itoa(int(cgroups.Add(1))))
		if os.Mkdir(dir, 0o755) != nil {
			continue
		}
		t.Cleanup(func() { _ = os.Remove(dir) }) // after the process has ended
		if os.WriteFile(filepath.Join(dir, version.limit), []byte(strconv.Itoa(bytes)), 0o600) == nil {
			return cgroup{dir, version.peak}, true
		}
	}
	return cgroup{}, false
}

// own is the group that this process is in, in the hierarchy of a controller.
func own(controller string) string {
	b, _ := os.ReadFile("/proc/self/cgroup") // none: there is no such hierarchy either
	for line := range strings.Lines(string(b)) {
		if part := strings.SplitN(strings.TrimSpace(line), ":", 3); len(part) == 3 && part[1] == controller {
			return part[2]
		}
	}
	return ""
}

// processes is the file that takes the ids of processes.
func (g cgroup) processes() string { return filepath.Join(g.dir, "cgroup.procs") }

// peakMemory is the most that the group has had at once.
func (g cgroup) peakMemory() (int, error) {
	b, err := os.ReadFile(filepath.Join(g.dir, g.peak))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(b)))
}
