package alarms

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of a rule's text. AWS publishes no limit for how deep it may nest.
// (PutCompositeAlarm, CloudWatch API reference.)
const (
	maxElements  = 500 // alarms, TRUE, FALSE and parentheses
	maxRuleDepth = 50
)

// parseRule reads the text of a composite's rule, such as
//
//	(ALARM("latency") OR ALARM(errors)) AND NOT ALARM("deploy in progress")
//
// A name may stand in quotes, in which \" stands for a quote and \\ for a
// backslash. It must where it has spaces, round brackets or commas. NOT binds
// tighter than AND, and AND tighter than OR. Words are in upper case; TRUE and
// FALSE may be in any, as the guide has it both ways. AT_LEAST is refused: a [Rule]
// has no such form.
//
// The error names the column of what is wrong and what would be right. It is also
// an error if the text breaks a limit of CloudWatch: 10,240 characters, 100
// different alarms, 500 elements. ("Create a composite alarm", CloudWatch user
// guide.)
func parseRule(text string) (Rule, error) {
	if n := utf8.RuneCountInString(text); n > maxRule {
		return Rule{}, fmt.Errorf("the rule has %d characters, CloudWatch takes %d", n, maxRule)
	}
	p := &ruleParser{text: text}
	p.advance()
	r, err := p.any()
	if err != nil {
		return Rule{}, err
	}
	if p.token != "" {
		return Rule{}, p.fail("%s is too much here: want AND, OR or the end", p.found())
	}
	if n := len(r.Keys()); n > maxChildren {
		return Rule{}, fmt.Errorf("the rule names %d alarms, CloudWatch takes %d", n, maxChildren)
	}
	if p.elements > maxElements {
		return Rule{}, fmt.Errorf("the rule has %d alarms, TRUE, FALSE and parentheses, CloudWatch takes %d together", p.elements, maxElements)
	}
	return r, nil
}

// ruleParser reads a rule by recursive descent, a token at a time.
type ruleParser struct {
	text     string
	at       int    // the offset of the token
	token    string // a word or a parenthesis; "" at the end
	depth    int
	elements int
}

const ruleSpace = " \t\r\n"

// advance goes to the next token.
func (p *ruleParser) advance() {
	p.at += len(p.token)
	p.at += len(p.rest()) - len(strings.TrimLeft(p.rest(), ruleSpace))
	end := strings.IndexAny(p.rest(), ruleSpace+`()",`)
	switch {
	case end < 0:
		p.token = p.rest()
	case end == 0: // a sign by itself
		p.token = p.rest()[:1]
	default:
		p.token = p.rest()[:end]
	}
}

func (p *ruleParser) rest() string { return p.text[p.at:] }

func (p *ruleParser) fail(format string, args ...any) error {
	column := utf8.RuneCountInString(p.text[:p.at]) + 1
	return fmt.Errorf("column %d: %s", column, fmt.Sprintf(format, args...))
}

// found names the token in a message.
func (p *ruleParser) found() string {
	if p.token == "" {
		return "the end"
	}
	return fmt.Sprintf("%q", p.token)
}

// any reads rules that are joined by OR.
func (p *ruleParser) any() (Rule, error) { return p.join(OpAny, "OR", p.all) }

// all reads rules that are joined by AND.
func (p *ruleParser) all() (Rule, error) { return p.join(OpAll, "AND", p.term) }

func (p *ruleParser) join(op Op, word string, part func() (Rule, error)) (Rule, error) {
	first, err := part()
	if err != nil || p.token != word {
		return first, err
	}
	joined := Rule{Op: op, Rules: []Rule{first}}
	for p.token == word {
		p.advance()
		next, err := part()
		if err != nil {
			return Rule{}, err
		}
		joined.Rules = append(joined.Rules, next)
	}
	return joined, nil
}

// term reads a rule without AND and OR.
func (p *ruleParser) term() (Rule, error) {
	if p.depth++; p.depth > maxRuleDepth {
		return Rule{}, p.fail("the rule nests deeper than %d levels", maxRuleDepth)
	}
	defer func() { p.depth-- }()
	switch {
	case p.token == "NOT":
		p.advance()
		negated, err := p.term()
		return Rule{Op: OpNot, Rules: []Rule{negated}}, err
	case p.token == "(":
		p.elements++
		p.advance()
		inner, err := p.any()
		if err != nil {
			return Rule{}, err
		}
		return inner, p.closing()
	case strings.EqualFold(p.token, "TRUE"):
		p.elements++
		p.advance()
		return Rule{Op: OpTrue}, nil
	case strings.EqualFold(p.token, "FALSE"):
		p.elements++
		p.advance()
		return Rule{Op: OpFalse}, nil
	case p.token == "AT_LEAST":
		return Rule{}, p.fail("AT_LEAST is a function of CloudWatch that is not known here: write it out with AND and OR")
	}
	return p.state()
}

// closing reads a closing parenthesis.
func (p *ruleParser) closing() error {
	if p.token != ")" {
		return p.fail(`%s is not expected here: want AND, OR or ")"`, p.found())
	}
	p.elements++
	p.advance()
	return nil
}

// state reads an alarm and the state that it must be in.
func (p *ruleParser) state() (Rule, error) {
	states := []State{StateAlarm, StateOK, StateInsufficientData}
	i := slices.IndexFunc(states, func(s State) bool { return s.String() == p.token })
	if i < 0 {
		return Rule{}, p.fail(`%s is not expected here: want ALARM, OK, INSUFFICIENT_DATA, NOT, TRUE, FALSE or "("`, p.found())
	}
	word := p.token
	if p.advance(); p.token != "(" {
		return Rule{}, p.fail(`%s is not expected after %s: want "("`, p.found(), word)
	}
	p.advance()
	name, err := p.name()
	if err != nil {
		return Rule{}, err
	}
	if p.token != ")" {
		return Rule{}, p.fail(`%s is not expected after the name of an alarm: want ")", or the whole name in quotes`, p.found())
	}
	p.elements++
	p.advance()
	return Rule{Op: OpState, Key: name, State: states[i]}, nil
}

// name reads the name of an alarm, with or without quotes.
func (p *ruleParser) name() (string, error) {
	switch p.token {
	case `"`:
		return p.quoted()
	case "", "(", ")", ",":
		return "", p.fail("%s is not expected here: want the name of an alarm", p.found())
	}
	name := p.token
	p.advance()
	return name, nil
}

func (p *ruleParser) quoted() (string, error) {
	var name strings.Builder
	for i := 1; i < len(p.rest()); i++ {
		c := p.rest()[i]
		if c == '"' {
			if name.Len() == 0 {
				return "", p.fail("the name is empty: want the name of an alarm")
			}
			p.token = p.rest()[:i+1]
			p.advance()
			return name.String(), nil
		}
		if c == '\\' && i+1 < len(p.rest()) && strings.IndexByte(`"\`, p.rest()[i+1]) >= 0 {
			i++
			c = p.rest()[i]
		}
		name.WriteByte(c)
	}
	return "", p.fail("the quote is not closed")
}
