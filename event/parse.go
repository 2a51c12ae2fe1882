package event

import (
	"strconv"
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
		return Event{}, errEventTooLarge(&l)
	}
	s := l.scanner(b)
	var e Event
	err := l.event(&s, &e)
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
	return l.Parse(unsafe.Slice(unsafe.StringData(s), len(s))) //nolint:gosec // read only, as said above
}

// UnmarshalJSON is [Parse].
func (e *Event) UnmarshalJSON(b []byte) (err error) {
	*e, err = Parse(b)
	return err
}

func (l *Limits) scanner(b []byte) scanner {
	return scanner{b: b, maxDepth: l.MaxDepth, anyJSON: l.AnyJSON}
}

func errEventTooLarge(l *Limits) *Error {
	return refuse(CodeTooLarge, "", "the event is larger than "+byteCount(l.MaxEventBytes))
}

func byteCount(n int) string { return strconv.Itoa(n) + " bytes" }

// event takes one event and checks it.
func (l *Limits) event(s *scanner, e *Event) *Error {
	if s.peek() != '{' {
		return s.malformed("an event is a JSON object")
	}
	start := s.pos
	var m members
	more, err := s.open('}')
	for more && err == nil {
		if err = l.member(s, &m); err != nil {
			return err
		}
		more, err = s.next('}')
	}
	if err != nil {
		return err
	}
	if s.pos-start > l.MaxEventBytes {
		return errEventTooLarge(l)
	}
	m.attributes(s, e)
	if err := l.checkAttributes(e); err != nil {
		return err
	}
	return m.payload(s, e)
}

// member takes one member of an event.
func (l *Limits) member(s *scanner, m *members) *Error {
	name, err := s.member(false)
	if err != nil {
		return err
	}
	raw := s.b[name.start:name.end]
	if name.escaped {
		raw = s.appendText(nil, name)
	}
	member := memberOf(raw)
	if member == memberExtension {
		return l.extension(s, m, string(raw), name.start)
	}
	field := memberNames[member]
	if m.seen&(1<<member) != 0 {
		return refuseAt(CodeDuplicateMember, field, name.start, "the member is given twice")
	}
	m.seen |= 1 << member
	c := s.peek()
	if member == memberData {
		m.data.start = s.pos
		err = s.value()
		m.data.end = s.pos
		return inField(err, field)
	}
	if c == 'n' {
		return inField(s.literal("null"), field)
	}
	value, err := l.text(s, field, member == memberDataBase64)
	if err != nil {
		return err
	}
	if value.start == value.end && isOptional(member) {
		return refuseAt(CodeInvalidAttribute, field, value.start, "the value is empty; leave the attribute out instead")
	}
	switch member {
	case memberTime:
		return m.setTime(s, value)
	case memberDataBase64:
		m.dataBase64 = value
	default:
		m.strings[member] = value
	}
	return nil
}

// isOptional tells the attributes that may be absent, but not empty.
func isOptional(member int) bool {
	return member == memberSubject || member == memberDataContentType || member == memberDataSchema
}

// text takes the value of a member, which must be a string.
func (l *Limits) text(s *scanner, field string, long bool) (text, *Error) {
	if s.peek() != '"' {
		// Take the value first: a broken document is a broken document.
		start := s.pos
		if err := s.value(); err != nil {
			return text{}, inField(err, field)
		}
		return text{}, refuseAt(CodeInvalidAttribute, field, start, "the value must be a string")
	}
	value, err := s.string(false)
	if err != nil {
		return value, inField(err, field)
	}
	// An escape has at most six bytes for one: what is longer than that need
	// not be decoded to know.
	if !long && value.end-value.start > 6*l.MaxAttributeBytes {
		return value, refuse(CodeTooLarge, field, "the attribute is longer than "+byteCount(l.MaxAttributeBytes))
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
	ok := value.end-value.start <= len(buffer)
	if ok {
		m.time, ok = parseTime(s.appendText(buffer[:0], value))
	}
	if !ok {
		return refuseAt(CodeInvalidAttribute, nameTime, value.start, "not a date-time of RFC 3339, such as 2006-01-02T15:04:05Z")
	}
	return nil
}

// extension takes the value of an extension attribute.
func (l *Limits) extension(s *scanner, m *members, name string, at int) *Error {
	if _, twice := m.extensions[name]; twice {
		return refuseAt(CodeDuplicateMember, name, at, "the member is given twice")
	}
	if err := checkExtensionName(name); err != nil {
		err.Offset = at
		return err
	}
	// Those that are null count, too: they are kept until the end of the event.
	if len(m.extensions) >= l.MaxExtensions {
		return refuseAt(CodeTooLarge, name, at, "there are too many extension attributes")
	}
	value, err := l.extensionValue(s, name)
	if err != nil {
		return inField(err, name)
	}
	if m.extensions == nil {
		m.extensions = make(map[string]any)
	}
	m.extensions[name] = value
	return nil
}

func (l *Limits) extensionValue(s *scanner, name string) (any, *Error) {
	c := s.peek()
	if c == '"' {
		value, err := l.text(s, name, false)
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
