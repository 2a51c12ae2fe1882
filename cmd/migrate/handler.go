package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/tracehaul/tracehaul/consumer/postgres"
	"github.com/tracehaul/tracehaul/consumer/postgres/migrate"
)

// request is what an invocation asks for.
type request struct {
	Target int64 `json:"target"` // 0 for the newest
}

// answer is what came of it.
type answer struct {
	From    int64    `json:"from"`
	To      int64    `json:"to"`
	Applied []string `json:"applied"`
}

// parse reads the payload of an invocation. A name that it does not know is
// refused: a misspelt target would migrate further than was meant.
func parse(payload []byte) (request, error) {
	var in struct {
		Target *int64 `json:"target"`
	}
	d := json.NewDecoder(bytes.NewReader(payload))
	d.DisallowUnknownFields()
	if d.Decode(&in) != nil || in.Target != nil && *in.Target < 1 {
		const most = 100
		return request{}, fmt.Errorf(`payload %.*q: want {} or {"target": N}, N being the version of a migration`, most, payload)
	}
	if in.Target == nil {
		return request{}, nil
	}
	return request{*in.Target}, nil
}

// migrator serves invocations.
type migrator struct {
	settings
	logger *slog.Logger
}

// handle serves an invocation. Every one has connections of its own: so a
// secret is read anew, and no connection goes stale in a frozen process.
func (m *migrator) handle(ctx context.Context, payload json.RawMessage) (*answer, error) {
	result, err := m.migrate(ctx, payload)
	for _, a := range result.Applied {
		m.logger.InfoContext(ctx, "migrated", slog.Int64("version", a.Version), slog.String("migration", a.Name), slog.Duration("duration", a.Duration))
	}
	if err != nil {
		m.logger.ErrorContext(ctx, "the schema is not up to date", slog.Any("error", err))
		return nil, err
	}
	m.logger.InfoContext(ctx, "the schema is up to date",
		slog.Int64("from", result.From), slog.Int64("to", result.To), slog.String("granted", m.settings.migrate.GrantRole))
	out := &answer{From: result.From, To: result.To, Applied: []string{}}
	for _, a := range result.Applied {
		out.Applied = append(out.Applied, a.Name)
	}
	return out, nil
}

func (m *migrator) migrate(ctx context.Context, payload []byte) (migrate.Result, error) {
	in, err := parse(payload)
	if err != nil {
		return migrate.Result{}, err
	}
	pool, err := postgres.Open(m.database)
	if err != nil {
		return migrate.Result{}, err
	}
	defer pool.Close()
	ctx, cancel := m.inTime(ctx)
	defer cancel()
	c := m.settings.migrate
	c.Target = in.Target
	return migrate.Run(ctx, pool, c)
}

// inTime ends the context while there is time to say why.
func (m *migrator) inTime(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	margin := min(m.margin, time.Until(deadline)/2)
	return context.WithDeadlineCause(ctx, deadline.Add(-margin), fmt.Errorf("stopped %v before the function's timeout", margin.Round(time.Second/10)))
}
