package pgxtrace_test

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tracehaul/tracehaul/telemetry/pgxtrace"
)

// A pool whose queries are traced and whose connections are counted.
func ExampleInstrument() {
	ctx := context.Background()
	cfg, err := pgxpool.ParseConfig("postgres://app@localhost/orders?sslmode=disable")
	if err != nil {
		fmt.Println(err)
		return
	}
	pgxtrace.Instrument(cfg, pgxtrace.Config{})
	pool, err := pgxpool.NewWithConfig(ctx, cfg) // connects when it is used
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()
	metrics, err := pgxtrace.ObservePool(pool, pgxtrace.Config{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer metrics.Unregister() //nolint:errcheck // the program ends
	fmt.Println("traced:", cfg.ConnConfig.Tracer != nil)
	// Output: traced: true
}
