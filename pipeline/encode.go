package pipeline

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// namesKey is where the names stand.
const namesKey = "names"

// MarshalJSON writes the description with every default filled in, in the
// shape of the file, and all names below "names". The order is fixed, so that a
// diff shows what changed.
func (p *Pipeline) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	if err := writeSettings(&b, reflect.ValueOf(p).Elem()); err != nil {
		return nil, err
	}
	b.WriteByte(',')
	writeText(&b, namesKey)
	b.WriteString(`:{"prefix":`)
	writeText(&b, p.Prefix())
	writeNames(&b, p.Names())
	b.WriteString("}}")
	return b.Bytes(), nil
}

// Resolved returns the same, indented: the file that Terraform reads.
func (p *Pipeline) Resolved() ([]byte, error) {
	compact, err := p.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, compact, "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

func writeSettings(b *bytes.Buffer, v reflect.Value) error {
	for i, f := range fieldsOf(v.Type()) {
		if i > 0 {
			b.WriteByte(',')
		}
		writeText(b, f.key)
		b.WriteByte(':')
		if err := writeSetting(b, v.Field(f.index), f); err != nil {
			return fmt.Errorf("%s: %w", f.key, err)
		}
	}
	return nil
}

func writeSetting(b *bytes.Buffer, v reflect.Value, f field) error {
	switch value := v.Interface().(type) {
	case []Consumer:
		return writeConsumers(b, value)
	case time.Duration:
		fmt.Fprintf(b, "%d", value/f.unit)
		return nil
	}
	switch {
	case v.Kind() == reflect.Struct:
		b.WriteByte('{')
		defer b.WriteByte('}')
		return writeSettings(b, v)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		return writeList(b, v, f)
	case v.Kind() == reflect.Map && v.Type().Elem().Kind() == reflect.Struct:
		return writeMapping(b, v, f)
	case v.Kind() == reflect.Slice && v.IsNil():
		b.WriteString("[]")
		return nil
	case v.Kind() == reflect.Map && v.IsNil():
		b.WriteString("{}")
		return nil
	}
	return writeValue(b, v.Interface())
}

func writeList(b *bytes.Buffer, v reflect.Value, f field) error {
	b.WriteByte('[')
	for i := range v.Len() {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := writeSetting(b, v.Index(i), f); err != nil {
			return err
		}
	}
	b.WriteByte(']')
	return nil
}

func writeMapping(b *bytes.Buffer, v reflect.Value, f field) error {
	b.WriteByte('{')
	for i, key := range slices.SortedFunc(slices.Values(v.MapKeys()), compareKeys) {
		if i > 0 {
			b.WriteByte(',')
		}
		writeText(b, key.String())
		b.WriteByte(':')
		if err := writeSetting(b, v.MapIndex(key), f); err != nil {
			return err
		}
	}
	b.WriteByte('}')
	return nil
}

func writeConsumers(b *bytes.Buffer, consumers []Consumer) error {
	b.WriteByte('{')
	for i := range consumers {
		if i > 0 {
			b.WriteByte(',')
		}
		writeText(b, consumers[i].Name)
		b.WriteString(":{")
		if err := writeSettings(b, reflect.ValueOf(consumers[i])); err != nil {
			return err
		}
		b.WriteByte('}')
	}
	b.WriteByte('}')
	return nil
}

// writeNames writes names as nested mappings. Names whose keys begin alike
// stand side by side.
func writeNames(b *bytes.Buffer, names []Name) {
	var open []string
	for _, n := range names {
		parts := strings.Split(n.Key, ".")
		levels := parts[:len(parts)-1]
		same := 0
		for same < len(open) && same < len(levels) && open[same] == levels[same] {
			same++
		}
		b.WriteString(strings.Repeat("}", len(open)-same))
		b.WriteByte(',')
		for _, level := range levels[same:] {
			writeText(b, level)
			b.WriteString(":{")
		}
		open = levels
		writeText(b, parts[len(parts)-1])
		b.WriteByte(':')
		writeText(b, n.Value)
	}
	b.WriteString(strings.Repeat("}", len(open)))
}

func writeText(b *bytes.Buffer, s string) {
	_ = writeValue(b, s) // a text can always be written
}

func writeValue(b *bytes.Buffer, v any) error {
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	b.Truncate(b.Len() - 1) // Encode ends with a line feed
	return nil
}
