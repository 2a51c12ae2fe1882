package insights

import (
	"fmt"
	"math"
	"strconv"
)

// signature is how many arguments a function takes.
type signature struct{ least, most int }

func (s signature) String() string {
	switch {
	case s == none:
		return "none"
	case s.most == math.MaxInt:
		return fmt.Sprintf("%d at least", s.least)
	case s.most == s.least:
		return strconv.Itoa(s.least)
	}
	return fmt.Sprintf("%d to %d", s.least, s.most)
}

var none, one, two, three, many = signature{0, 0}, signature{1, 1}, signature{2, 2}, signature{3, 3}, signature{1, math.MaxInt}

// functions are those that are read, of values of a line ("Boolean, comparison,
// numeric, datetime, and other functions").
var functions = map[string]signature{
	"abs": one, "ceil": one, "floor": one, "log": one, "sqrt": one, "greatest": many, "least": many,
	"bin": one, "datefloor": two, "dateceil": two, "frommillis": one, "tomillis": one, "now": none,
	"ispresent": one, "coalesce": many, "isempty": one, "isblank": one, "concat": many, "strlen": one, "tolower": one, "toupper": one,
	"trim": {1, 2}, "ltrim": {1, 2}, "rtrim": {1, 2}, "substr": {2, 3}, "replace": three, "strcontains": two,
}

// aggregates are those of many lines, which stats alone takes ("stats").
var aggregates = map[string]signature{
	"count": {0, 1}, "count_distinct": one, "sum": one, "avg": one, "min": one, "max": one, "median": one, "stddev": one, "pct": two,
	"earliest": one, "latest": one, "sortsfirst": one, "sortslast": one,
}

// call reads a function's arguments.
func (p *parser) call(name string) (expression, error) {
	takes, aggregate := aggregates[name]
	if !aggregate {
		var ok bool
		if takes, ok = functions[name]; !ok {
			return nil, fmt.Errorf("there is no function %s", name)
		}
		return p.arguments(name, takes)
	}
	if p.within != results {
		return p.summedUp(name)
	}
	p.within, p.sums = aggregated, p.sums+1
	defer func() { p.within = results }()
	return p.arguments(name, takes)
}

// arguments are those of a function, up to its bracket.
func (p *parser) arguments(name string, takes signature) (expression, error) {
	f := function{name: name}
	if name == "count" && p.is("*") {
		return f, p.expect(")")
	}
	if p.peek() != (token{sign, ")"}) {
		err := p.list(func() error {
			e, err := p.either()
			f.of = append(f.of, e)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if n := len(f.of); n < takes.least || n > takes.most {
		return nil, fmt.Errorf("%s has %d arguments: want %v", name, n, takes)
	}
	return f, p.expect(")")
}

// summedUp reads an aggregate outside stats: a name for what stats has made.
func (p *parser) summedUp(name string) (expression, error) {
	from := p.rest
	for depth := 1; depth > 0; {
		switch t := p.take(); {
		case t.kind == end:
			return nil, fmt.Errorf("%v: want )", t)
		case t.kind == sign && t.text == "(":
			depth++
		case t.kind == sign && t.text == ")":
			depth--
		}
	}
	made := name + "(" + spelt(from[:len(from)-len(p.rest)])
	if _, ok := p.made[made]; !ok || !p.summed || p.within != elsewhere {
		return nil, fmt.Errorf("%s: want it among what stats sums up, or the name that it has there", made)
	}
	return field(made), nil
}
