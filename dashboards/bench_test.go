package dashboards_test

import (
	"runtime"
	"runtime/debug"
	"sync"
	"testing"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/dashboards"
)

// BenchmarkSet_Thousand makes the dashboards of a thousand pipelines, on as many
// cores as there are, and lets each go when it is made. Garbage is collected as
// rarely as cmd/tracehaul does it.
func BenchmarkSet_Thousand(b *testing.B) {
	const pipelines = 1000
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	set := load(b, "prod")
	var bytes int64
	b.ReportAllocs()
	for b.Loop() {
		bytes = 0
		var wait sync.WaitGroup
		var mu sync.Mutex
		work := make(chan struct{})
		for range runtime.GOMAXPROCS(0) {
			wait.Go(func() {
				var n int64
				var out []byte
				for range work {
					out = generate(b, out[:0], set)
					n += int64(len(out))
				}
				mu.Lock()
				bytes += n
				mu.Unlock()
			})
		}
		for range pipelines {
			work <- struct{}{}
		}
		close(work)
		wait.Wait()
	}
	b.SetBytes(bytes)
}

// generate appends everything that is generated for a pipeline.
func generate(tb testing.TB, to []byte, set *alarms.Set) []byte {
	tb.Helper()
	d, err := dashboards.For(set)
	if err != nil {
		tb.Error(err)
		return nil
	}
	for _, board := range d.Boards() {
		to = board.AppendJSON(to)
	}
	return append(to, d.Terraform()...)
}
