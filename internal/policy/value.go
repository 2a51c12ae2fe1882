package policy

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Value is one thing that an expression may become.
type Value struct {
	kind    kind
	text    string             // a text; ${...} stands for what is not known
	fields  map[string][]Value // an object: by key, what each may be
	items   []Value            // a list: all elements that it may have; JSON: what was encoded
	origins []hcl.Range        // an object: where its literals stand
}

type kind int

const (
	unknown kind = iota
	text         // a number and a boolean, too
	null
	object
	list
	encoded // JSON
)

func unknownValue(source string) Value { return Value{kind: unknown, text: "${" + source + "}"} }

func textValue(s string) Value { return Value{kind: text, text: s} }

// texts are all texts among the values, and in lists among them. Null is none.
func texts(values []Value) []string {
	var all []string
	for _, v := range values {
		switch v.kind {
		case text, unknown:
			all = append(all, v.text)
		case list:
			all = append(all, texts(v.items)...)
		case object, encoded:
			all = append(all, "${object}")
		case null:
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// entry is an element of a collection: of a list, the key is the element.
type entry struct{ key, value Value }

// entries are those of all collections among the values. What is not known has
// one that is not known.
func entries(values []Value) []entry {
	var all []entry
	for _, v := range values {
		switch v.kind {
		case list:
			for _, item := range v.items {
				all = append(all, entry{item, item})
			}
		case object:
			for _, key := range slices.Sorted(maps.Keys(v.fields)) {
				for _, value := range v.fields[key] {
					all = append(all, entry{textValue(key), value})
				}
			}
		case unknown:
			source := strings.TrimSuffix(strings.TrimPrefix(v.text, "${"), "}")
			all = append(all, entry{unknownValue("key of " + source), unknownValue(source + "[...]")})
		case text, null, encoded:
		}
	}
	return all
}

// elements are the values of all entries.
func elements(values []Value) []Value {
	var all []Value
	for _, e := range entries(values) {
		all = append(all, e.value)
	}
	return all
}

// keys are the keys of all entries: what each.key may be.
func keys(values []Value) []Value {
	var all []Value
	for _, e := range entries(values) {
		all = append(all, e.key)
	}
	return all
}

// field is what the values may have by a name. A list gives what its elements
// have, as a splat does.
func field(values []Value, name string) []Value {
	var all []Value
	for _, v := range values {
		switch v.kind {
		case object:
			found, ok := v.fields[name]
			for key, other := range v.fields {
				if !ok && strings.Contains(key, "${") {
					found = append(found, other...) // which it is, is not known
				}
			}
			all = append(all, found...)
		case list:
			all = append(all, field(v.items, name)...)
		case unknown, text:
			all = append(all, unknownValue(strings.TrimSuffix(strings.TrimPrefix(v.text, "${"), "}")+"."+name))
		case null, encoded:
		}
	}
	return all
}

// maxAlternatives is how many combinations are kept apart. The modules are far
// below; beyond it a text is taken for unknown.
const maxAlternatives = 64

// joined are all texts that the parts of a template may give.
func joined(parts [][]Value) []Value {
	all := []string{""}
	for _, part := range parts {
		var next []string
		for _, before := range all {
			for _, after := range texts(part) {
				next = append(next, before+after)
			}
		}
		if len(next) > maxAlternatives {
			return []Value{unknownValue("template")}
		}
		all = next
	}
	values := make([]Value, len(all))
	for i, s := range all {
		values[i] = textValue(s)
	}
	return values
}

// merged are all objects that merging may give: later ones win. An optional one
// may be missing.
func merged(arguments [][]Value, optional func(i int) bool) []Value {
	all := []Value{{kind: object, fields: map[string][]Value{}}}
	for i, argument := range arguments {
		var next []Value
		if optional(i) {
			next = append(next, all...)
		}
		for _, before := range all {
			for _, v := range argument {
				switch v.kind {
				case object:
					o := Value{kind: object, fields: maps.Clone(before.fields), origins: slices.Concat(before.origins, v.origins)}
					maps.Copy(o.fields, v.fields)
					next = append(next, o)
				case null:
					next = append(next, before)
				case unknown, text, list, encoded:
					o := Value{kind: object, fields: maps.Clone(before.fields), origins: before.origins}
					o.fields[v.text] = []Value{v}
					next = append(next, o)
				}
			}
		}
		if len(next) > maxAlternatives {
			return []Value{unknownValue("merge(...)")}
		}
		all = next
	}
	return all
}
