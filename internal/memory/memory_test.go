package memory

import (
	"runtime/debug"
	"testing"
	"testing/fstest"
)

// restore gives the runtime's settings back when a test ends, and sets what no
// test wants.
func restore(t *testing.T) {
	t.Helper()
	percent, limit := debug.SetGCPercent(77), debug.SetMemoryLimit(1<<50)
	t.Cleanup(func() {
		debug.SetGCPercent(percent)
		debug.SetMemoryLimit(limit)
	})
}

func TestTune_NothingSet_ContainersLimitCounts(t *testing.T) {
	const v2, v1 = "sys/fs/cgroup/memory.max", "sys/fs/cgroup/memory/memory.limit_in_bytes"
	for name, tt := range map[string]struct {
		files map[string]string
		want  int64
	}{
		"v2":                 {map[string]string{v2: "536870912\n"}, 384 << 20},
		"v2, 2 GiB":          {map[string]string{v2: "2147483648\n"}, 1536 << 20},
		"v2 without":         {map[string]string{v2: "max\n"}, DefaultLimit},
		"v1":                 {map[string]string{v1: "1073741824\n"}, 768 << 20},
		"v1 without":         {map[string]string{v1: "9223372036854771712\n"}, DefaultLimit},
		"v2 without, v1":     {map[string]string{v2: "max\n", v1: "1073741824\n"}, 768 << 20},
		"neither":            {nil, DefaultLimit},
		"not a number":       {map[string]string{v2: "much"}, DefaultLimit},
		"no limit at all, 0": {map[string]string{v2: "0"}, DefaultLimit},
	} {
		t.Run(name, func(t *testing.T) {
			restore(t)
			root := fstest.MapFS{}
			for file, text := range tt.files {
				root[file] = &fstest.MapFile{Data: []byte(text)}
			}
			Tune(func(string) string { return "" }, root)
			if got := debug.SetMemoryLimit(-1); got != tt.want {
				t.Errorf("limit = %d, want %d", got, tt.want)
			}
			if got := debug.SetGCPercent(77); got != Percent {
				t.Errorf("GC percent = %d, want %d", got, Percent)
			}
		})
	}
}

func TestTune_OperatorHasSet_IsLeftAlone(t *testing.T) {
	restore(t)
	Tune(func(name string) string {
		return map[string]string{"GOGC": "50", "GOMEMLIMIT": "100MiB"}[name]
	}, fstest.MapFS{})
	if percent, limit := debug.SetGCPercent(77), debug.SetMemoryLimit(-1); percent != 77 || limit != 1<<50 {
		t.Errorf("GC percent = %d and limit = %d were changed", percent, limit)
	}
}

func TestTuneFunction_OnLambda_UnlessSaidOtherwise(t *testing.T) {
	const before = 1 << 50
	for name, tt := range map[string]struct {
		env     map[string]string
		limit   int64
		percent int
	}{
		"elsewhere":  {nil, before, 77},
		"on Lambda":  {map[string]string{"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "640"}, 512 << 20, Percent},
		"with GOGC":  {map[string]string{"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "640", "GOGC": "50"}, before, 77},
		"with limit": {map[string]string{"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "640", "GOMEMLIMIT": "1GiB"}, before, 77},
	} {
		t.Run(name, func(t *testing.T) {
			restore(t)
			TuneFunction(func(name string) string { return tt.env[name] })
			if limit, percent := debug.SetMemoryLimit(-1), debug.SetGCPercent(77); limit != tt.limit || percent != tt.percent {
				t.Errorf("limit is %d and GC percent %d, want %d and %d", limit, percent, tt.limit, tt.percent)
			}
		})
	}
}
