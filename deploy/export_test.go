package deploy

import (
	"context"
	"time"
)

// WithSleep has waits take no time.
func (c Config) WithSleep(sleep func(context.Context, time.Duration) error) Config {
	c.sleep = sleep
	return c
}

// AnnotateWithSleep is [Annotate] with pauses that take no time.
func AnnotateWithSleep(ctx context.Context, sleep func(context.Context, time.Duration) error, grafanaURL, token string, a Annotation) (Annotated, error) {
	g, err := newGrafana(grafanaURL, token)
	if err != nil {
		return Annotated{}, err
	}
	g.sleep = sleep
	return g.annotate(ctx, a)
}
