package pgxtrace

import (
	"github.com/jackc/pgx/v5/multitracer"
	"github.com/jackc/pgx/v5/pgxpool"
)

// scope is the name of the instrumentation in spans and metrics.
const scope = "github.com/tracehaul/tracehaul/telemetry/pgxtrace"

// Instrument makes every connection of a pool trace its work. A tracer that is
// already set on cfg keeps working beside it; a second call changes nothing.
//
// For a single connection, give it &pgxpool.Config{ConnConfig: config}.
func Instrument(cfg *pgxpool.Config, c Config) {
	if tracerOf(cfg.ConnConfig.Tracer) != nil {
		return
	}
	t := newTracer(cfg.ConnConfig, c.WithDefaults())
	if cfg.ConnConfig.Tracer == nil {
		cfg.ConnConfig.Tracer = t
		return
	}
	cfg.ConnConfig.Tracer = multitracer.New(cfg.ConnConfig.Tracer, t)
}
