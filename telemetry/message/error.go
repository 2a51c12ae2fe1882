package message

import (
	"fmt"
	"strconv"
	"strings"
)

// TooManyAttributesError refuses messages whose own attributes exceed the
// [Budget] without any context. It is returned before anything is sent, and
// sending the same again gives the same error.
//
// Without it SNS would accept such a message and, where a subscription has raw
// message delivery, discard it without telling anyone.
type TooManyAttributesError struct {
	// EntryIDs are the ids of a batch's entries that have too many; nil for
	// a single message.
	EntryIDs []string
	// Attributes is how many the message has, or the first such entry.
	Attributes int
	// Limit is how many it may have.
	Limit int
}

// Error names the entries and the limit.
func (e *TooManyAttributesError) Error() string {
	if len(e.EntryIDs) == 0 {
		return fmt.Sprintf("message has %d attributes, the limit is %d", e.Attributes, e.Limit)
	}
	quoted := make([]string, len(e.EntryIDs))
	for i, id := range e.EntryIDs {
		quoted[i] = strconv.Quote(id)
	}
	return fmt.Sprintf("too many attributes in batch entries %s: the first has %d, the limit is %d",
		strings.Join(quoted, ", "), e.Attributes, e.Limit)
}
