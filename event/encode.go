package event

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// AppendJSON appends the event in the JSON event format and returns the
// extended slice. The data stand in it byte for byte, always as the last
// member; what a parser of this package read becomes no longer than it was.
//
// It checks nothing: an event that was not parsed goes through
// [Event.Validate] first.
func (e Event) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"specversion":`...)
	dst = appendString(dst, cmp.Or(e.SpecVersion, SpecVersion))
	dst = appendMember(dst, nameID, e.ID)
	dst = appendMember(dst, nameSource, e.Source)
	dst = appendMember(dst, nameType, e.Type)
	if e.Subject != "" {
		dst = appendMember(dst, nameSubject, e.Subject)
	}
	if !e.Time.IsZero() {
		dst = append(dst, `,"time":"`...)
		dst = appendTime(dst, e.Time)
		dst = append(dst, '"')
	}
	if e.DataContentType != "" {
		dst = appendMember(dst, nameDataContentType, e.DataContentType)
	}
	if e.DataSchema != "" {
		dst = appendMember(dst, nameDataSchema, e.DataSchema)
	}
	if len(e.Extensions) > 0 {
		dst = e.appendExtensions(dst)
	}
	switch {
	case e.Data != nil:
		dst = append(dst, `,"data":`...)
		dst = append(dst, e.Data...)
	case e.DataBase64 != nil:
		dst = append(dst, `,"data_base64":"`...)
		dst = base64.StdEncoding.AppendEncode(dst, e.DataBase64)
		dst = append(dst, '"')
	}
	return append(dst, '}')
}

// MarshalJSON validates the event and returns it in the JSON event format.
// Mind that json.Marshal compacts what a MarshalJSON returns: for data byte
// for byte, call this method or [Event.AppendJSON].
func (e Event) MarshalJSON() ([]byte, error) {
	if err := e.Validate(); err != nil {
		return nil, err
	}
	return e.AppendJSON(make([]byte, 0, e.size())), nil
}

// size returns how long AppendJSON's result is.
func (e Event) size() int {
	n := len(`{"specversion":,"id":,"source":,"type":}`)
	n += stringSize(cmp.Or(e.SpecVersion, SpecVersion)) + stringSize(e.ID) + stringSize(e.Source) + stringSize(e.Type)
	for _, a := range [...]struct{ name, value string }{
		{nameSubject, e.Subject},
		{nameDataContentType, e.DataContentType},
		{nameDataSchema, e.DataSchema},
	} {
		if a.value != "" {
			n += len(`,"":`) + len(a.name) + stringSize(a.value)
		}
	}
	if !e.Time.IsZero() {
		var buffer [len(time.RFC3339Nano)]byte
		n += len(`,"time":""`) + len(appendTime(buffer[:0], e.Time))
	}
	if len(e.Extensions) > 0 {
		n += len(e.appendExtensions(nil))
	}
	switch {
	case e.Data != nil:
		n += len(`,"data":`) + len(e.Data)
	case e.DataBase64 != nil:
		n += len(`,"data_base64":""`) + base64.StdEncoding.EncodedLen(len(e.DataBase64))
	}
	return n
}

// appendTime appends t in RFC 3339, whose offsets have whole minutes.
func appendTime(dst []byte, t time.Time) []byte {
	if _, seconds := t.Zone(); seconds%60 != 0 {
		t = t.UTC()
	}
	return t.AppendFormat(dst, time.RFC3339Nano)
}

func (e Event) appendExtensions(dst []byte) []byte {
	names := make([]string, 0, 16)
	for name := range e.Extensions {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		dst = append(dst, ',')
		dst = appendString(dst, name)
		dst = append(dst, ':')
		switch v := e.Extensions[name].(type) {
		case bool:
			dst = strconv.AppendBool(dst, v)
		case int32:
			dst = strconv.AppendInt(dst, int64(v), 10)
		case int:
			dst = strconv.AppendInt(dst, int64(v), 10)
		case string:
			dst = appendString(dst, v)
		default: // Validate refuses these
			dst = appendString(dst, fmt.Sprint(v))
		}
	}
	return dst
}

func appendMember(dst []byte, name, value string) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, name...)
	dst = append(dst, '"', ':')
	return appendString(dst, value)
}

// appendString appends a JSON string. Valid attributes hold nothing to escape
// but quotes and backslashes.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if plain[c] {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && n == 1 {
				dst = append(dst, s[start:i]...)
				dst = append(dst, "\uFFFD"...)
				start = i + 1
			}
			i += n
			continue
		}
		dst = append(dst, s[start:i]...)
		if c < ' ' {
			dst = append(dst, `\u00`...)
			dst = append(dst, "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		} else {
			dst = append(dst, '\\', c)
		}
		i++
		start = i
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

// stringSize returns how long appendString's result is.
func stringSize(s string) int {
	for i := range len(s) {
		if !plain[s[i]] {
			return len(appendString(nil, s))
		}
	}
	return len(s) + len(`""`)
}
