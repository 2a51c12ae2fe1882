package event

import (
	"strconv"
	"strings"
)

// Codes of an [Error]: short words that stay as they are. They are fit for
// metric attributes, problem documents and the reason of a dead letter.
const (
	CodeMalformedJSON        = "malformed_json"         // not a JSON document, or something behind its end
	CodeInvalidUnicode       = "invalid_unicode"        // bytes that are not UTF-8, half a surrogate pair
	CodeNULCharacter         = "nul_character"          // U+0000 in the data, which PostgreSQL's jsonb cannot hold
	CodeNumberOutOfRange     = "number_out_of_range"    // a number in the data that PostgreSQL's jsonb cannot hold
	CodeDuplicateMember      = "duplicate_member"       // a member of the event given twice
	CodeMissingAttribute     = "missing_attribute"      // a required attribute is absent
	CodeInvalidAttribute     = "invalid_attribute"      // an attribute's name, type or value is not allowed
	CodeUnsupportedVersion   = "unsupported_version"    // a specversion other than 1.0
	CodeInvalidData          = "invalid_data"           // data and data_base64 together, or not what the media type says
	CodeTooLarge             = "too_large"              // event, attribute or number of attributes over its limit
	CodeTooDeep              = "too_deep"               // JSON nested deeper than the limit
	CodeBatchTooLarge        = "batch_too_large"        // more events in one batch than the limit
	CodeUnsupportedMediaType = "unsupported_media_type" // the request is neither CloudEvents in JSON nor plain JSON
)

// Error says why an event was refused. It never holds a value of the event,
// so that it can be logged and answered as it is. Trying again cannot help.
type Error struct {
	// Code is one of the Code constants.
	Code string

	// Field is the attribute or member that is at fault, or empty.
	Field string

	// Index is the position of the event in its batch, from 0. It is 0 for an
	// event that came alone, and -1 if the request as a whole is at fault.
	Index int

	// Offset is the position of the fault in the JSON text that was read, in
	// bytes from 0, or -1 if the fault has no position.
	Offset int

	// Message says what is wrong and what would be right.
	Message string
}

// Error returns the message with field, index and offset as far as known.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("event")
	if e.Index > 0 {
		b.WriteByte(' ')
		b.WriteString(strconv.Itoa(e.Index))
	}
	if e.Field != "" {
		b.WriteString(": ")
		b.WriteString(e.Field)
	}
	b.WriteString(": ")
	b.WriteString(e.Message)
	if e.Offset >= 0 {
		b.WriteString(" (at byte ")
		b.WriteString(strconv.Itoa(e.Offset))
		b.WriteByte(')')
	}
	return b.String()
}

// Poison reports that the event can never be read, however often it is
// delivered.
func (e *Error) Poison() bool { return true }

// maxQuotedField bounds how much of a name that a client chose is repeated to it.
const maxQuotedField = 40

func refuse(code, field, message string) *Error {
	return refuseAt(code, field, -1, message)
}

func refuseAt(code, field string, offset int, message string) *Error {
	if len(field) > maxQuotedField {
		field = strings.ToValidUTF8(field[:maxQuotedField], "") + "..."
	}
	return &Error{Code: code, Field: field, Offset: offset, Message: message}
}
