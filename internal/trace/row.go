package trace

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// Row is a row of the database that an event became: its columns in order.
type Row []Column

// Column is one value of a row.
type Column struct {
	Name  string
	Value any // nil, string, bool, a number, time.Time or json.RawMessage
}

// Get returns the value of a column, or nil.
func (r Row) Get(name string) any {
	for _, c := range r {
		if c.Name == name {
			return c.Value
		}
	}
	return nil
}

// MarshalJSON writes an object with the columns in their order, or null for no
// row.
func (r Row) MarshalJSON() ([]byte, error) {
	if r == nil {
		return []byte("null"), nil
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for i, c := range r {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(c.Name)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(c.Value)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Name, err)
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Write writes the row a column a line, names aligned, for a terminal. NULL
// is written as a dash.
func (r Row) Write(w io.Writer) error {
	width := 0
	for _, c := range r {
		width = max(width, len(c.Name))
	}
	var b strings.Builder
	for _, c := range r {
		b.WriteString("  " + pad(c.Name, width) + "  " + Printable(FormatValue(c.Value)) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// FormatValue writes a column's value for a person; NULL is a dash.
func FormatValue(v any) string {
	switch v := v.(type) {
	case nil:
		return "-"
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05.000000Z")
	case json.RawMessage:
		return string(v)
	default:
		return fmt.Sprint(v)
	}
}
