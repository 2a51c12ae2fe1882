package pipeline

import (
	"fmt"
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

// numericOperand checks the operand of "numeric": a comparison and a number, or
// the two ends of a range.
func numericOperand(value any) (want string) {
	const form = `such as ["=", 100] or [">=", 0, "<", 100]`
	list, _ := value.([]any)
	if len(list) != 2 && len(list) != 4 {
		return form
	}
	for i := 0; i < len(list); i += 2 {
		operator, _ := list[i].(string)
		if !slices.Contains([]string{"=", "<", "<=", ">", ">="}, operator) || !isNumber(list[i+1]) {
			return form
		}
	}
	if len(list) == 4 && (!strings.HasPrefix(list[0].(string), ">") || !strings.HasPrefix(list[2].(string), "<")) { //nolint:forcetypeassert // they are, see above
		return form
	}
	return ""
}

// anythingBut checks the operand of "anything-but".
func anythingBut(value any) (want string) {
	const form = `a string, a number, a list of them, or {prefix: ...}, {suffix: ...} or {wildcard: ...}`
	scalar := func(v any) bool {
		_, ok := v.(string)
		return ok || isNumber(v)
	}
	switch v := value.(type) {
	case []any:
		if len(v) == 0 || slices.ContainsFunc(v, func(one any) bool { return !scalar(one) }) {
			return form
		}
	case map[string]any:
		if len(v) != 1 {
			return form
		}
		for operator, of := range v {
			if !slices.Contains([]string{"prefix", "suffix", "wildcard"}, operator) {
				return form
			}
			if want := operand(operator, of); want != "" {
				return fmt.Sprintf("{%s: %s}", operator, want)
			}
		}
	default:
		if !scalar(value) {
			return form
		}
	}
	return ""
}

func isNumber(v any) bool {
	switch v.(type) {
	case int, int64, uint64, float64:
		return true
	}
	return false
}
