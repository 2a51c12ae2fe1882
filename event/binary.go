package event

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// headerPrefix begins the headers that carry attributes, as net/http writes
// them. (HTTP protocol binding 1.0, 3.1.3.1.)
const headerPrefix = "Ce-"

// ParseHTTP reads an HTTP request; header is an http.Header. Its body is one event
// (application/cloudevents+json), a batch of them
// (application/cloudevents-batch+json), or any JSON value (application/json),
// which becomes the data of one new event. A batch is taken or refused as a
// whole, and an empty batch is valid. The error is an [*Error] whose Index
// tells which event it speaks of. The events keep no reference to body.
//
// Where the content type is not one of CloudEvents' own and a header such as ce-id
// stands in the request, it is CloudEvents' binary mode: the headers are the
// attributes and the body is the data.
//
// In binary mode a body whose media type is JSON becomes Data, without the
// white space around it, any other body DataBase64, and an empty one no data.
// Extensions come as strings, since headers have no types.
func ParseHTTP(header map[string][]string, body []byte, d Defaults) ([]Event, error) {
	contentType := ""
	if values := header["Content-Type"]; len(values) > 0 {
		contentType = values[0]
	}
	if hasPrefixFold(contentType, "application/cloudevents") || !isBinary(header) {
		return parseRequest(contentType, body, d)
	}
	d = d.WithDefaults()
	e, err := d.Limits.binary(header, contentType, body)
	if err != nil {
		return nil, err
	}
	return []Event{e}, nil
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// isBinary looks for the headers that every event in binary mode has. One is
// enough: an event with an attribute missing is refused, not wrapped.
func isBinary(header map[string][]string) bool {
	for _, name := range [...]string{"Ce-Specversion", "Ce-Id", "Ce-Source", "Ce-Type"} {
		if len(header[name]) > 0 {
			return true
		}
	}
	return false
}

func (l *Limits) binary(header map[string][]string, contentType string, body []byte) (Event, *Error) {
	e := Event{DataContentType: contentType}
	// Sorted, so that of several faults it is always the same one that is told.
	var keys []string
	for key := range header {
		if strings.HasPrefix(key, headerPrefix) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	for _, key := range keys {
		if err := l.header(&e, strings.ToLower(key[len(headerPrefix):]), header[key]); err != nil {
			return Event{}, err
		}
	}
	if err := l.checkAttributes(&e); err != nil {
		return Event{}, err
	}
	if len(body) > l.MaxEventBytes {
		return Event{}, errEventTooLarge(l)
	}
	switch {
	case len(body) == 0:
	case contentType != "" && isJSONMediaType(contentType):
		if _, ok := cutUTF8(contentType); !ok {
			return Event{}, errMediaType("the charset of JSON is utf-8")
		}
		body = bytes.Trim(body, " \t\r\n")
		if err := l.checkData(body); err != nil {
			return Event{}, err
		}
		e.Data = append(json.RawMessage{}, body...)
	default:
		e.DataBase64 = bytes.Clone(body)
	}
	if e.size() > l.MaxEventBytes {
		return Event{}, errEventTooLarge(l)
	}
	return e, nil
}

// header sets the attribute that one header carries.
func (l *Limits) header(e *Event, name string, values []string) *Error {
	if len(values) != 1 {
		return refuse(CodeDuplicateMember, name, "the header is given twice")
	}
	if len(values[0]) > 6*l.MaxAttributeBytes {
		return refuse(CodeTooLarge, name, "the attribute is longer than "+byteCount(l.MaxAttributeBytes))
	}
	value, ok := unescapeHeader(values[0])
	if !ok {
		return refuse(CodeInvalidAttribute, name, "the header's value is not percent-encoded UTF-8")
	}
	if value == "" && isOptional(memberOf([]byte(name))) {
		return refuse(CodeInvalidAttribute, name, "the value is empty; leave the attribute out instead")
	}
	switch name {
	case nameSpecVersion:
		e.SpecVersion = value
	case nameID:
		e.ID = value
	case nameSource:
		e.Source = value
	case nameType:
		e.Type = value
	case nameSubject:
		e.Subject = value
	case nameDataSchema:
		e.DataSchema = value
	case nameTime:
		if e.Time, ok = parseTime([]byte(value)); !ok {
			return refuse(CodeInvalidAttribute, nameTime, "not a date-time of RFC 3339, such as 2006-01-02T15:04:05Z")
		}
	case nameDataContentType:
		return refuse(CodeInvalidAttribute, name, "in binary mode Content-Type is the datacontenttype")
	default:
		if err := checkExtensionName(name); err != nil {
			return err
		}
		if e.Extensions == nil {
			e.Extensions = make(map[string]any)
		}
		e.Extensions[name] = value
	}
	return nil
}

// unescapeHeader takes off the double quotes that older versions of the
// specification wrote, then one round of percent-encoding. (HTTP protocol
// binding 1.0, 3.1.3.2.)
func unescapeHeader(s string) (string, bool) {
	s = strings.Trim(s, " \t")
	if len(s) >= 2 && s[0] == '"' {
		if s[len(s)-1] != '"' {
			return "", false
		}
		s = unquote(s[1 : len(s)-1])
	}
	if !strings.Contains(s, "%") {
		return s, utf8.ValidString(s)
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b = append(b, s[i])
			continue
		}
		if !isPercentEncoded(s[i:]) {
			return "", false
		}
		high, _ := hexDigit(s[i+1])
		low, _ := hexDigit(s[i+2])
		b = append(b, high<<4|low)
		i += 2
	}
	return string(b), utf8.Valid(b)
}

// unquote takes the backslashes out of a quoted string. (RFC 9110, 5.6.4.)
func unquote(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b = append(b, s[i])
	}
	return string(b)
}
