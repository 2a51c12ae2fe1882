package memory

import (
	"io/fs"
	"runtime/debug"
	"strconv"
	"strings"
)

const (
	// Percent lets the heap grow to five times what is in use before it is
	// collected. What is in use is little, some 10 MB, so that the runtime's
	// own 100 would collect it dozens of times a second under load: a fifth of
	// the processor's time.
	Percent = 400

	// DefaultLimit makes the collector work harder before a task of 512 MiB is
	// out of memory. The service holds 64 MiB of events at most, see
	// service.Config.MaxBufferedBytes, and a few times that while it handles
	// them.
	DefaultLimit = 384 << 20
)

// Tune sets what the operator has not, GOGC and GOMEMLIMIT: the latter to
// three quarters of what the container may take, and to DefaultLimit where root,
// the file system, does not tell that.
func Tune(getenv func(string) string, root fs.FS) {
	if getenv("GOGC") == "" {
		debug.SetGCPercent(Percent)
	}
	if getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit(root))
	}
}

// TuneFunction is Tune for a Lambda function that works on large batches: within
// four fifths of the function's memory. Collecting garbage costs a large batch more
// time than its spans. Where the operator has set GOGC or GOMEMLIMIT, or it is no
// function, all stays as it is.
func TuneFunction(getenv func(string) string) {
	megabytes, err := strconv.ParseInt(getenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"), 10, 32)
	if err != nil || getenv("GOGC") != "" || getenv("GOMEMLIMIT") != "" {
		return
	}
	debug.SetMemoryLimit(megabytes << 20 / 5 * 4)
	debug.SetGCPercent(Percent)
}

// Where the kernel says what a container may take ("Control Group v2", Memory
// Interface Files; "Memory Resource Controller" of v1).
var files = [...]string{"sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"}

// most is what no container takes. Without a limit, v1 names a number near
// 2^63, and v2 says max.
const most = 1 << 40

func limit(root fs.FS) int64 {
	for _, name := range files {
		text, err := fs.ReadFile(root, name)
		if err != nil {
			continue
		}
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 && n < most {
			return n / 4 * 3
		}
	}
	return DefaultLimit
}
