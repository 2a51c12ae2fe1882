//go:build !race

package slogtrace_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/tracehaul/tracehaul/telemetry/slogtrace"
)

// The race detector allocates, too, and drops what pools hold.
func TestHandler_Allocations(t *testing.T) {
	ctx := inSpan(t)
	log := func(h slog.Handler, ctx context.Context) float64 {
		l := slog.New(h).With("service", "x")
		return testing.AllocsPerRun(100, func() { l.LogAttrs(ctx, slog.LevelInfo, "m", slog.Int("a", 1), slog.Int("b", 2)) })
	}
	bare := log(slog.NewJSONHandler(nowhere, nil), ctx)
	traced := slogtrace.NewHandler(slog.NewJSONHandler(nowhere, nil))
	if got := log(traced, ctx) - bare; got > 1 {
		t.Errorf("a record in a span takes %v allocations more than without the handler, want at most 1", got)
	}
	if got := log(traced, t.Context()) - bare; got > 0 {
		t.Errorf("a record outside spans takes %v allocations more than without the handler, want none", got)
	}
}
