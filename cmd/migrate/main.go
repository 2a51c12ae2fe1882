// Command migrate is the Lambda function that brings the database to the
// newest schema before a new consumer is deployed: package
// consumer/postgres/migrate. See docs/migrate.md.
//
// A deployment invokes it with {}, or {"target": N} for no more than migration
// N, and waits for the answer: the versions before and after, and what was
// carried out. Invoked again, it goes on where it was.
//
// It reads DATABASE_URL or DATABASE_HOST and so on (see
// postgres.ConfigFromEnv), MIGRATE_GRANT_ROLE, MIGRATE_LOCK_TIMEOUT,
// DEADLINE_MARGIN, LOG_LEVEL, and the standard variables OTEL_* and AWS_*;
// `migrate help` says what they are for.
//
// Bad settings end it when it starts.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/tracehaul/tracehaul/internal/lambdamain"
	"github.com/tracehaul/tracehaul/telemetry/awslambda"
	"github.com/tracehaul/tracehaul/telemetry/pgxtrace"
)

// version is set by -ldflags "-X main.version=...". Without it, telemetry
// takes what the go command recorded.
var version string

func main() { lambdamain.Main("migrate", variables, os.Getenv, build) }

// build puts the function together. It calls nobody.
func build(ctx context.Context, getenv func(string) string) (handler any, c awslambda.Config, err error) {
	set, err := settingsFrom(getenv)
	if err != nil {
		return nil, c, fmt.Errorf("bad settings:\n%w", err)
	}
	f, err := lambdamain.Setup(ctx, getenv, set.telemetry, version)
	if err != nil {
		return nil, c, err
	}
	set.database.AWS = f.AWS
	set.database.Trace = pgxtrace.Config{TracerProvider: f.Telemetry.TracerProvider(), MeterProvider: f.Telemetry.MeterProvider()}
	m := &migrator{set, f.Telemetry.Logger()}
	c = f.Lambda(c)
	return awslambda.Wrap(m.handle, c), c, nil
}
