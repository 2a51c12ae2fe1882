package event

import (
	"bytes"
	"encoding/base64"
	"strings"
	"time"
)

// The members that CloudEvents defines; the first are attributes that are
// strings.
const (
	memberSpecVersion = iota
	memberID
	memberSource
	memberType
	memberSubject
	memberDataContentType
	memberDataSchema
	numStrings // how many strings there are
)

const (
	memberTime = numStrings + iota
	memberData
	memberDataBase64
	memberExtension // none of them
)

var memberNames = [...]string{
	memberSpecVersion:     nameSpecVersion,
	memberID:              nameID,
	memberSource:          nameSource,
	memberType:            nameType,
	memberSubject:         nameSubject,
	memberDataContentType: nameDataContentType,
	memberDataSchema:      nameDataSchema,
	memberTime:            nameTime,
	memberData:            nameData,
	memberDataBase64:      nameDataBase64,
}

func memberOf(name []byte) int {
	switch string(name) {
	case nameSpecVersion:
		return memberSpecVersion
	case nameID:
		return memberID
	case nameSource:
		return memberSource
	case nameType:
		return memberType
	case nameSubject:
		return memberSubject
	case nameDataContentType:
		return memberDataContentType
	case nameDataSchema:
		return memberDataSchema
	case nameTime:
		return memberTime
	case nameData:
		return memberData
	case nameDataBase64:
		return memberDataBase64
	}
	return memberExtension
}

// members collects the members of one event while they are scanned.
type members struct {
	seen       uint16           // core members met so far, one bit each
	strings    [numStrings]text // zero if absent or null
	data       text             // zero if absent
	dataBase64 text             // zero if absent or null
	time       time.Time
	extensions map[string]any // nil values for null, until the end
}

// attributes moves the attributes into the event. All the strings share one
// allocation, and those that nearly every event has need none.
func (m *members) attributes(s *scanner, e *Event) {
	size := 0
	for i, t := range m.strings {
		if usual(i, s.b[t.start:t.end]) == "" {
			size += t.end - t.start
		}
	}
	var b strings.Builder
	b.Grow(size)
	for i, target := range [numStrings]*string{
		memberSpecVersion:     &e.SpecVersion,
		memberID:              &e.ID,
		memberSource:          &e.Source,
		memberType:            &e.Type,
		memberSubject:         &e.Subject,
		memberDataContentType: &e.DataContentType,
		memberDataSchema:      &e.DataSchema,
	} {
		t := m.strings[i]
		raw := s.b[t.start:t.end]
		if *target = usual(i, raw); *target != "" {
			continue
		}
		if t.escaped {
			raw = s.appendText(nil, t)
		}
		start := b.Len()
		b.Write(raw)
		*target = b.String()[start:]
	}
	e.Time = m.time
	e.Extensions = m.extensions
	for name, value := range m.extensions {
		if value == nil {
			delete(e.Extensions, name)
		}
	}
	if len(e.Extensions) == 0 {
		e.Extensions = nil
	}
}

// usual returns the values that are nearly always the same.
func usual(member int, raw []byte) string {
	switch {
	case member == memberSpecVersion && string(raw) == SpecVersion:
		return SpecVersion
	case member == memberDataContentType && string(raw) == mediaTypeJSON:
		return mediaTypeJSON
	}
	return ""
}

// payload moves the data into the event.
func (m *members) payload(s *scanner, e *Event) *Error {
	switch hasData, hasBase64 := m.data.end > 0, m.dataBase64.end > 0; {
	case hasData && hasBase64:
		return refuse(CodeInvalidData, nameDataBase64, "only one of data and data_base64 may be given")
	case hasData:
		e.Data = bytes.Clone(s.b[m.data.start:m.data.end])
		return checkDataType(e)
	case hasBase64:
		return m.decodeBase64(s, e)
	}
	return nil
}

func (m *members) decodeBase64(s *scanner, e *Event) *Error {
	raw := s.b[m.dataBase64.start:m.dataBase64.end]
	if m.dataBase64.escaped { // "\/" is usual
		raw = s.appendText(nil, m.dataBase64)
	}
	data := make([]byte, base64.StdEncoding.DecodedLen(len(raw)))
	n, err := strictBase64.Decode(data, raw)
	// The decoder skips line ends; RFC 4648, 3.3, does not.
	if err != nil || bytes.ContainsAny(raw, "\r\n") {
		return refuse(CodeInvalidData, nameDataBase64, "not base64 as RFC 4648, section 4, defines it")
	}
	e.DataBase64 = data[:n]
	return nil
}

var strictBase64 = base64.StdEncoding.Strict()
