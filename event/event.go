package event

import (
	"encoding/json"
	"time"
)

// SpecVersion is the only CloudEvents version that is read and written.
const SpecVersion = "1.0"

// Event is a CloudEvent, version 1.0. The zero value of an optional field
// means that the attribute is absent. An Event holds no reference to what it
// was parsed from.
type Event struct {
	// SpecVersion is the version of the CloudEvents specification. Only "1.0"
	// is accepted, and an empty one is written as "1.0".
	SpecVersion string

	// ID identifies the event within its source. Required.
	ID string

	// Source is a URI-reference that names where the event happened; an
	// absolute URI is recommended. Required.
	Source string

	// Type says what happened, such as "com.example.order.placed". Required.
	Type string

	// Subject is what the event is about within its source.
	Subject string

	// DataContentType is the media type of the data. Absent, with Data, it
	// means application/json.
	DataContentType string

	// DataSchema is the URI of the schema that the data follows.
	DataSchema string

	// Time is when the event happened. The zero time, which some platforms
	// write for "unset", means absent. Digits below a nanosecond are cut.
	Time time.Time

	// Data is the JSON value of the data member, byte for byte; nil if there
	// is none ("null" is a value). With a DataContentType that is not JSON it
	// is a JSON string: see [Event.Payload].
	Data json.RawMessage

	// DataBase64 is binary data, decoded; nil if there is none. At most one of
	// Data and DataBase64 is set.
	DataBase64 []byte

	// Extensions are the other attributes: values of type string, bool or
	// int32 (an int within 32 bits is taken, too).
	Extensions map[string]any
}

// Key identifies an event: two events with the same key are one, delivered
// twice.
type Key struct {
	Source, ID string
}

// Key returns what identifies the event.
func (e Event) Key() Key { return Key{Source: e.Source, ID: e.ID} }

// Payload returns the data as the producer meant it, and its media type: the
// decoded bytes of binary data, the text of a string whose media type is not
// JSON, otherwise the JSON value. The media type is empty only for binary data
// that came with none. It returns nil if the event has no data.
func (e Event) Payload() (payload []byte, mediaType string) {
	switch {
	case e.DataBase64 != nil:
		return e.DataBase64, e.DataContentType
	case e.Data == nil:
		return nil, e.DataContentType
	case e.DataContentType == "":
		return e.Data, mediaTypeJSON
	case isJSONMediaType(e.DataContentType):
		return e.Data, e.DataContentType
	}
	var text string
	if err := json.Unmarshal(e.Data, &text); err != nil {
		return e.Data, e.DataContentType
	}
	return []byte(text), e.DataContentType
}
