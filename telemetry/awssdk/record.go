package awssdk

import (
	"iter"
	"reflect"
	"strings"
	"sync"
)

// record is the input or output of an operation. Its fields are found by name,
// so that no client is imported, and linked into programs that have no use for
// it, for the sake of a type. What is not there is like nil. The zero record is
// no record, and has no fields.
type record struct {
	value  reflect.Value // the struct
	layout *layout
}

// layout is what is known of a type of records.
type layout struct {
	name   string         // such as sns.PublishInput, empty for what is not the SDK's
	fields map[string]int // the exported ones
}

// layouts are those that were seen, by reflect.Type: a program's operations'.
var layouts sync.Map

// services is where the SDK's clients are.
const services = "github.com/aws/aws-sdk-go-v2/service/"

// recordOf takes a pointer to a struct.
func recordOf(pointer any) record {
	v := reflect.ValueOf(pointer)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return record{}
	}
	v = v.Elem()
	if known, ok := layouts.Load(v.Type()); ok {
		return record{v, known.(*layout)} //nolint:forcetypeassert // there is nothing else in it
	}
	made, _ := layouts.LoadOrStore(v.Type(), newLayout(v.Type()))
	return record{v, made.(*layout)} //nolint:forcetypeassert // likewise
}

func newLayout(t reflect.Type) *layout {
	l := &layout{fields: make(map[string]int)}
	if client, ok := strings.CutPrefix(t.PkgPath(), services); ok {
		l.name = client + "." + t.Name()
	}
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() {
			l.fields[f.Name] = i
		}
	}
	return l
}

// name is the type's.
func (r record) name() string {
	if r.layout == nil {
		return ""
	}
	return r.layout.name
}

// any is the pointer that the record was made of.
func (r record) any() any { return r.value.Addr().Interface() }

// fieldOf returns where a field lies, or nil if there is none of that name and
// type.
func fieldOf[T any](r record, name string) *T {
	if r.layout == nil {
		return nil
	}
	i, ok := r.layout.fields[name]
	if !ok {
		return nil
	}
	field, _ := reflect.TypeAssert[*T](r.value.Field(i).Addr())
	return field
}

// valueOf returns the value of a field.
func valueOf[T any](r record, name string) (value T) {
	if field := fieldOf[T](r, name); field != nil {
		return *field
	}
	return value
}

// text is the value of a field that holds a string.
func text(r record, name string) *string { return valueOf[*string](r, name) }

// elements are the keys and values of a field that is a map or a slice.
func (r record) elements(name string) iter.Seq2[reflect.Value, reflect.Value] {
	if r.layout != nil {
		if i, ok := r.layout.fields[name]; ok {
			if kind := r.value.Field(i).Kind(); kind == reflect.Map || kind == reflect.Slice {
				return r.value.Field(i).Seq2()
			}
		}
	}
	return func(func(reflect.Value, reflect.Value) bool) {}
}

// parts are the records that a record's fields point to.
func (r record) parts() iter.Seq[record] {
	return func(yield func(record) bool) {
		if r.layout == nil {
			return
		}
		for _, i := range r.layout.fields {
			if part := recordOf(r.value.Field(i).Interface()); part.layout != nil && !yield(part) {
				return
			}
		}
	}
}

// with returns a copy of a record with another value in a field.
func with[T any](r record, name string, value T) record {
	copied := reflect.New(r.value.Type()).Elem()
	copied.Set(r.value)
	r.value = copied
	if field := fieldOf[T](r, name); field != nil {
		*field = value
	}
	return r
}
