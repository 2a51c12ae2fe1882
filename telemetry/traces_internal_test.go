package telemetry

import (
	"bytes"
	"slices"
	"testing"

	"github.com/tracehaul/tracehaul/telemetry/internal/otlp"
	"github.com/tracehaul/tracehaul/telemetry/internal/span"
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

// A sampler that is not known to be plain costs a copy of the attributes.
func TestSampler_OfTheEnvironment_IsAskedOnlyWhatItNeeds(t *testing.T) {
	for name, inherited := range map[string]bool{
		"": true, "always_on": false, "always_off": false, "traceidratio": false,
		"parentbased_always_on": true, "parentbased_always_off": true, "parentbased_traceidratio": true,
	} {
		t.Run(name, func(t *testing.T) {
			c, err := ConfigFromEnv(func(variable string) string {
				return map[string]string{"OTEL_TRACES_SAMPLER": name, "OTEL_TRACES_SAMPLER_ARG": "0.1"}[variable]
			})
			if err != nil {
				t.Fatal(err)
			}
			got, ok := sampler(c.withDefaults().Traces.Sampler).(span.Plain)
			if !ok || got.Inherited != inherited {
				t.Errorf("the sampler is %#v", got)
			}
		})
	}
}
