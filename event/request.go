package event

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"mime"
	"strings"
	"time"
)

// Media types that a request may have.
const (
	MediaTypeEvent = "application/cloudevents+json"
	MediaTypeBatch = "application/cloudevents-batch+json"
	mediaTypeJSON  = "application/json"
)

// Defaults fill in what plain JSON does not say about itself, and set the
// limits of what is read.
type Defaults struct {
	// Source is the source of a wrapped event: a URI-reference. Plain JSON is
	// refused where it is empty. Defaults to none.
	Source string

	// Type is the type of a wrapped event. Plain JSON is refused where it is
	// empty. Defaults to none.
	Type string

	// NewID returns the id of a wrapped event. A client that repeats a request
	// gets a second event unless the same id comes back, so a service may
	// return the request's Idempotency-Key here. Defaults to a random UUID of
	// version 7.
	NewID func() string

	// Now returns the time of a wrapped event. Defaults to time.Now.
	Now func() time.Time

	// Limits bound what is read. Defaults to the limits' own defaults.
	Limits Limits
}

// WithDefaults returns d with what is unset set to its default.
func (d Defaults) WithDefaults() Defaults {
	if d.NewID == nil {
		d.NewID = newUUID
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	d.Limits = d.Limits.WithDefaults()
	return d
}

// Validate reports a Source or Type that no event may have.
func (d Defaults) Validate() error {
	if d.Source == "" && d.Type == "" {
		return nil
	}
	return d.Limits.Validate(Event{ID: "1", Source: d.Source, Type: d.Type})
}

// parseRequest is [ParseHTTP] without binary mode: all is in the body.
func parseRequest(contentType string, body []byte, d Defaults) ([]Event, error) {
	d = d.WithDefaults()
	mediaType, ok := cutUTF8(contentType)
	if !ok {
		return nil, errMediaType("the content type cannot be read, or its charset is not utf-8")
	}
	switch mediaType {
	case MediaTypeEvent:
		e, err := d.Limits.Parse(body)
		if err != nil {
			return nil, err
		}
		return []Event{e}, nil
	case MediaTypeBatch:
		events, err := d.Limits.batch(body)
		if err != nil {
			return nil, err
		}
		return events, nil
	case mediaTypeJSON:
		if d.Source == "" || d.Type == "" {
			return nil, errMediaType("plain JSON is not taken here; send " + MediaTypeEvent + " or " + MediaTypeBatch)
		}
		e, err := d.wrap(body)
		if err != nil {
			return nil, err
		}
		return []Event{e}, nil
	}
	return nil, errMediaType("send " + MediaTypeEvent + ", " + MediaTypeBatch + " or " + mediaTypeJSON)
}

func errMediaType(message string) *Error {
	err := refuse(CodeUnsupportedMediaType, "", message)
	err.Index = -1
	return err
}

// cutUTF8 returns the media type of a Content-Type in lower case, and false if
// it names a charset other than UTF-8. (RFC 8259, 8.1: JSON between systems is
// UTF-8.)
func cutUTF8(contentType string) (string, bool) {
	if !strings.Contains(contentType, ";") {
		return strings.ToLower(strings.TrimSpace(contentType)), true
	}
	mediaType, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		return "", false
	}
	charset, given := parameters["charset"]
	return mediaType, !given || strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "us-ascii")
}

// batch reads the JSON batch format.
func (l *Limits) batch(body []byte) ([]Event, *Error) {
	s := l.scanner(body)
	if s.peek() != '[' {
		return nil, ofRequest(s.malformed("a batch is a JSON array"))
	}
	s.pos++ // the array does not count as depth: each event may stand alone later
	var events []Event
	for more := s.peek() != ']'; more; {
		if len(events) == l.MaxBatch {
			return nil, ofRequest(refuse(CodeBatchTooLarge, "", "the batch has too many events"))
		}
		events = append(events, Event{})
		if err := l.event(&s, &events[len(events)-1]); err != nil {
			err.Index = len(events) - 1
			return nil, err
		}
		if more = s.peek() == ','; more {
			s.pos++
		}
	}
	if err := s.expect(']', "a comma or the closing bracket is missing"); err != nil {
		return nil, ofRequest(err)
	}
	if err := s.end(); err != nil {
		return nil, ofRequest(err)
	}
	return events, nil
}

func ofRequest(err *Error) *Error {
	err.Index = -1
	return err
}

// wrap makes an event whose data is body.
func (d Defaults) wrap(body []byte) (Event, *Error) {
	body = bytes.Trim(body, " \t\r\n")
	if len(body) > d.Limits.MaxEventBytes {
		return Event{}, errEventTooLarge(&d.Limits)
	}
	if err := d.Limits.checkData(body); err != nil {
		return Event{}, err
	}
	e := Event{
		SpecVersion:     SpecVersion,
		ID:              d.NewID(),
		Source:          d.Source,
		Type:            d.Type,
		DataContentType: mediaTypeJSON,
		Time:            d.Now().UTC(),
		Data:            append(json.RawMessage{}, body...),
	}
	if err := d.Limits.checkAttributes(&e); err != nil {
		return Event{}, err
	}
	if e.size() > d.Limits.MaxEventBytes {
		return Event{}, errEventTooLarge(&d.Limits)
	}
	return e, nil
}

// newUUID returns a UUID of version 7: its first 48 bits are the time, so that
// ids made one after the other lie side by side in an index. (RFC 9562, 5.7.)
func newUUID() string {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails, as its documentation promises
	var now [8]byte
	binary.BigEndian.PutUint64(now[:], uint64(time.Now().UnixMilli()))
	copy(id[:6], now[2:])
	id[6] = id[6]&0x0F | 0x70
	id[8] = id[8]&0x3F | 0x80
	var b [36]byte
	hex.Encode(b[:8], id[:4])
	hex.Encode(b[9:13], id[4:6])
	hex.Encode(b[14:18], id[6:8])
	hex.Encode(b[19:23], id[8:10])
	hex.Encode(b[24:], id[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}
