//go:build !race

package histogram_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/tracehaul/tracehaul/telemetry/internal/histogram"
)

func TestRecord_KnownSet_NoAllocations(t *testing.T) {
	h := setup(t, wrapped).histogram(t, "h")
	options := []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(attribute.String("a", "b")))}
	ctx := t.Context()
	at := func(int) (context.Context, float64, bool) { return ctx, .02, true }
	for name, record := range map[string]func(){
		"one":  func() { h.Record(ctx, .02, options...) },
		"many": func() { histogram.Record(h, 100, at, options...) },
	} {
		if n := testing.AllocsPerRun(1000, record); n > 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
}
