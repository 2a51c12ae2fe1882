package event

import (
	"bytes"
	"math"
	"mime"
	"strings"
	"unicode/utf8"
)

// Names of the attributes and members that CloudEvents defines.
const (
	nameSpecVersion     = "specversion"
	nameID              = "id"
	nameSource          = "source"
	nameType            = "type"
	nameSubject         = "subject"
	nameTime            = "time"
	nameDataContentType = "datacontenttype"
	nameDataSchema      = "dataschema"
	nameData            = "data"
	nameDataBase64      = "data_base64"
)

// isCore reports whether name is an attribute or member that CloudEvents
// itself defines, and so cannot be an extension.
func isCore(name string) bool {
	switch name {
	case nameSpecVersion, nameID, nameSource, nameType, nameSubject, nameTime,
		nameDataContentType, nameDataSchema, nameData, nameDataBase64:
		return true
	}
	return false
}

// Validate reports the first rule of CloudEvents or of the default [Limits]
// that e breaks, as an [*Error], or nil. An event that came from this
// package's parsers is valid.
func (e Event) Validate() error { return Limits{}.Validate(e) }

// Validate is [Event.Validate] with limits of one's own.
func (l Limits) Validate(e Event) error {
	l = l.WithDefaults()
	if e.SpecVersion == "" {
		e.SpecVersion = SpecVersion
	}
	if err := l.checkAttributes(&e); err != nil {
		return err
	}
	if e.Data != nil && e.DataBase64 != nil {
		return refuse(CodeInvalidData, nameDataBase64, "only one of data and data_base64 may be given")
	}
	if e.Data != nil {
		if err := l.checkData(e.Data); err != nil {
			return err
		}
		if err := checkDataType(&e); err != nil {
			return err
		}
	}
	if e.size() > l.MaxEventBytes {
		return errEventTooLarge(&l)
	}
	return nil
}

// checkData checks one JSON value that becomes a member of an event.
func (l *Limits) checkData(data []byte) *Error {
	s := scanner{b: data, depth: 1, maxDepth: l.MaxDepth, anyJSON: l.AnyJSON}
	err := s.value()
	if err == nil {
		err = s.end()
	}
	if err != nil {
		err.Field = nameData
		return err
	}
	return nil
}

// checkDataType refuses data that cannot be what its media type says. (JSON
// event format 1.0, 3.1.2: content that is not JSON is an encoded string.)
func checkDataType(e *Event) *Error {
	if e.DataContentType == "" || isJSONMediaType(e.DataContentType) {
		return nil
	}
	if data := bytes.TrimLeft(e.Data, " \t\r\n"); len(data) == 0 || data[0] != '"' {
		return refuse(CodeInvalidData, nameData,
			"with a datacontenttype that is not JSON the data must be a string, or base64 in data_base64")
	}
	return nil
}

// checkAttributes checks everything but the data.
func (l *Limits) checkAttributes(e *Event) *Error {
	if err := checkRequired(e); err != nil {
		return err
	}
	if e.SpecVersion != SpecVersion {
		return refuse(CodeUnsupportedVersion, nameSpecVersion, `only specversion "1.0" is supported`)
	}
	for _, a := range [...]struct{ name, value string }{
		{nameID, e.ID},
		{nameSource, e.Source},
		{nameType, e.Type},
		{nameSubject, e.Subject},
		{nameDataContentType, e.DataContentType},
		{nameDataSchema, e.DataSchema},
	} {
		if err := l.checkText(a.name, a.value); err != nil {
			return err
		}
	}
	if !isURIReference(e.Source) {
		return refuse(CodeInvalidAttribute, nameSource, "not a URI-reference as RFC 3986 defines it")
	}
	if e.DataSchema != "" && !isURI(e.DataSchema) {
		return refuse(CodeInvalidAttribute, nameDataSchema, "not a URI with a scheme, as RFC 3986 defines it")
	}
	if e.DataContentType != "" && !isMediaType(e.DataContentType) {
		return refuse(CodeInvalidAttribute, nameDataContentType, "not a media type such as application/json")
	}
	if year := e.Time.Year(); year < 0 || year > 9999 {
		return refuse(CodeInvalidAttribute, nameTime, "RFC 3339 has years from 0000 to 9999 only")
	}
	return l.checkExtensions(e)
}

func checkRequired(e *Event) *Error {
	if e.SpecVersion != "" && e.ID != "" && e.Source != "" && e.Type != "" {
		return nil
	}
	var missing []string
	for _, a := range [...]struct{ name, value string }{
		{nameSpecVersion, e.SpecVersion},
		{nameID, e.ID},
		{nameSource, e.Source},
		{nameType, e.Type},
	} {
		if a.value == "" {
			missing = append(missing, a.name)
		}
	}
	message := "the required attribute is missing or empty"
	if len(missing) > 1 {
		message = "required attributes are missing or empty: " + strings.Join(missing, ", ")
	}
	return refuse(CodeMissingAttribute, missing[0], message)
}

func (l *Limits) checkText(name, value string) *Error {
	if len(value) > l.MaxAttributeBytes {
		return refuse(CodeTooLarge, name, "the attribute is longer than "+byteCount(l.MaxAttributeBytes))
	}
	if !isText(value) {
		return refuse(CodeInvalidAttribute, name, "control characters and Unicode's noncharacters are not allowed")
	}
	return nil
}

func (l *Limits) checkExtensions(e *Event) *Error {
	if len(e.Extensions) > l.MaxExtensions {
		return refuse(CodeTooLarge, "", "there are too many extension attributes")
	}
	for name, value := range e.Extensions {
		if err := checkExtensionName(name); err != nil {
			return err
		}
		switch v := value.(type) {
		case bool, int32:
		case int:
			if v < math.MinInt32 || v > math.MaxInt32 {
				return refuse(CodeInvalidAttribute, name, "an integer attribute has 32 bits")
			}
		case string:
			if err := l.checkText(name, v); err != nil {
				return err
			}
		default:
			return refuse(CodeInvalidAttribute, name, "an extension attribute is a string, a bool or an int32")
		}
	}
	return nil
}

// maxNameBytes bounds attribute names. CloudEvents advises 20 characters.
const maxNameBytes = 64

func checkExtensionName(name string) *Error {
	if name == "" || len(name) > maxNameBytes || isCore(name) {
		return errName(name)
	}
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return errName(name)
		}
	}
	return nil
}

func errName(name string) *Error {
	return refuse(CodeInvalidAttribute, name, "attribute names have 1 to 64 characters out of a-z and 0-9")
}

// isText checks for the characters that the type String allows. (CloudEvents
// 1.0, "Type System".)
func isText(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7F {
			return isUnicodeText(s[i:])
		}
	}
	return true
}

func isUnicodeText(s string) bool {
	for i, r := range s {
		switch {
		case r < ' ', r >= 0x7F && r <= 0x9F, r >= 0xFDD0 && r <= 0xFDEF, r&0xFFFE == 0xFFFE:
			return false
		case r == utf8.RuneError:
			if _, n := utf8.DecodeRuneInString(s[i:]); n == 1 {
				return false
			}
		}
	}
	return true
}

// isMediaType checks for a media type with type and subtype. (RFC 2045, 5.1.)
func isMediaType(s string) bool {
	if s == mediaTypeJSON {
		return true
	}
	mediaType, _, err := mime.ParseMediaType(s)
	slash := strings.IndexByte(mediaType, '/')
	return err == nil && slash > 0 && slash < len(mediaType)-1
}

// isJSONMediaType reports whether a media type is */json or */*+json. (JSON
// event format 1.0, 3.1.1.)
func isJSONMediaType(s string) bool {
	if s == mediaTypeJSON {
		return true
	}
	s, _, _ = strings.Cut(s, ";")
	s = strings.TrimSpace(s)
	slash := strings.IndexByte(s, '/')
	if slash < 0 {
		return false
	}
	subtype := strings.ToLower(s[slash+1:])
	return subtype == "json" || strings.HasSuffix(subtype, "+json")
}
