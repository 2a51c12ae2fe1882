package telemetry_test

import (
	"testing"
	"time"

	"github.com/tracehaul/tracehaul/telemetry"
	"github.com/tracehaul/tracehaul/telemetry/internal/span"
)

// A batch of messages has its wait spans sent before the flush that its answer
// waits for, where the collector is quick. Whether it is on a busy machine is
// a matter of luck, so there are many tries.
func TestSpans_ManyAtOnce_SentBeforeTheFlush(t *testing.T) {
	c := newCollector(t)
	config := configFor(c.URL)
	config.Traces.Batch = telemetry.BatchConfig{Delay: time.Hour, QueueSize: 4096, BatchSize: 4096}
	tel := setup(t, config)
	tracer := tel.TracerProvider().Tracer("test")
	const many = 600 // less than fills a request, and more than waits for one
	for want, until := 0, time.Now().Add(2*time.Minute); time.Now().Before(until); {
		ctx, one := tracer.Start(t.Context(), "one")
		all := span.NewSiblings(tracer, "wait", span.Options{}, many)
		for range many {
			all.Add(ctx, one, time.Now(), time.Now())
		}
		one.End()
		if err := tel.ForceFlush(t.Context()); err != nil { // how quick is it?
			t.Fatal(err)
		}
		all.Flush()
		want += 1 + many
		for range 100 {
			if len(c.spanNames()) == want {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
		if err := tel.ForceFlush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	t.Errorf("%d spans were never sent before the flush", many)
}
