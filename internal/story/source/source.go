package source

import (
	"slices"
	"time"

	"github.com/tracehaul/tracehaul/internal/story"
)

// orDayAgo is when a search begins.
func orDayAgo(since time.Time) time.Time {
	if since.IsZero() {
		return time.Now().Add(-24 * time.Hour)
	}
	return since
}

// traceIDs are those that are any, of what others have told.
func traceIDs(of ...[]string) []string {
	return slices.DeleteFunc(slices.Concat(of...), func(id string) bool { return !story.IsTraceID(id) })
}

// searchable is an error if there is nothing to search spans for.
func searchable(c story.Clues) error {
	if len(c.SQS)+len(c.SNS)+len(c.Linked) == 0 {
		return &story.NotAskedError{Why: "spans have no ids of events, and no trace or message of it is known"}
	}
	return nil
}
