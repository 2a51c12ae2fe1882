package pipeline

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"
)

// jsonNumber is how numbers are written. YAML has more ways (0x10, 1_000,
// .5, .inf), which its versions and programs read differently.
var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)

// isText reports whether a scalar is text to every YAML program. A day such as
// 2026-12-25 is a timestamp to some, and has one meaning all the same.
func isText(n *yaml.Node) bool {
	tag := n.ShortTag()
	return tag == "!!str" || tag == "!!timestamp"
}

// setScalar sets a text, number or boolean and returns what is wrong with it.
func setScalar(n *yaml.Node, v reflect.Value, f field) string {
	if n.Kind != yaml.ScalarNode {
		return "must be " + wanted(v) + ", not " + kindOf(n)
	}
	quoted := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	switch v.Kind() {
	case reflect.String:
		if !isText(n) {
			return fmt.Sprintf("must be text; put %s into quotes", shorten(n.Value))
		}
		v.SetString(n.Value)
		return f.checkText(n.Value, true)
	case reflect.Bool:
		if quoted || n.Value != "true" && n.Value != "false" {
			return fmt.Sprintf("must be true or false, not %q", shorten(n.Value))
		}
		v.SetBool(n.Value == "true")
		return ""
	default:
		if quoted || !jsonNumber.MatchString(n.Value) {
			return fmt.Sprintf("must be %s, not %q", wanted(v), shorten(n.Value))
		}
		return setNumber(n.Value, v, f)
	}
}

func setNumber(text string, v reflect.Value, f field) string {
	number, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return shorten(text) + " is out of range"
	}
	if v.Kind() != reflect.Float64 && number != math.Trunc(number) {
		return "must be an integer, not " + shorten(text)
	}
	if message := f.checkNumber(number); message != "" {
		return message
	}
	switch {
	case v.Type() == durationType:
		v.SetInt(int64(number) * int64(f.unit))
	case v.Kind() == reflect.Float64:
		v.SetFloat(number)
	default:
		v.SetInt(int64(number))
	}
	return ""
}

func wanted(v reflect.Value) string {
	switch v.Interface().(type) {
	case time.Duration, int:
		return "an integer"
	case float64:
		return "a number"
	case bool:
		return "true or false"
	}
	return "text"
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	default:
		return "a single value"
	}
}
