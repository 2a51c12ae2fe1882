package insights

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Query is a query that was read.
type Query struct {
	filters []expression // those before the first stats
	fields  map[string]struct{}
}

// Fields are the fields of log lines that the query reads, sorted. Those that
// CloudWatch makes itself begin with @.
func (q *Query) Fields() []string { return slices.Sorted(maps.Keys(q.fields)) }

// Matches tells whether the filters let a line pass: an object of JSON as
// package encoding/json reads it.
func (q *Query) Matches(line map[string]any) bool {
	for _, f := range q.filters {
		if !truth(f.value(line)) {
			return false
		}
	}
	return true
}

// Parse reads a query.
func Parse(query string) (*Query, error) {
	all, err := tokens(query)
	if err != nil {
		return nil, err
	}
	p := &parser{rest: all, made: map[string]struct{}{}, query: &Query{fields: map[string]struct{}{}}}
	for {
		if err := p.command(); err != nil {
			return nil, err
		}
		if p.peek().kind == end {
			return p.query, nil
		}
		if err := p.expect("|"); err != nil {
			return nil, err
		}
	}
}

// mostRows is how many a query gives ("limit").
const mostRows = 10000

// parser reads commands from left to right.
type parser struct {
	rest   []token
	query  *Query
	made   map[string]struct{} // names that commands before have made
	summed bool                // after stats there are no fields of lines any more
	within place               // where an expression is
	sums   int                 // aggregates that were read
}

// place is where an expression is, on which it depends what may be in it.
type place int

const (
	elsewhere  place = iota // of one line, or of what stats has made
	results                 // what stats sums up, outside its aggregates
	aggregated              // in one of them
	groups                  // what stats does so by
)

func (p *parser) peek() token {
	if len(p.rest) == 0 {
		return token{}
	}
	return p.rest[0]
}

func (p *parser) take() token {
	t := p.peek()
	if t.kind != end {
		p.rest = p.rest[1:]
	}
	return t
}

// is takes a sign or a word if it comes next, and reports whether it does.
func (p *parser) is(text string) bool {
	t := p.peek()
	found := t.kind == sign && t.text == text || t.kind == word && strings.EqualFold(t.text, text)
	if found {
		p.take()
	}
	return found
}

func (p *parser) expect(text string) error {
	if !p.is(text) {
		return fmt.Errorf("%v: want %s", p.peek(), text)
	}
	return nil
}

// list reads what one reads, with commas between.
func (p *parser) list(one func() error) error {
	for {
		if err := one(); err != nil {
			return err
		}
		if !p.is(",") {
			return nil
		}
	}
}

func (p *parser) command() error {
	switch name := p.take(); {
	case name.kind != word:
		return fmt.Errorf("%v: want a command", name)
	case strings.EqualFold(name.text, "filter"):
		e, err := p.either()
		if err == nil && !p.summed {
			p.query.filters = append(p.query.filters, e)
		}
		return err
	case strings.EqualFold(name.text, "fields"), strings.EqualFold(name.text, "display"):
		return p.list(p.shown)
	case strings.EqualFold(name.text, "stats"):
		return p.stats()
	case strings.EqualFold(name.text, "parse"):
		return p.parts()
	case strings.EqualFold(name.text, "dedup"):
		return p.list(func() error { return p.name(p.take()) })
	case strings.EqualFold(name.text, "sort"):
		return p.list(p.sorting)
	case strings.EqualFold(name.text, "limit"):
		t := p.take()
		if n, err := strconv.Atoi(t.text); err != nil || t.kind != number || n < 1 || n > mostRows {
			return fmt.Errorf("%v: want a limit of 1 to %d", t, mostRows)
		}
		return nil
	default:
		return fmt.Errorf("%v: want one of the commands fields, display, filter, parse, stats, sort, limit, dedup", name)
	}
}

// named reads an expression, and returns what it is called by from there on.
func (p *parser) named() (names []string, err error) {
	from := p.rest
	if _, err := p.sum(); err != nil {
		return nil, err
	}
	names = append(names, spelt(from[:len(from)-len(p.rest)]))
	if p.is("as") {
		t := p.take()
		if t.kind != word && t.kind != quoted {
			return nil, fmt.Errorf("%v: want a name behind as", t)
		}
		names = append(names, t.text)
	}
	return names, nil
}

// shown is what fields and display name: it stands beside what there was.
func (p *parser) shown() error {
	names, err := p.named()
	for _, name := range names {
		p.made[name] = struct{}{}
	}
	return err
}

// stats leaves what it sums up and what it does so by.
func (p *parser) stats() error {
	names := map[string]struct{}{}
	one := func() error {
		called, err := p.named()
		for _, name := range called {
			names[name] = struct{}{}
		}
		return err
	}
	defer func() { p.within = elsewhere }()
	p.within = results
	if err := p.list(func() error {
		before := p.sums
		err := one()
		if err == nil && p.sums == before {
			err = errors.New("stats sums nothing up: want an aggregate such as count(*)")
		}
		return err
	}); err != nil {
		return err
	}
	if p.within = groups; p.is("by") {
		if err := p.list(one); err != nil {
			return err
		}
	}
	p.made, p.summed = names, true
	return nil
}

// parts reads how a field is taken apart, by a text with stars or by a regular
// expression with named groups, and notes the names of the parts.
func (p *parser) parts() error {
	if err := p.name(p.take()); err != nil {
		return err
	}
	pattern := p.take()
	switch pattern.kind {
	case regex:
		for _, m := range groupPattern.FindAllStringSubmatch(pattern.text, -1) {
			p.made[m[1]] = struct{}{}
		}
		return nil
	case text:
		if err := p.expect("as"); err != nil {
			return err
		}
		stars, names := strings.Count(pattern.text, "*"), 0
		err := p.list(func() error {
			t := p.take()
			if t.kind != word && t.kind != quoted {
				return fmt.Errorf("%v: want a name for a part", t)
			}
			p.made[t.text] = struct{}{}
			names++
			return nil
		})
		if err == nil && names != stars {
			err = fmt.Errorf("parse has %d stars and %d names: want as many", stars, names)
		}
		return err
	default:
		return fmt.Errorf("%v: want a text with stars, or a regular expression between slashes", pattern)
	}
}

// groupPattern is the beginning of a named group.
var groupPattern = regexp.MustCompile(`\(\?P?<(\w+)>`)

func (p *parser) sorting() error {
	if _, err := p.sum(); err != nil {
		return err
	}
	if !p.is("asc") {
		p.is("desc")
	}
	return nil
}

// name notes that a field is read, or a name that was made.
func (p *parser) name(t token) error {
	if t.kind != word && t.kind != quoted {
		return fmt.Errorf("%v: want a field", t)
	}
	if p.within == results {
		return fmt.Errorf("%v: want it in an aggregate such as count(*), or behind by", t)
	}
	if _, ok := p.made[t.text]; ok {
		return nil
	}
	if p.summed {
		return fmt.Errorf("%v: there is no such name after stats: want one of %s", t, strings.Join(slices.Sorted(maps.Keys(p.made)), ", "))
	}
	p.query.fields[t.text] = struct{}{}
	return nil
}

// spelt is an expression as it is called where it has no name.
func spelt(all []token) string {
	var b strings.Builder
	for _, t := range all {
		b.WriteString(t.text)
	}
	return b.String()
}
