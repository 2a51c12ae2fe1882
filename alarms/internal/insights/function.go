package insights

import (
	"fmt"
	"strconv"
)

// signature is how many arguments a function takes: most is 0 for any number.
type signature struct{ least, most int }

func (s signature) String() string {
	switch s.most {
	case 0:
		return fmt.Sprintf("%d at least", s.least)
	case s.least:
		return strconv.Itoa(s.least)
	}
	return fmt.Sprintf("%d to %d", s.least, s.most)
}

var one, two, three, many = signature{1, 1}, signature{2, 2}, signature{3, 3}, signature{1, 0}

// functions are those that are read, of values of a line ("Boolean, comparison,
// numeric, datetime, and other functions").
var functions = map[string]signature{
	"abs": one, "ceil": one, "floor": one, "log": one, "sqrt": one, "greatest": many, "least": many,
	"bin": one, "datefloor": two, "dateceil": two, "frommillis": one, "tomillis": one,
	"ispresent": one, "coalesce": many, "isempty": one, "isblank": one, "concat": many, "strlen": one, "tolower": one, "toupper": one,
	"trim": {1, 2}, "ltrim": {1, 2}, "rtrim": {1, 2}, "substr": {2, 3}, "replace": three, "strcontains": two,
}

// aggregates are those of many lines, which stats alone takes ("stats"). count(*)
// and now() have no arguments, and are read apart.
var aggregates = map[string]signature{
	"count": one, "count_distinct": one, "sum": one, "avg": one, "min": one, "max": one, "median": one, "stddev": one, "pct": two,
	"earliest": one, "latest": one, "sortsfirst": one, "sortslast": one,
}

// call reads a function's arguments.
func (p *parser) call(name string) (expression, error) {
	takes, aggregate := aggregates[name]
	if !aggregate {
		var ok bool
		if takes, ok = functions[name]; !ok && name != "now" {
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
	if name == "count" && p.is("*") || (name == "count" || name == "now") && p.peek().text == ")" {
		return f, p.expect(")")
	}
	if p.peek().text != ")" {
		err := p.list(func() error {
			e, err := p.either()
			f.of = append(f.of, e)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if n := len(f.of); n < takes.least || takes.most > 0 && n > takes.most || name == "now" {
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
