package telemetry

import (
	"bytes"
	"slices"
	"testing"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
)

func TestChunk_SpansOfAllSizes_KeptApart(t *testing.T) {
	var c chunk
	var given [][]byte
	var kept []otlp.Span
	buf := make([]byte, 2*chunkSize)
	for i := range 500 {
		size := []int{1, 300, 500, chunkSize / 4, chunkSize/4 + 1, 2 * chunkSize}[i%6]
		data := buf[:size] // the same buffer every time
		for j := range data {
			data[j] = byte(i)
		}
		given = append(given, bytes.Clone(data))
		kept = append(kept, c.keep(otlp.Span{Data: data}))
	}
	for i := range kept {
		_ = append(kept[i].Data, 255) // must not reach the next
	}
	for i, span := range kept {
		if !slices.Equal(span.Data, given[i]) {
			t.Fatalf("span %d changed", i)
		}
	}
	if n := testing.AllocsPerRun(100, func() { kept[0] = c.keep(otlp.Span{Data: buf[:300]}) }); n > 0 {
		t.Errorf("%v allocations for each, want one for many", n)
	}
}

func TestQueueBytes_Default_GrowsWithTheQueue(t *testing.T) {
	for size, want := range map[int]int{0: 8 << 20, 100: 8 << 20, 32768: 32 << 20} {
		t.Run(itoa(size), func(t *testing.T) {
			if got := (TracesConfig{Batch: BatchConfig{QueueSize: size}}).withDefaults().QueueBytes; got != want {
				t.Errorf("%d bytes, want %d", got, want)
			}
		})
	}
}
