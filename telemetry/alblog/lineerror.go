package alblog

import (
	"fmt"
	"strconv"
)

// LineError is a line that could not be read. It holds nothing of the line: a
// URL, or a user agent, may be a secret.
type LineError struct {
	// Line is the line's number in its file, from 1; 0 for Parse.
	Line int64
	// Index is the field's number, from 1, and Field its name in AWS's
	// documentation. They are zero if it is the line as such.
	Index int
	Field string
	// Want says what would be right.
	Want string
}

// Error says where the line is wrong.
func (e *LineError) Error() string {
	where := "alblog"
	if e.Line > 0 {
		where += ": line " + strconv.FormatInt(e.Line, 10)
	}
	if e.Field != "" {
		where += fmt.Sprintf(": field %d (%s)", e.Index, e.Field)
	}
	return where + ": want " + e.Want
}
