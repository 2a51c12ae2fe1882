package deadletter

import (
	"slices"
	"time"
)

// Filter chooses letters. Each field that is set must hold; of a list one
// value is enough. The zero value chooses every letter.
type Filter struct {
	Reasons []string // such as "refused" or [ReasonUnsettled]
	Codes   []string // such as "23505"
	Events  []string // ids of events
	Traces  []string // ids of traces, 32 hexadecimal digits
	IDs     []string // SQS's message ids

	// Since and Until bound when it was sent: from Since on, before Until.
	Since, Until time.Time
}

// Empty reports whether the filter chooses every letter.
func (f Filter) Empty() bool {
	return len(f.Reasons)+len(f.Codes)+len(f.Events)+len(f.Traces)+len(f.IDs) == 0 && f.Since.IsZero() && f.Until.IsZero()
}

// Match reports whether the filter chooses the letter.
func (f Filter) Match(l *Letter) bool {
	for _, want := range []struct {
		of    []string
		value string
	}{{f.Reasons, l.Reason}, {f.Codes, l.Code}, {f.Events, l.Event.ID}, {f.Traces, l.TraceID}, {f.IDs, l.MessageID}} {
		if len(want.of) > 0 && !slices.Contains(want.of, want.value) {
			return false
		}
	}
	return (f.Since.IsZero() || !l.SentAt.Before(f.Since)) && (f.Until.IsZero() || l.SentAt.Before(f.Until))
}
