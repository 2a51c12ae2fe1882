package pipeline

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// field is a setting: a field of a struct with the rules in its tags.
type field struct {
	index    int
	name     string // in Go
	key      string // in YAML
	fallback string // the default as it would be written; empty means the zero value
	required bool
	min, max *float64
	step     float64
	enum     []string
	format   string
	keys     string
	unit     time.Duration // of a time.Duration
}

var durationType = reflect.TypeFor[time.Duration]()

// units are the ends of the keys of durations.
var units = map[string]time.Duration{
	"_milliseconds": time.Millisecond,
	"_seconds":      time.Second,
	"_minutes":      time.Minute,
	"_days":         24 * time.Hour,
}

var fieldsOfType sync.Map // reflect.Type to []field

// fieldsOf returns the settings of a struct, in the order they are written in.
// It panics on a tag that makes no sense: that is a mistake in this package.
func fieldsOf(t reflect.Type) []field {
	if fields, ok := fieldsOfType.Load(t); ok {
		return fields.([]field)
	}
	var fields []field
	for i := range t.NumField() {
		sf := t.Field(i)
		key := sf.Tag.Get("yaml")
		if !sf.IsExported() || key == "-" {
			continue
		}
		f := field{
			index:    i,
			name:     sf.Name,
			key:      key,
			fallback: sf.Tag.Get("default"),
			required: sf.Tag.Get("required") == "true",
			min:      floatTag(sf, "min"),
			max:      floatTag(sf, "max"),
			format:   sf.Tag.Get("format"),
			keys:     sf.Tag.Get("keys"),
		}
		if step := floatTag(sf, "step"); step != nil {
			f.step = *step
		}
		if enum := sf.Tag.Get("enum"); enum != "" {
			f.enum = strings.Split(enum, ",")
		}
		if sf.Type == durationType {
			end := key[strings.LastIndexByte(key, '_'):]
			if f.unit = units[end]; f.unit == 0 {
				panic(fmt.Sprintf("pipeline: the key %q does not end with a unit", key))
			}
		}
		for _, name := range []string{f.format, f.keys} {
			if _, ok := formats[name]; name != "" && !ok {
				panic(fmt.Sprintf("pipeline: the key %q has an unknown format %q", key, name))
			}
		}
		fields = append(fields, f)
	}
	fieldsOfType.Store(t, fields)
	return fields
}

func floatTag(sf reflect.StructField, name string) *float64 {
	text := sf.Tag.Get(name)
	if text == "" {
		return nil
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(fmt.Sprintf("pipeline: the tag %s of %s: %v", name, sf.Name, err))
	}
	return &n
}

func fieldByKey(fields []field, key string) (field, bool) {
	i := slices.IndexFunc(fields, func(f field) bool { return f.key == key })
	if i < 0 {
		return field{}, false
	}
	return fields[i], true
}

func keysOf(fields []field) []string {
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.key
	}
	return keys
}

// setDefault sets an absent setting.
func (f field) setDefault(v reflect.Value) {
	if f.fallback == "" {
		return
	}
	switch {
	case f.unit > 0:
		v.SetInt(int64(mustParse(f.fallback)) * int64(f.unit))
	case v.Kind() == reflect.String:
		v.SetString(f.fallback)
	case v.Kind() == reflect.Bool:
		v.SetBool(f.fallback == "true")
	case v.Kind() == reflect.Int:
		v.SetInt(int64(mustParse(f.fallback)))
	case v.Kind() == reflect.Float64:
		v.SetFloat(mustParse(f.fallback))
	case v.Type() == reflect.TypeFor[[]string]():
		v.Set(reflect.ValueOf(strings.Split(f.fallback, ",")))
	default:
		panic("pipeline: no default can be set for " + f.name)
	}
}

func mustParse(number string) float64 {
	n, err := strconv.ParseFloat(number, 64)
	if err != nil {
		panic(err)
	}
	return n
}

// check returns what is wrong with a number.
func (f field) checkNumber(n float64) string {
	switch {
	case f.enum != nil && !slices.Contains(f.enum, formatNumber(n)):
		return fmt.Sprintf("%s is not one of %s", formatNumber(n), strings.Join(f.enum, ", "))
	case f.min != nil && n < *f.min:
		return fmt.Sprintf("%s is under the minimum of %s", formatNumber(n), formatNumber(*f.min))
	case f.max != nil && n > *f.max:
		return fmt.Sprintf("%s is over the maximum of %s", formatNumber(n), formatNumber(*f.max))
	case f.step > 0 && n/f.step != math.Trunc(n/f.step):
		return fmt.Sprintf("%s is not a multiple of %s", formatNumber(n), formatNumber(f.step))
	}
	return ""
}

func formatNumber(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// checkText returns what is wrong with a text. Its length is not checked if it
// stands in a list or mapping, whose own length min and max are.
func (f field) checkText(s string, alone bool) string {
	switch {
	case f.enum != nil && !slices.Contains(f.enum, s):
		return fmt.Sprintf("%q is not one of %s%s", shorten(s), strings.Join(f.enum, ", "), suggest(s, f.enum))
	case s == "":
		return "is empty; leave the key out instead"
	case alone && f.max != nil && len([]rune(s)) > int(*f.max):
		return fmt.Sprintf("has %d characters, %s are allowed", len([]rune(s)), formatNumber(*f.max))
	case f.format != "":
		return formats[f.format].check(s)
	}
	return ""
}

// checkLength returns what is wrong with the length of a list or mapping.
func (f field) checkLength(n int) string {
	switch {
	case f.min != nil && n < int(*f.min):
		return fmt.Sprintf("has %d entries, at least %s are needed", n, formatNumber(*f.min))
	case f.max != nil && n > int(*f.max):
		return fmt.Sprintf("has %d entries, %s are allowed", n, formatNumber(*f.max))
	}
	return ""
}

// shorten keeps a value that is quoted in a message to one short line.
func shorten(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "..."
	}
	return s
}
