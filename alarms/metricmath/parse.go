package metricmath

import (
	"math"
	"slices"
	"strconv"
	"unicode/utf8"
)

// MaxLength is how many characters an expression may have. (MetricDataQuery,
// CloudWatch API reference.)
const MaxLength = 2048

// maxDepth bounds how deep parentheses, lists and functions may nest. AWS
// publishes no limit. It is far beyond what a person can read.
const maxDepth = 50

// Expression is metric math that was found to be right.
type Expression struct {
	text string
	ids  []string
	root node
}

// Parse reads an expression. The result must be one time series, as an alarm
// can watch one only. The error is an [*Error].
func Parse(text string) (*Expression, error) {
	if n := utf8.RuneCountInString(text); n > MaxLength {
		return nil, fail(MaxLength, "the expression has %d characters: %d are allowed", n, MaxLength)
	}
	tokens, err := lex(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	root, err := p.binary(0)
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != tokenEnd {
		return nil, fail(t.at, "%v is too much here: want an operator or the end", t)
	}
	if root.kind != kindSeries {
		return nil, fail(0, "the result is %v: an alarm watches one time series", root.kind)
	}
	return &Expression{text: text, ids: p.ids, root: root}, nil
}

// String returns the text of the expression.
func (e *Expression) String() string { return e.text }

// IDs returns the ids of the inputs that the expression uses, each once, in
// the order of their first use.
func (e *Expression) IDs() []string { return slices.Clone(e.ids) }

// Pointwise reports whether each datapoint of the result depends on nothing but
// the datapoints of the same time. Such an expression can be evaluated over a
// long range once. All others depend on where the range begins and ends.
func (e *Expression) Pointwise() bool { return e.root.pointwise }

// parser reads tokens by recursive descent.
type parser struct {
	tokens []token
	next   int
	depth  int
	ids    []string
}

func (p *parser) peek() token { return p.tokens[p.next] }

// take consumes the next token. The end is never passed.
func (p *parser) take() token {
	t := p.tokens[p.next]
	if t.kind != tokenEnd {
		p.next++
	}
	return t
}

// accept consumes the next token if it is that operator.
func (p *parser) accept(op string) bool {
	if t := p.peek(); t.kind != tokenOperator || t.text != op {
		return false
	}
	p.next++
	return true
}

func (p *parser) expect(op, after string) error {
	if !p.accept(op) {
		return fail(p.peek().at, "%v is not expected %s: want %q", p.peek(), after, op)
	}
	return nil
}

// levels are the operators from the loosest to the tightest. The guide gives no
// precedence: this is the usual one.
var levels = [][]string{
	{"OR", "||"},
	{"AND", "&&"},
	{"==", "!=", "<", "<=", ">", ">="},
	{"+", "-"},
	{"*", "/"},
}

// binary reads operators of a level and of all tighter ones. They associate to
// the left.
func (p *parser) binary(level int) (node, error) {
	if level == len(levels) {
		return p.unary()
	}
	left, err := p.binary(level + 1)
	for err == nil {
		op := p.peek()
		if op.kind != tokenOperator && op.kind != tokenWord || !slices.Contains(levels[level], op.text) {
			break
		}
		p.take()
		var right node
		if right, err = p.binary(level + 1); err == nil {
			left, err = combine(op, left, right)
		}
	}
	return left, err
}

// unary reads minus signs. A power binds tighter: -m1^2 is -(m1^2).
func (p *parser) unary() (node, error) {
	if !p.accept("-") {
		return p.power()
	}
	if err := p.enter(); err != nil {
		return node{}, err
	}
	defer p.leave()
	operand, err := p.unary()
	if err != nil {
		return node{}, err
	}
	return mapped(operand, func(x float64) float64 { return 0 - x }), nil // never -0
}

// power reads a power. It associates to the right.
func (p *parser) power() (node, error) {
	base, err := p.operand()
	if err != nil {
		return node{}, err
	}
	op := p.peek()
	if !p.accept("^") {
		return base, nil
	}
	if err := p.enter(); err != nil {
		return node{}, err
	}
	defer p.leave()
	exponent, err := p.unary()
	if err != nil {
		return node{}, err
	}
	return combine(op, base, exponent)
}

// operand reads a number, an id, a function, a list, or an expression in
// parentheses.
func (p *parser) operand() (node, error) {
	if err := p.enter(); err != nil {
		return node{}, err
	}
	defer p.leave()
	switch t := p.take(); {
	case t.kind == tokenNumber:
		x, err := strconv.ParseFloat(t.text, 64)
		if err != nil || math.IsInf(x, 0) {
			return node{}, fail(t.at, "%v is no number that can be computed with", t)
		}
		return constant(x), nil
	case t.kind == tokenID:
		if !slices.Contains(p.ids, t.text) {
			p.ids = append(p.ids, t.text)
		}
		return input(t.text), nil
	case t.kind == tokenWord:
		return p.call(t)
	case t.text == "(":
		inner, err := p.binary(0)
		if err != nil {
			return node{}, err
		}
		return inner, p.expect(")", "within parentheses")
	case t.text == "[":
		items, err := p.items("]")
		if err != nil {
			return node{}, err
		}
		return list(t, items)
	default:
		return node{}, fail(t.at, `%v is not expected here: want a number, an id, a function, "(" or "["`, t)
	}
}

// call reads the arguments of a function.
func (p *parser) call(name token) (node, error) {
	f, err := lookup(name)
	if err != nil {
		return node{}, err
	}
	if err := p.expect("(", "after the function "+name.text); err != nil {
		return node{}, err
	}
	c := call{name: name}
	if name.text == "FILL" {
		if c.args, c.mode, err = p.fillArguments(); err != nil {
			return node{}, err
		}
	} else if c.args, err = p.items(")"); err != nil {
		return node{}, err
	}
	if len(c.args) < f.min || len(c.args) > f.max {
		return node{}, fail(name.at, "%s has %d arguments: want %s", name.text, len(c.args), f.usage)
	}
	return f.build(c)
}

// items reads expressions with commas between them, and what closes them.
func (p *parser) items(closing string) ([]node, error) {
	var items []node
	for {
		item, err := p.binary(0)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		if !p.accept(",") {
			return items, p.expect(closing, `after an argument, want "," or what closes them`)
		}
	}
}

// fillArguments reads the arguments of FILL. The second may be a word. It then
// comes back as the mode, with one argument.
func (p *parser) fillArguments() (args []node, mode string, err error) {
	series, err := p.binary(0)
	if err != nil {
		return nil, "", err
	}
	if err := p.expect(",", "after the first argument of FILL"); err != nil {
		return nil, "", err
	}
	if t := p.peek(); t.kind == tokenWord && (t.text == fillRepeat || t.text == fillLinear) {
		p.take()
		return []node{series, constant(math.NaN())}, t.text, p.expect(")", "after the arguments of FILL")
	}
	filler, err := p.items(")")
	return append([]node{series}, filler...), "", err
}

// enter and leave bound how deep the parser may be in itself.
func (p *parser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return fail(p.peek().at, "the expression nests deeper than %d levels", maxDepth)
	}
	return nil
}

func (p *parser) leave() { p.depth-- }
