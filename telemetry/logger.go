package telemetry

import (
	"context"
	"io"
	"log/slog"
	"strings"

	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/sdk/resource"

	"github.com/tracehaul/tracehaul/telemetry/slogtrace"
)

// jsonHandler writes JSON lines with the resource's attributes. All handlers
// derived from it write one line at a time.
func jsonHandler(w io.Writer, level slog.Leveler, res *resource.Resource) slog.Handler {
	return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level}).WithAttrs(logAttributes(res))
}

// logAttributes are the resource's, but for those that say where the line
// itself is found and what the telemetry was made with: they are the same in
// all lines of a log stream, and long.
func logAttributes(res *resource.Resource) []slog.Attr {
	var attrs []slog.Attr
	for iter := res.Iter(); iter.Next(); {
		kv := iter.Attribute()
		if strings.HasPrefix(string(kv.Key), "aws.log.") || strings.HasPrefix(string(kv.Key), "telemetry.") {
			continue
		}
		attrs = append(attrs, logAttribute(kv))
	}
	return attrs
}

func logAttribute(kv attribute.KeyValue) slog.Attr {
	return slog.Any(string(kv.Key), kv.Value.AsInterface())
}

// newLogger returns a logger that writes to lines and, unless provider is nil,
// sends the same records by OTLP.
func newLogger(lines slog.Handler, level slog.Leveler, provider log.LoggerProvider) *slog.Logger {
	lines = slogtrace.NewHandler(lines)
	if provider == nil {
		return slog.New(lines)
	}
	bridge := otelslog.NewHandler(scopeName, otelslog.WithLoggerProvider(provider))
	return slog.New(slog.NewMultiHandler(lines, fromLevel{bridge, level}))
}

// fromLevel is a handler of records from a level upwards.
type fromLevel struct {
	slog.Handler

	level slog.Leveler
}

func (h fromLevel) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level.Level() && h.Handler.Enabled(ctx, level)
}

func (h fromLevel) WithAttrs(attrs []slog.Attr) slog.Handler {
	return fromLevel{h.Handler.WithAttrs(attrs), h.level}
}

func (h fromLevel) WithGroup(name string) slog.Handler {
	return fromLevel{h.Handler.WithGroup(name), h.level}
}
