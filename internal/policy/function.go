package policy

import (
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// function is what a call may give. Functions that keep the elements of a list
// are the list; those that make texts of texts make some that are not known. A
// function that is not named here gives what is not known either: if a policy
// depends on it, that policy cannot be read, which is reported.
func (in *Instance) function(e *hclsyntax.FunctionCallExpr, vars variables) []Value {
	arguments := make([][]Value, len(e.Args))
	for i, a := range e.Args {
		arguments[i] = in.evaluate(a, vars)
	}
	all := func() []Value {
		var values []Value
		for _, a := range arguments {
			values = append(values, a...)
		}
		return values
	}
	switch e.Name {
	case "concat", "flatten", "compact", "distinct", "sort", "reverse", "toset", "tolist", "setunion", "slice":
		return []Value{{kind: list, items: leaves(all(), e.Name == "flatten")}}
	case "merge":
		last := len(arguments) - 1
		if !e.ExpandFinal {
			return merged(arguments, func(int) bool { return false })
		}
		// merge(x, [for ...]...): each element is there or not.
		all := slices.Clone(arguments[:last])
		for _, v := range elements(arguments[last]) {
			all = append(all, []Value{v})
		}
		return merged(all, func(i int) bool { return i >= last })
	case "try", "coalesce", "tomap", "tostring", "tonumber", "sensitive", "nonsensitive":
		return all()
	case "one", "element":
		return append(elements(arguments[0]), Value{kind: null})
	case "lookup":
		return append(in.index(arguments[0], arguments[1]), all()[len(arguments[0])+len(arguments[1]):]...)
	case "values":
		return []Value{{kind: list, items: elements(arguments[0])}}
	case "keys":
		return []Value{{kind: list, items: keys(arguments[0])}}
	case "jsonencode":
		return []Value{{kind: encoded, items: arguments[0]}}
	case "jsondecode":
		var decoded []Value
		for _, v := range arguments[0] {
			if v.kind == encoded {
				decoded = append(decoded, v.items...)
			} else {
				decoded = append(decoded, unknownValue("jsondecode("+strings.Trim(v.text, "${}")+")"))
			}
		}
		return decoded
	}
	return []Value{unknownValue(e.Name + "(...)")}
}

// leaves are the elements of lists. What is no list is passed on as it is, so
// that it is seen where a statement is expected.
func leaves(values []Value, deep bool) []Value {
	var all []Value
	for _, v := range values {
		if v.kind != list {
			all = append(all, v)
			continue
		}
		if deep {
			all = append(all, leaves(v.items, true)...)
		} else {
			all = append(all, v.items...)
		}
	}
	return all
}
