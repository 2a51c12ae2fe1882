package pipeline

import (
	"math"
	"net/netip"
	"slices"
	"strings"
)

// operand says what an operator of a filter policy needs, or nothing if it has
// that. ("String value matching", "Numeric value matching" and "Key matching",
// Amazon SNS developer guide.)
func operand(operator string, value any) (want string) {
	switch operator {
	case "exists":
		if _, ok := value.(bool); !ok {
			return "true or false"
		}
	case "numeric":
		return numericOperand(value)
	case "cidr":
		s, _ := value.(string)
		if _, err := netip.ParsePrefix(s); err != nil {
			return "a range of addresses such as 10.0.0.0/24"
		}
	case "anything-but":
		return anythingBut(value)
	case "wildcard":
		if s, _ := value.(string); s == "" || strings.Contains(s, "**") {
			return "a string without two asterisks in a row"
		}
	case "prefix", "suffix", "equals-ignore-case":
		if s, _ := value.(string); s == "" {
			return "a string"
		}
	}
	return ""
}

// maxFilterNumber is the largest number, up and down. ("Filter policy
// constraints" in the same guide.)
const maxFilterNumber = 1e9

// numericOperand checks the operand of "numeric": a comparison and a number, or
// the two ends of a range.
func numericOperand(value any) (want string) {
	const form = `such as ["=", 100] or [">=", 0, "<", 100], with numbers of at most 10^9`
	list, _ := value.([]any)
	var ends []float64
	for pair := range slices.Chunk(list, 2) {
		n, ok := number(pair[len(pair)-1])
		if len(pair) < 2 || !ok || math.Abs(n) > maxFilterNumber {
			return form
		}
		comparison, _ := pair[0].(string)
		allowed := []string{"=", "<", "<=", ">", ">="}
		if len(list) > 2 {
			allowed = [][]string{{">", ">="}, {"<", "<="}}[min(len(ends), 1)]
		}
		if !slices.Contains(allowed, comparison) {
			return form
		}
		ends = append(ends, n)
	}
	if len(ends) == 0 || len(ends) > 2 || len(ends) == 2 && ends[0] >= ends[1] {
		return form
	}
	return ""
}

// anythingBut checks the operand of "anything-but". Of other operators SNS takes
// a prefix alone within it.
func anythingBut(value any) (want string) {
	const form = "a string, a number, a list of either, or {prefix: ...}"
	switch v := value.(type) {
	case string:
		return ""
	case []any:
		isString := func(v any) bool { _, ok := v.(string); return ok }
		isNumber := func(v any) bool { _, ok := number(v); return ok }
		if len(v) > 0 && (all(v, isString) || all(v, isNumber)) {
			return ""
		}
	case map[string]any:
		if prefix, ok := v["prefix"]; ok && len(v) == 1 && operand("prefix", prefix) == "" {
			return ""
		}
	default:
		if _, ok := number(value); ok {
			return ""
		}
	}
	return form
}

func all(list []any, is func(any) bool) bool {
	return !slices.ContainsFunc(list, func(v any) bool { return !is(v) })
}

// number is a number of YAML.
func number(v any) (float64, bool) {
	switch n := v.(type) {
	case int:
		return float64(n), true
	case int64:
		return float64(n), true
	case uint64:
		return float64(n), true
	case float64:
		return n, true
	}
	return 0, false
}
