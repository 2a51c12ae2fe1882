package messaging

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// filterPolicy is a policy on message attributes: every key must be matched by
// the attribute of that name, by at least one of its conditions (SNS guide,
// "Subscription filter policies").
type filterPolicy struct {
	keys map[string][]condition
}

// condition tests the values of one attribute; they are nil if the message
// does not have it.
type condition func(values []any) bool

// maxFilterKeys is the most keys that a policy has (SNS guide, "Filter policy
// constraints").
const maxFilterKeys = 5

// parseFilterPolicy knows exact values, prefix, suffix, equals-ignore-case,
// anything-but, numeric and exists. Anything else is refused, never passed over.
func parseFilterPolicy(policy string) (*filterPolicy, *Error) {
	if policy == "" || policy == "{}" {
		return nil, nil
	}
	var keys map[string][]json.RawMessage
	if json.Unmarshal([]byte(policy), &keys) != nil {
		return nil, errParameter("FilterPolicy: failed to parse JSON: want an object of lists")
	}
	if len(keys) > maxFilterKeys {
		return nil, errParameter("FilterPolicy: Filter policy can not have more than %d keys", maxFilterKeys)
	}
	f := &filterPolicy{keys: make(map[string][]condition, len(keys))}
	for key, rules := range keys {
		if len(rules) == 0 {
			return nil, errParameter("FilterPolicy: Empty arrays are not allowed")
		}
		for _, rule := range rules {
			c, err := parseCondition(rule)
			if err != nil {
				return nil, err
			}
			f.keys[key] = append(f.keys[key], c)
		}
	}
	return f, nil
}

func parseCondition(rule json.RawMessage) (condition, *Error) {
	var value any
	_ = json.Unmarshal(rule, &value) // it was parsed as part of the policy
	object, ok := value.(map[string]any)
	if !ok {
		if _, list := value.([]any); list {
			return nil, errParameter("FilterPolicy: Match value must be String, number, true, false, or null")
		}
		return anyValue(func(v any) bool { return v == value }), nil
	}
	if len(object) != 1 {
		return nil, errParameter("FilterPolicy: Only one key allowed in match expression")
	}
	for operator, operand := range object {
		if c := parseOperator(operator, operand); c != nil {
			return c, nil
		}
		return nil, errNotImplemented("SNS", "the filter "+clip(string(rule)))
	}
	return nil, nil
}

// parseOperator returns nil for what is not known.
func parseOperator(operator string, operand any) condition {
	text, isText := operand.(string)
	switch operator {
	case "prefix", "suffix", "equals-ignore-case":
		match := map[string]func(s, t string) bool{
			"prefix": strings.HasPrefix, "suffix": strings.HasSuffix, "equals-ignore-case": strings.EqualFold,
		}[operator]
		if isText {
			return anyValue(func(v any) bool { s, ok := v.(string); return ok && match(s, text) })
		}
	case "exists":
		if want, ok := operand.(bool); ok {
			return func(values []any) bool { return (values != nil) == want }
		}
	case "anything-but":
		return parseAnythingBut(operand)
	case "numeric":
		return parseNumeric(operand)
	}
	return nil
}

func parseAnythingBut(operand any) condition {
	switch operand := operand.(type) {
	case []any:
		if slices.ContainsFunc(operand, func(v any) bool { return !scalar(v) }) {
			return nil
		}
		return anyValue(func(v any) bool { return !slices.Contains(operand, v) })
	case map[string]any:
		if prefix, ok := operand["prefix"].(string); ok && len(operand) == 1 {
			return anyValue(func(v any) bool { s, ok := v.(string); return ok && !strings.HasPrefix(s, prefix) })
		}
		return nil
	default:
		return anyValue(func(v any) bool { return v != operand })
	}
}

func scalar(v any) bool {
	switch v.(type) {
	case []any, map[string]any:
		return false
	}
	return true
}

// parseNumeric takes ["=", n] or one or two bounds, as [">", 0, "<=", 150].
func parseNumeric(operand any) condition {
	terms, _ := operand.([]any)
	if len(terms) != 2 && len(terms) != 4 {
		return nil
	}
	compare := map[string]func(a, b float64) bool{
		"=": func(a, b float64) bool { return a == b }, "<": func(a, b float64) bool { return a < b },
		"<=": func(a, b float64) bool { return a <= b }, ">": func(a, b float64) bool { return a > b },
		">=": func(a, b float64) bool { return a >= b },
	}
	var tests []func(float64) bool
	for i := 0; i < len(terms); i += 2 {
		operator, _ := terms[i].(string)
		bound, ok := terms[i+1].(float64)
		test := compare[operator]
		if test == nil || !ok {
			return nil
		}
		tests = append(tests, func(n float64) bool { return test(n, bound) })
	}
	return anyValue(func(v any) bool {
		n, ok := v.(float64)
		return ok && !slices.ContainsFunc(tests, func(test func(float64) bool) bool { return !test(n) })
	})
}

func anyValue(match func(v any) bool) condition {
	return func(values []any) bool { return slices.ContainsFunc(values, match) }
}

func (f *filterPolicy) matches(attributes []attribute) bool {
	for key, conditions := range f.keys {
		var values []any
		if i := slices.IndexFunc(attributes, func(a attribute) bool { return a.name == key }); i >= 0 {
			values = attributes[i].filterValues()
		}
		if !slices.ContainsFunc(conditions, func(c condition) bool { return c(values) }) {
			return false
		}
	}
	return true
}

// filterValues are the values that a policy sees: the elements of a
// String.Array, a number, or a string. "Amazon SNS ignores message attributes
// with the Binary data type" (SNS guide, "Filter policy constraints").
func (a attribute) filterValues() []any {
	switch {
	case a.dataType == "String.Array":
		var values []any
		if json.Unmarshal([]byte(a.value), &values) == nil {
			return values
		}
		return nil
	case logicalType(a.dataType) == "Number":
		n, err := strconv.ParseFloat(a.value, 64)
		if err != nil {
			return nil
		}
		return []any{n}
	case a.binary():
		return nil
	default:
		return []any{a.value}
	}
}
