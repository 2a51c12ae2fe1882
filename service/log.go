package service

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// requestLog writes about requests: a line for every refusal, at Info if the
// client was at fault and at Warn or Error if the service was, and at Debug
// for what went well. A span tells more of the latter, at less cost.
//
// Refusals come in floods. Each kind of fault gets its lines per second and no
// more; the next line says how many were left out.
type requestLog struct {
	logger         *slog.Logger
	client, server gate
}

// linesPerSecond is what a gate lets through.
const linesPerSecond = 20

func (l *requestLog) accepted(ctx context.Context, events int) {
	l.logger.LogAttrs(ctx, slog.LevelDebug, "accepted", slog.Int("events", events))
}

func (l *requestLog) refused(r *http.Request, status int, refused *refusal) {
	level, g := slog.LevelInfo, &l.client
	if status >= http.StatusInternalServerError {
		level, g = slog.LevelWarn, &l.server
	}
	if refused.code == codeInternal || refused.code == codePublishRefused {
		level = slog.LevelError // somebody has to do something
	}
	ctx := r.Context()
	if !l.logger.Enabled(ctx, level) {
		return
	}
	omitted, ok := g.pass(time.Now())
	if !ok {
		return
	}
	attrs := make([]slog.Attr, 0, 6)
	attrs = append(attrs, slog.String("code", refused.code), slog.Int("status", status),
		slog.String("method", clip(r.Method)), slog.String("route", route(r)))
	if refused.cause != nil {
		attrs = append(attrs, slog.String("error", refused.cause.Error()))
	} else if refused.detail != "" {
		attrs = append(attrs, slog.String("detail", refused.detail))
	}
	if refused.stack != "" {
		attrs = append(attrs, slog.String("stack", refused.stack))
	}
	if omitted > 0 {
		attrs = append(attrs, slog.Int("omitted", omitted))
	}
	l.logger.LogAttrs(ctx, level, semconv.LogRefused, attrs...)
}

// clip shortens what a client chose.
func clip(s string) string { return s[:min(len(s), 32)] }

// gate lets linesPerSecond pass each second, and counts the others.
type gate struct {
	mu      sync.Mutex
	second  int64
	passed  int
	omitted int
}

// omit counts a line that is left out without asking pass.
func (g *gate) omit() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.omitted++
}

// pass says whether a line may be written, and how many were not before it.
func (g *gate) pass(now time.Time) (omitted int, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if second := now.Unix(); second != g.second {
		g.second, g.passed = second, 0
	}
	if g.passed == linesPerSecond {
		g.omitted++
		return 0, false
	}
	g.passed++
	omitted, g.omitted = g.omitted, 0
	return omitted, true
}
