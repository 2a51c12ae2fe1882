package signal

import (
	"fmt"
	"strconv"
	"strings"
)

// maxPattern is the length of a pattern that CloudWatch takes. It bounds how
// deep parentheses go, too.
const maxPattern = 1024

// parser reads a text from at on.
type parser struct {
	text string
	at   int
}

func (p *parser) pattern() (condition, error) {
	if len(p.text) > maxPattern {
		return nil, fmt.Errorf("want at most %d characters", maxPattern)
	}
	if !p.accept("{") {
		return nil, p.want("{")
	}
	c, err := p.or()
	if err != nil {
		return nil, err
	}
	if !p.accept("}") {
		return nil, p.want("&&, || or }")
	}
	if p.space(); p.at < len(p.text) {
		return nil, p.want("the end")
	}
	return c, nil
}

func (p *parser) or() (condition, error) {
	return p.joined("||", p.and, func(a, b condition) condition {
		return func(event map[string]any) bool { return a(event) || b(event) }
	})
}

func (p *parser) and() (condition, error) {
	return p.joined("&&", p.term, func(a, b condition) condition {
		return func(event map[string]any) bool { return a(event) && b(event) }
	})
}

// joined reads operands with an operator between them.
func (p *parser) joined(operator string, operand func() (condition, error), join func(a, b condition) condition) (condition, error) {
	c, err := operand()
	for err == nil && p.accept(operator) {
		var next condition
		if next, err = operand(); err == nil {
			c = join(c, next)
		}
	}
	return c, err
}

func (p *parser) term() (condition, error) {
	if !p.accept("(") {
		return p.comparison()
	}
	c, err := p.or()
	if err == nil && !p.accept(")") {
		err = p.want("&&, || or )")
	}
	return c, err
}

func (p *parser) comparison() (condition, error) {
	path, err := p.selector()
	if err != nil {
		return nil, err
	}
	operator := ""
	for _, o := range []string{"!=", "<=", ">=", "=", "<", ">"} {
		if p.accept(o) {
			operator = o
			break
		}
	}
	equality := operator == "=" || operator == "!="
	switch p.space(); {
	case operator == "":
		return nil, p.want("one of = != < <= > >=")
	case operator == "=" && p.accept("*"):
		return func(event map[string]any) bool { return lookup(event, path) != nil }, nil
	case equality && strings.HasPrefix(p.text[p.at:], `"`):
		text, err := p.quoted()
		return compare(path, func(s string) bool { return (s == text) == (operator == "=") }), err
	}
	number, err := p.number()
	if err != nil {
		return nil, err
	}
	return compare(path, func(n float64) bool {
		switch operator {
		case "=":
			return n == number
		case "!=":
			return n != number
		case "<":
			return n < number
		case "<=":
			return n <= number
		case ">":
			return n > number
		default:
			return n >= number
		}
	}), nil
}

// Characters of keys and of numbers.
const (
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits  = "0123456789"
)

// selector reads $.a.b as a and b.
func (p *parser) selector() (path []string, err error) {
	if !p.accept("$") {
		return nil, p.want("a key, such as $.msg")
	}
	for strings.HasPrefix(p.text[p.at:], ".") {
		p.at++
		key := p.take(letters + digits + "-_")
		if key == "" {
			return nil, p.want("letters or digits of a key")
		}
		path = append(path, key)
	}
	if path == nil {
		return nil, p.want(". and a key")
	}
	return path, nil
}

// quoted reads a text in double quotes.
func (p *parser) quoted() (string, error) {
	end := strings.IndexByte(p.text[p.at+1:], '"')
	if end < 0 {
		return "", p.want(`a closing "`)
	}
	text := p.text[p.at+1 : p.at+1+end]
	if strings.ContainsAny(text, `*\`) {
		return "", p.want(`a text without * and \`)
	}
	p.at += len(text) + 2
	return text, nil
}

func (p *parser) number() (float64, error) {
	start := p.at
	number, err := parseNumber(p.take(digits + "+-.eE"))
	if err != nil {
		p.at = start
		return 0, p.want("a number, * or a text in double quotes (the latter two after = or !=)")
	}
	return number, nil
}

func parseNumber(s string) (float64, error) {
	if strings.Trim(s, digits+"+-.eE") != "" {
		return 0, strconv.ErrSyntax // such as 0x1, NaN or 1_000, which Go knows
	}
	return strconv.ParseFloat(s, 64)
}

// accept skips white space and then token, if it comes next.
func (p *parser) accept(token string) bool {
	p.space()
	if !strings.HasPrefix(p.text[p.at:], token) {
		return false
	}
	p.at += len(token)
	return true
}

func (p *parser) space() { p.take(" \t\r\n") }

// take reads as many of the characters as come next.
func (p *parser) take(characters string) string {
	rest := p.text[p.at:]
	taken := rest[:len(rest)-len(strings.TrimLeft(rest, characters))]
	p.at += len(taken)
	return taken
}

func (p *parser) want(what string) error {
	rest := p.text[p.at:]
	if rest == "" {
		return fmt.Errorf("want %s, got the end", what)
	}
	return fmt.Errorf("want %s, got %q", what, rest[:min(len(rest), 20)])
}
