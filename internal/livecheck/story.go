//go:build unix

package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/tracehaul/tracehaul/internal/harness"
)

// step is something that happens while events come in.
type step struct {
	what string
	do   func(context.Context, *scene) error
}

// story is what happens, one after the other. Every step ends as it began: all
// is well again.
var story = []step{
	{"all is well", pause(6 * time.Second)},
	{"SNS fails, throttles and refuses", snsFails},
	{"SNS is slow, and clients do not wait", snsSlow},
	{"a few calls of SNS hang", snsHangs},
	{"requests that do not come to their end", brokenRequests},
	{"the collector takes no spans and logs", collectorFails},
	{"the database is away", databaseAway},
	{"the table is locked for longer than the consumer may wait", tableLocked},
	{"the table has another name", tableRenamed},
	{"a constraint refuses rows", constraint},
	{"messages that are no events, and a dead-letter queue that takes nothing for a while", poison},
	{"all is well again", pause(8 * time.Second)},
}

// scene is what steps work with.
type scene struct {
	*stage
	load *load
}

// play sends events and has the story happen.
func play(ctx context.Context, s *stage, progress io.Writer) error {
	began := time.Now()
	l := newLoad(s)
	loadCtx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		l.run(loadCtx)
		close(ended)
	}()
	defer func() {
		cancel()
		<-ended
		_, _ = fmt.Fprintf(progress, "%5.1fs  %s\n", time.Since(began).Seconds(), l)
	}()
	for _, step := range story {
		_, _ = fmt.Fprintf(progress, "%5.1fs  %s\n", time.Since(began).Seconds(), step.what)
		if err := step.do(ctx, &scene{s, l}); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return s.check()
}

func pause(d time.Duration) func(context.Context, *scene) error {
	return func(ctx context.Context, _ *scene) error { return harness.Sleep(ctx, d) }
}
