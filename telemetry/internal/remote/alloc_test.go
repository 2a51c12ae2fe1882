//go:build !race

package remote_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"github.com/tracehaul/tracehaul/telemetry/internal/remote"
)

func TestContext_OneAllocation(t *testing.T) {
	ctx, sc := context.Background(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}})
	var kept context.Context
	if n := testing.AllocsPerRun(100, func() { kept = remote.Context(ctx, sc) }); n > 1 {
		t.Errorf("%v allocations for %v, want 1", n, kept)
	}
}
