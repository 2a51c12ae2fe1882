package reference

import (
	"regexp"
	"strings"
)

// pattern is Grafana's own. (public/app/features/variables/utils.ts:
// variableRegex.)
var pattern = regexp.MustCompile(`\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\$\{(\w+)(?:\.([^:^}]+))?(?::([^}]+))?\}`)

// Groups of pattern.
const (
	bareName = 1 + iota
	oldName
	oldFormat
	name
	field
	format
)

// Variable is the use of a variable.
type Variable struct {
	Name, Field, Format string // Field and Format are mostly empty
	Start, End          int    // within the text
}

// Find returns the variables in a text, in their order. What begins with a
// digit is no variable: $1 is a group of a regular expression, or a price.
func Find(text string) []Variable {
	if !strings.Contains(text, "$") && !strings.Contains(text, "[[") {
		return nil
	}
	var all []Variable
	for _, m := range pattern.FindAllStringSubmatchIndex(text, -1) {
		one := func(groups ...int) string {
			for _, g := range groups {
				if m[2*g] >= 0 {
					return text[m[2*g]:m[2*g+1]]
				}
			}
			return ""
		}
		v := Variable{Name: one(bareName, oldName, name), Field: one(field), Format: one(oldFormat, format), Start: m[0], End: m[1]}
		if v.Name[0] < '0' || v.Name[0] > '9' {
			all = append(all, v)
		}
	}
	return all
}

// Replace puts something in the place of each variable.
func Replace(text string, with func(Variable) string) string {
	var b strings.Builder
	at := 0
	for _, v := range Find(text) {
		b.WriteString(text[at:v.Start])
		b.WriteString(with(v))
		at = v.End
	}
	return b.String() + text[at:]
}
