//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tracehaul/tracehaul/dashboards/probe"
)

// distance is that between the points that are asked for: the programs send
// metrics every second.
const distance = 2 * time.Second

// ask asks every query of the dashboards about the time since a moment, and
// prints what came of it.
func ask(ctx context.Context, s *stage, boards []probe.Dashboard, since time.Time, w io.Writer) error {
	results, err := probe.Run(ctx, probe.Config{
		Prometheus: s.store.url, Postgres: s.pipeline.Addresses().DatabaseURL, From: since, To: time.Now(), Step: distance,
	}, boards...)
	if err != nil {
		return err
	}
	if err := probe.Write(w, results, true); err != nil {
		return err
	}
	switch asked, without := probe.Count(results); {
	case asked == 0:
		return errors.New("the dashboards have no query to ask")
	case without > 0:
		return fmt.Errorf("%d of %d queries show no data", without, asked)
	}
	return nil
}
