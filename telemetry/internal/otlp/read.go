package otlp

import (
	"encoding/binary"
	"math"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// SpanFields is a span that was encoded, for those who want to look into it.
type SpanFields struct {
	Header

	Name        string
	Attributes  []attribute.KeyValue
	Events      []EventFields
	Links       []trace.SpanContextConfig
	Code        codes.Code
	Description string
}

// EventFields is an event of a span.
type EventFields struct {
	Name       string
	Attributes []attribute.KeyValue
}

// Read decodes a span. It leaves out what it has no field for.
func (s Span) Read() (SpanFields, error) {
	var f SpanFields
	err := eachField(s.Data, func(_, _ uint64, span []byte) error {
		return eachField(span, f.readField)
	})
	return f, err
}

// Fields calls f for each field of the span with its number and its bytes,
// with its tag.
func (s Span) Fields(f func(field uint64, encoded []byte)) {
	_, n := binary.Uvarint(s.Data[1:])
	for b := s.Data[1+n:]; len(b) > 0; {
		tag, at := binary.Uvarint(b)
		switch tag & 7 {
		case wireVarint:
			_, n := binary.Uvarint(b[at:])
			at += n
		case wireFixed64:
			at += 8
		case wireFixed32:
			at += 4
		default:
			size, n := binary.Uvarint(b[at:])
			at += n + int(size) //nolint:gosec // it was encoded here
		}
		f(tag>>3, b[:at])
		b = b[at:]
	}
}

func (f *SpanFields) readField(field, n uint64, v []byte) error {
	switch field {
	case 1:
		copy(f.TraceID[:], v)
	case 2:
		copy(f.SpanID[:], v)
	case 4:
		copy(f.ParentID[:], v)
	case 5:
		f.Name = string(v)
	case 6:
		f.Kind = trace.SpanKind(n) //nolint:gosec // enum SpanKind counts like the API's
	case 7:
		f.Start = timeOf(n)
	case 8:
		f.End = timeOf(n)
	case 9:
		return readAttribute(&f.Attributes, v)
	case 11:
		f.Events = append(f.Events, EventFields{})
		return eachField(v, f.Events[len(f.Events)-1].readField)
	case 13:
		f.Links = append(f.Links, trace.SpanContextConfig{})
		return eachField(v, func(field, _ uint64, v []byte) error {
			readLink(&f.Links[len(f.Links)-1], field, v)
			return nil
		})
	case 15:
		return eachField(v, f.readStatus)
	}
	return nil
}

func (f *SpanFields) readStatus(field, n uint64, v []byte) error {
	switch field {
	case 2:
		f.Description = string(v)
	case 3:
		f.Code = [...]codes.Code{codes.Unset, codes.Ok, codes.Error}[min(n, 2)]
	}
	return nil
}

func (e *EventFields) readField(field, _ uint64, v []byte) error {
	switch field {
	case 2:
		e.Name = string(v)
	case 3:
		return readAttribute(&e.Attributes, v)
	}
	return nil
}

func readLink(link *trace.SpanContextConfig, field uint64, v []byte) {
	switch field {
	case 1:
		copy(link.TraceID[:], v)
	case 2:
		copy(link.SpanID[:], v)
	}
}

func readAttribute(attrs *[]attribute.KeyValue, b []byte) error {
	var kv attribute.KeyValue
	err := eachField(b, func(field, _ uint64, v []byte) (err error) {
		switch field {
		case 1:
			kv.Key = attribute.Key(v)
		case 2:
			kv.Value, err = readAnyValue(v)
		}
		return err
	})
	*attrs = append(*attrs, kv)
	return err
}

func readAnyValue(b []byte) (value attribute.Value, err error) {
	err = eachField(b, func(field, n uint64, v []byte) (err error) {
		switch field {
		case 1:
			value = attribute.StringValue(string(v))
		case 2:
			value = attribute.BoolValue(n != 0)
		case 3:
			value = attribute.Int64Value(int64(n)) //nolint:gosec // two's complement, as protobuf's int64 is
		case 4:
			value = attribute.Float64Value(math.Float64frombits(n))
		case 5:
			value, err = readArray(v)
		case 6:
			var kvs []attribute.KeyValue
			err = eachField(v, func(_, _ uint64, v []byte) error { return readAttribute(&kvs, v) })
			value = attribute.MapValue(kvs...)
		case 7:
			value = attribute.ByteSliceValue(v)
		}
		return err
	})
	return value, err
}

func readArray(b []byte) (attribute.Value, error) {
	var values []attribute.Value
	err := eachField(b, func(_, _ uint64, v []byte) error {
		value, err := readAnyValue(v)
		values = append(values, value)
		return err
	})
	return attribute.SliceValue(values...), err
}

func timeOf(nanos uint64) time.Time {
	return time.Unix(0, int64(min(nanos, math.MaxInt64))).UTC()
}
