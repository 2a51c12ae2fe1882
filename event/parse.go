package event

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// Parse reads one event in the JSON event format, within the default
// [Limits]. The error is an [*Error]. The event keeps no reference to b.
func Parse(b []byte) (Event, error) { return Limits{}.Parse(b) }

// ParseString is [Parse] without a copy of the text: a message's body comes as
// a string.
func ParseString(s string) (Event, error) { return Limits{}.ParseString(s) }

// Parse is [Parse] with limits of one's own.
func (l Limits) Parse(b []byte) (Event, error) {
	l = l.WithDefaults()
	if len(b) > l.MaxEventBytes {
		return Event{}, errEventTooLarge(l)
	}
	s := l.scanner(b)
	e, err := l.event(&s)
	if err == nil {
		err = s.end()
	}
	if err != nil {
		return Event{}, err
	}
	return e, nil
}

// ParseString is [ParseString] with limits of one's own.
func (l Limits) ParseString(s string) (Event, error) {
	// Parse neither writes to its argument nor keeps it.
	return l.Parse(unsafe.Slice(unsafe.StringData(s), len(s)))
}

// UnmarshalJSON is [Parse].
func (e *Event) UnmarshalJSON(b []byte) (err error) {
	*e, err = Parse(b)
	return err
}

func (l Limits) scanner(b []byte) scanner {
	return scanner{b: b, maxDepth: l.MaxDepth, anyJSON: l.AnyJSON}
}

func errEventTooLarge(l Limits) *Error {
	return refuse(CodeTooLarge, "", "the event is larger than "+byteCount(l.MaxEventBytes))
}

func byteCount(n int) string { return strconv.Itoa(n) + " bytes" }

// members collects the members of one event while they are scanned.
type members struct {
	e       *Event
	seen    uint16           // core members met so far, one bit each
	core    [numStrings]text // values of the core attributes that are strings
	data    text             // the data member, white space cut
	base64  text             // the data_base64 member
	present [numStrings]bool // which of core are set: null means absent
	nulls   int              // extensions that are null, kept in the map until the end
}

// The core attributes that are strings, in the order of members.core.
const (
	stringSpecVersion = iota
	stringID
	stringSource
	stringType
	stringSubject
	stringDataContentType
	stringDataSchema
	numStrings
)

// The core members, as bits of members.seen; the first are the strings.
const (
	memberTime = numStrings + iota
	memberData
	memberDataBase64
)

func coreMember(name string) (member int, ok bool) {
	switch name {
	case nameSpecVersion:
		return stringSpecVersion, true
	case nameID:
		return stringID, true
	case nameSource:
		return stringSource, true
	case nameType:
		return stringType, true
	case nameSubject:
		return stringSubject, true
	case nameDataContentType:
		return stringDataContentType, true
	case nameDataSchema:
		return stringDataSchema, true
	case nameTime:
		return memberTime, true
	case nameData:
		return memberData, true
	case nameDataBase64:
		return memberDataBase64, true
	}
	return 0, false
}

// event takes one event and checks it.
func (l Limits) event(s *scanner) (Event, *Error) {
	if s.peek() != '{' {
		return Event{}, s.malformed("an event is a JSON object")
	}
	start := s.pos
	var e Event
	m := members{e: &e}
	more, err := s.open('}')
	for more && err == nil {
		if err = l.member(s, &m); err != nil {
			return Event{}, err
		}
		more, err = s.next('}')
	}
	if err != nil {
		return Event{}, err
	}
	if s.pos-start > l.MaxEventBytes {
		return Event{}, errEventTooLarge(l)
	}
	m.finish(s)
	if err := l.checkAttributes(&e); err != nil {
		return Event{}, err
	}
	return e, m.finishData(s)
}

// member takes one member of an event.
func (l Limits) member(s *scanner, m *members) *Error {
	name, err := s.member(false)
	if err != nil {
		return err
	}
	raw := s.b[name.start:name.end]
	if name.escaped {
		raw = s.appendText(nil, name)
	}
	member, core := coreMember(string(raw))
	if !core {
		return l.extension(s, m, string(raw), name.start)
	}
	if m.seen&(1<<member) != 0 {
		return refuseAt(CodeDuplicateMember, string(raw), name.start, "the member is given twice")
	}
	m.seen |= 1 << member
	c := s.peek()
	if member == memberData {
		m.data.start = s.pos
		err = s.value()
		m.data.end = s.pos
		return inField(err, nameData)
	}
	if c == 'n' {
		return inField(s.literal("null"), string(raw))
	}
	value, err := l.coreText(s, string(raw), member)
	if err != nil {
		return err
	}
	switch member {
	case memberTime:
		return m.setTime(s, value)
	case memberDataBase64:
		m.base64 = value
	default:
		m.core[member], m.present[member] = value, true
	}
	return nil
}

// coreText takes the value of a core member, which must be a string.
func (l Limits) coreText(s *scanner, name string, member int) (text, *Error) {
	if s.peek() != '"' {
		// Take the value first: a broken document is a broken document.
		start := s.pos
		if err := s.value(); err != nil {
			return text{}, inField(err, name)
		}
		return text{}, refuseAt(CodeInvalidAttribute, name, start, "the value must be a string")
	}
	value, err := s.string(false)
	if err != nil {
		return value, inField(err, name)
	}
	// An escape has at most six bytes for one: whatever is longer than that
	// need not be decoded to know.
	if member != memberDataBase64 && value.end-value.start > 6*l.MaxAttributeBytes {
		return value, refuse(CodeTooLarge, name, "the attribute is longer than "+byteCount(l.MaxAttributeBytes))
	}
	return value, nil
}

// inField names the member in which err, if any, happened.
func inField(err *Error, name string) *Error {
	if err != nil && err.Field == "" {
		err.Field = name
	}
	return err
}

func (m *members) setTime(s *scanner, value text) *Error {
	var buffer [64]byte
	t, ok := time.Time{}, false
	if value.end-value.start <= 6*len(buffer) {
		t, ok = parseTime(string(s.appendText(buffer[:0], value)))
	}
	if !ok {
		return refuseAt(CodeInvalidAttribute, nameTime, value.start, "not a date-time of RFC 3339, such as 2006-01-02T15:04:05Z")
	}
	m.e.Time = t
	return nil
}

// extension takes the value of an extension attribute.
func (l Limits) extension(s *scanner, m *members, name string, at int) *Error {
	if _, twice := m.e.Extensions[name]; twice {
		return refuseAt(CodeDuplicateMember, name, at, "the member is given twice")
	}
	if err := checkExtensionName(name); err != nil {
		err.Offset = at
		return err
	}
	// Unset ones count, too: they are kept until the end of the event.
	if len(m.e.Extensions) >= l.MaxExtensions {
		return refuseAt(CodeTooLarge, name, at, "there are too many extension attributes")
	}
	value, err := l.extensionValue(s, name)
	if err != nil {
		return inField(err, name)
	}
	if m.e.Extensions == nil {
		m.e.Extensions = make(map[string]any)
	}
	if value == nil {
		m.nulls++
	}
	m.e.Extensions[name] = value
	return nil
}

func (l Limits) extensionValue(s *scanner, name string) (any, *Error) {
	c := s.peek()
	if c == '"' {
		value, err := l.coreText(s, name, numStrings)
		if err != nil {
			return nil, err
		}
		return string(s.appendText(nil, value)), nil
	}
	start := s.pos
	if err := s.value(); err != nil {
		return nil, err
	}
	switch literal := s.b[start:s.pos]; c {
	case 't':
		return true, nil
	case 'f':
		return false, nil
	case 'n':
		return nil, nil
	case '{', '[':
		return nil, refuseAt(CodeInvalidAttribute, name, start, "an extension attribute is a string, an integer or a boolean")
	default:
		n, err := strconv.ParseInt(string(literal), 10, 32)
		if err != nil {
			return nil, refuseAt(CodeInvalidAttribute, name, start, "a number must be an integer of 32 bits, without fraction and exponent")
		}
		return int32(n), nil
	}
}

// finish moves the attributes into the event: all of them share one string.
func (m *members) finish(s *scanner) {
	var b strings.Builder
	size := 0
	for i, t := range m.core {
		if m.present[i] && !isKnownValue(i, s.b[t.start:t.end]) {
			size += t.end - t.start
		}
	}
	b.Grow(size)
	for i, t := range m.core {
		if !m.present[i] {
			continue
		}
		*m.field(i) = m.text(s, &b, i, t)
	}
	if m.nulls == 0 {
		return
	}
	for name, value := range m.e.Extensions {
		if value == nil {
			delete(m.e.Extensions, name)
		}
	}
	if len(m.e.Extensions) == 0 {
		m.e.Extensions = nil
	}
}

// text returns one attribute, as a constant if it is a usual one.
func (m *members) text(s *scanner, b *strings.Builder, member int, t text) string {
	raw := s.b[t.start:t.end]
	if isKnownValue(member, raw) {
		if member == stringSpecVersion {
			return SpecVersion
		}
		return mediaTypeJSON
	}
	start := b.Len()
	if t.escaped {
		b.Write(s.appendText(nil, t))
	} else {
		b.Write(raw)
	}
	return b.String()[start:]
}

func isKnownValue(member int, raw []byte) bool {
	return member == stringSpecVersion && string(raw) == SpecVersion ||
		member == stringDataContentType && string(raw) == mediaTypeJSON
}

func (m *members) field(member int) *string {
	switch member {
	case stringSpecVersion:
		return &m.e.SpecVersion
	case stringID:
		return &m.e.ID
	case stringSource:
		return &m.e.Source
	case stringType:
		return &m.e.Type
	case stringSubject:
		return &m.e.Subject
	case stringDataContentType:
		return &m.e.DataContentType
	default:
		return &m.e.DataSchema
	}
}

// finishData moves the data into the event.
func (m *members) finishData(s *scanner) *Error {
	hasData, hasBase64 := m.data.end > 0, m.base64.end > 0
	switch {
	case hasData && hasBase64:
		return refuse(CodeInvalidData, nameDataBase64, "only one of data and data_base64 may be given")
	case hasData:
		m.e.Data = append(make(json.RawMessage, 0, m.data.end-m.data.start), s.b[m.data.start:m.data.end]...)
		return checkDataType(m.e)
	case hasBase64:
		return m.decodeBase64(s)
	}
	return nil
}

func (m *members) decodeBase64(s *scanner) *Error {
	raw := s.b[m.base64.start:m.base64.end]
	if m.base64.escaped { // "\/" is usual
		raw = s.appendText(nil, m.base64)
	}
	data := make([]byte, base64.StdEncoding.DecodedLen(len(raw)))
	n, err := strictBase64.Decode(data, raw)
	// The decoder skips line ends, RFC 4648, 3.3, does not.
	if err != nil || strings.ContainsAny(string(raw), "\r\n") {
		return refuse(CodeInvalidData, nameDataBase64, "not base64 as RFC 4648, section 4, defines it")
	}
	m.e.DataBase64 = data[:n]
	return nil
}

var strictBase64 = base64.StdEncoding.Strict()
