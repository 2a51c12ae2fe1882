package insights

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// expression has a value for a line: a text, a float64, a bool, or nil where a
// field is not there or what it is cannot be known here.
type expression interface {
	value(line map[string]any) any
}

type (
	field    string
	constant struct{ is any }
	function struct {
		name string
		of   []expression
	}
	operation struct {
		sign string
		a, b expression
	}
	matching struct {
		of      expression
		pattern *regexp.Regexp
		not     bool
	}
	member struct {
		of    expression
		among []expression
		not   bool
	}
)

func (f field) value(line map[string]any) any { return line[string(f)] }
func (c constant) value(map[string]any) any   { return c.is }
func (m matching) value(line map[string]any) any {
	return m.pattern.MatchString(asText(m.of.value(line))) != m.not
}

func (f function) value(line map[string]any) any {
	switch f.name {
	case "ispresent":
		return f.of[0].value(line) != nil
	case "not":
		return !truth(f.of[0].value(line))
	}
	return nil
}

func (m member) value(line map[string]any) any {
	v := m.of.value(line)
	for _, e := range m.among {
		if v != nil && asText(v) == asText(e.value(line)) {
			return !m.not
		}
	}
	return m.not
}

func (o operation) value(line map[string]any) any {
	a, b := o.a.value(line), o.b.value(line)
	switch o.sign {
	case "and":
		return truth(a) && truth(b)
	case "or":
		return truth(a) || truth(b)
	case "=":
		return a != nil && b != nil && asText(a) == asText(b)
	case "!=":
		return a == nil || b == nil || asText(a) != asText(b)
	}
	x, isX := a.(float64)
	y, isY := b.(float64)
	if !isX || !isY {
		return nil
	}
	switch o.sign {
	case "<":
		return x < y
	case "<=":
		return x <= y
	case ">":
		return x > y
	case ">=":
		return x >= y
	case "+":
		return x + y
	case "-":
		return x - y
	case "*":
		return x * y
	case "/":
		return x / y
	}
	return math.Mod(x, y)
}

func truth(v any) bool {
	is, ok := v.(bool)
	return ok && is
}

// asText writes a number as a line has it, and never by a power of ten.
func asText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

func (p *parser) either() (expression, error) { return p.joined("or", p.both) }
func (p *parser) both() (expression, error)   { return p.joined("and", p.compared) }

// joined reads what one reads, with a word between.
func (p *parser) joined(between string, one func() (expression, error)) (expression, error) {
	a, err := one()
	for err == nil && p.is(between) {
		var b expression
		b, err = one()
		a = operation{between, a, b}
	}
	return a, err
}

func (p *parser) compared() (expression, error) {
	if p.is("not") {
		e, err := p.compared()
		return function{"not", []expression{e}}, err
	}
	a, err := p.sum()
	if err != nil {
		return nil, err
	}
	not := p.is("not")
	switch {
	case p.is("like"), p.is("=~"):
		return p.pattern(a, not)
	case p.is("in"):
		return p.members(a, not)
	case not:
		return nil, fmt.Errorf("%v: want like or in behind not", p.peek())
	}
	for _, sign := range []string{"=", "!=", "<=", ">=", "<", ">"} {
		if p.is(sign) {
			b, err := p.sum()
			return operation{sign, a, b}, err
		}
	}
	return a, nil
}

func (p *parser) pattern(of expression, not bool) (expression, error) {
	switch t := p.take(); t.kind {
	case regex:
		re, err := regexp.Compile(t.text)
		return matching{of, re, not}, err
	case text:
		re, err := regexp.Compile(regexp.QuoteMeta(t.text))
		return matching{of, re, not}, err
	default:
		return nil, fmt.Errorf("%v: want a text, or a regular expression between slashes", t)
	}
}

func (p *parser) members(of expression, not bool) (expression, error) {
	m := member{of: of, not: not}
	if err := p.expect("["); err != nil {
		return nil, err
	}
	err := p.list(func() error {
		e, err := p.primary()
		m.among = append(m.among, e)
		return err
	})
	if err != nil {
		return nil, err
	}
	return m, p.expect("]")
}

func (p *parser) sum() (expression, error) { return p.arithmetic([]string{"+", "-"}, p.product) }
func (p *parser) product() (expression, error) {
	return p.arithmetic([]string{"*", "/", "%"}, p.primary)
}

func (p *parser) arithmetic(signs []string, one func() (expression, error)) (expression, error) {
	a, err := one()
again:
	for err == nil {
		for _, sign := range signs {
			if p.is(sign) {
				var b expression
				b, err = one()
				a = operation{sign, a, b}
				continue again
			}
		}
		break
	}
	return a, err
}

func (p *parser) primary() (expression, error) {
	t := p.take()
	switch t.kind {
	case text:
		return constant{t.text}, nil
	case number:
		n, err := strconv.ParseFloat(t.text, 64)
		if err != nil {
			return constant{t.text}, nil //nolint:nilerr // it has a unit: a duration
		}
		return constant{n}, nil
	case word:
		if p.is("(") {
			return p.call(strings.ToLower(t.text))
		}
		return field(t.text), p.name(t)
	case quoted:
		return field(t.text), p.name(t)
	case sign:
		if t.text == "(" {
			e, err := p.either()
			if err != nil {
				return nil, err
			}
			return e, p.expect(")")
		}
	case end, regex:
	}
	return nil, fmt.Errorf("%v: want a field, a value or a function", t)
}
