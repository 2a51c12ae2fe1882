package doctor

import (
	"context"
	"errors"
	"fmt"

	"github.com/tracehaul/tracehaul/internal/story"
	"github.com/tracehaul/tracehaul/internal/trace"
)

// Traces is where spans are kept.
type Traces interface {
	// Spans returns what is there of a trace by now: nothing is no error. What was
	// found before an error comes with it.
	Spans(ctx context.Context, traceID string) ([]trace.Span, error)
}

// Backends are those of package story, all of which are asked.
type Backends []story.Backend

// Spans implements Traces.
func (b Backends) Spans(ctx context.Context, traceID string) ([]trace.Span, error) {
	var spans []trace.Span
	var errs []error
	for _, backend := range b {
		ctx, cancel := context.WithTimeout(ctx, callTimeout)
		found, err := backend.Look(ctx, story.Clues{TraceIDs: []string{traceID}})
		cancel()
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", backend.Name(), err))
		}
		for i := range found.Spans {
			if found.Spans[i].TraceID == traceID { // and not of one that it links to
				spans = append(spans, found.Spans[i])
			}
		}
	}
	return spans, errors.Join(errs...)
}
