//go:build unix

package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// jsonb is the text that PostgreSQL has to give back for JSON that it was given
// as jsonb, and whether data are JSON. (PostgreSQL, "JSON Types": of a name given
// twice the last value is kept, no order of names, no white space, numbers as
// numeric.)
func jsonb(data []byte) (text string, ok bool) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	b, err := appendJSONB(nil, d)
	if err != nil || d.More() {
		return "", false
	}
	return string(b), true
}

func appendJSONB(b []byte, d *json.Decoder) ([]byte, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch v := token.(type) {
	case json.Delim:
		if v == '{' {
			return appendObject(b, d)
		}
		return appendArray(b, d)
	case string:
		return appendString(b, v), nil
	case json.Number:
		return append(b, numeric(v.String())...), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	default:
		return append(b, "null"...), nil
	}
}

func appendArray(b []byte, d *json.Decoder) (_ []byte, err error) {
	b = append(b, '[')
	for n := 0; d.More(); n++ {
		if n > 0 {
			b = append(b, ", "...)
		}
		if b, err = appendJSONB(b, d); err != nil {
			return nil, err
		}
	}
	_, err = d.Token()
	return append(b, ']'), err
}

// appendObject has shorter names before longer ones.
func appendObject(b []byte, d *json.Decoder) ([]byte, error) {
	members := map[string][]byte{}
	var names []string
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		name, isName := token.(string)
		if !isName {
			return nil, fmt.Errorf("%v is no name", token)
		}
		value, err := appendJSONB(nil, d)
		if err != nil {
			return nil, err
		}
		if members[name] == nil {
			names = append(names, name)
		}
		members[name] = value
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
	b = append(b, '{')
	for i, name := range names {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(append(appendString(b, name), ": "...), members[name]...)
	}
	_, err := d.Token()
	return append(b, '}'), err
}

// appendString escapes what PostgreSQL does: quotes, backslashes and control
// characters, nothing else.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch i := strings.IndexRune("\b\f\n\r\t\"\\", r); {
		case i >= 0:
			b = append(b, '\\', `bfnrt"\`[i])
		case r < ' ':
			b = fmt.Appendf(b, "\\u%04x", r)
		default:
			b = append(b, string(r)...)
		}
	}
	return append(b, '"')
}

// numeric writes a number of JSON as PostgreSQL's numeric does: no exponent, as
// many digits behind the point as were written, and no minus before zero.
func numeric(text string) string {
	text, negative := strings.CutPrefix(text, "-")
	mantissa, power, _ := strings.Cut(strings.ToLower(text), "e")
	whole, fraction, _ := strings.Cut(mantissa, ".")
	exponent, _ := strconv.Atoi(power) // "" is 0, and JSON has nothing else there
	digits, scale := whole+fraction, len(fraction)-exponent
	if scale < 0 {
		digits, scale = digits+strings.Repeat("0", -scale), 0
	}
	digits = strings.TrimLeft(digits, "0")
	negative = negative && digits != ""
	if missing := scale + 1 - len(digits); missing > 0 {
		digits = strings.Repeat("0", missing) + digits
	}
	point := len(digits) - scale
	out := digits[:point]
	if scale > 0 {
		out += "." + digits[point:]
	}
	if negative {
		return "-" + out
	}
	return out
}
