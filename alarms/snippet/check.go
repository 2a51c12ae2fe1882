package snippet

import (
	"fmt"
	"slices"

	"github.com/tracehaul/tracehaul/alarms/internal/insights"
)

// Check says what is wrong with a snippet, or nothing. An empty one is right.
// Queries of Logs Insights are read; of the others it is seen to it that they can
// be shown.
func (s Snippet) Check() string {
	switch {
	case s == Snippet{}:
		return ""
	case s.Text == "":
		return fmt.Sprintf("the snippet %q has no text", s.Ask)
	case !slices.Contains([]Language{LogsInsights, TraceQL, SQL, Shell}, s.Language):
		return fmt.Sprintf("the language of %q is %q: want one of snippet's", s.Text, s.Language)
	case s.Language == LogsInsights && s.Group == "":
		return fmt.Sprintf("the query %q has no log group", s.Text)
	}
	if s.Language == LogsInsights {
		if _, err := insights.Parse(s.Text); err != nil {
			return fmt.Sprintf("the query %q is not right: %v", s.Text, err)
		}
	}
	return ""
}
