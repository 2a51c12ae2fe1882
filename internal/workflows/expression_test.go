package workflows_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// scope is what an expression can see: contexts by name, and how the job is.
type scope struct {
	contexts          map[string]any
	failed, cancelled bool
}

// evaluate computes an expression as far as the workflows use them. (GitHub Docs,
// "Evaluate expressions in workflows and actions".)
func (s scope) evaluate(text string) (any, error) {
	if rest := strings.TrimSpace(tokenForm.ReplaceAllString(text, "")); rest != "" {
		return nil, fmt.Errorf("expression %q: %q cannot be read", text, rest)
	}
	p := &parser{scope: s, tokens: tokenForm.FindAllString(text, -1)}
	value := p.or()
	if p.err == nil && p.next < len(p.tokens) {
		p.fail("%q is too much", p.tokens[p.next])
	}
	if p.err != nil {
		return nil, fmt.Errorf("expression %q: %w", text, p.err)
	}
	return value, nil
}

var (
	tokenForm     = regexp.MustCompile(`'(?:[^']|'')*'|[A-Za-z_][\w-]*|\d+(?:\.\d+)?|==|!=|&&|\|\||[!().,\[\]]`)
	embeddedForm  = regexp.MustCompile(`\$\{\{(.*?)\}\}`)
	statusChecks  = regexp.MustCompile(`\b(always|success|failure|cancelled)\(\)`)
	errTooShort   = errors.New("ends too early")
	falseValues   = []any{nil, false, "", 0.0}
	knownContexts = []string{"github", "inputs", "vars", "secrets", "steps", "needs", "matrix", "runner"}
)

// interpolate replaces the expressions in a text.
func (s scope) interpolate(text string) (string, error) {
	var failed error
	out := embeddedForm.ReplaceAllStringFunc(text, func(m string) string {
		value, err := s.evaluate(strings.TrimSuffix(strings.TrimPrefix(m, "${{"), "}}"))
		failed = errors.Join(failed, err)
		if value == nil {
			return ""
		}
		return fmt.Sprint(value)
	})
	return out, failed
}

// holds is whether a step or a job runs. Without a check of the status it does
// only if nothing has failed.
func (s scope) holds(condition string) (bool, error) {
	condition = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(condition), "${{"), "}}"))
	if condition == "" {
		condition = "success()"
	}
	value, err := s.evaluate(condition)
	if err != nil {
		return false, err
	}
	if !statusChecks.MatchString(condition) && (s.failed || s.cancelled) {
		return false, nil
	}
	return truthy(value), nil
}

func truthy(v any) bool { return !slices.Contains(falseValues, v) }

type parser struct {
	scope

	tokens []string
	next   int
	err    error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

func (p *parser) take(token string) bool {
	if p.next < len(p.tokens) && p.tokens[p.next] == token {
		p.next++
		return true
	}
	return false
}

func (p *parser) want(token string) {
	if !p.take(token) {
		p.fail("want %s", token)
	}
}

// Both sides are parsed, whatever the left one is.
func (p *parser) or() any {
	left := p.and()
	for p.take("||") {
		if right := p.and(); !truthy(left) {
			left = right
		}
	}
	return left
}

func (p *parser) and() any {
	left := p.equal()
	for p.take("&&") {
		if right := p.equal(); truthy(left) {
			left = right
		}
	}
	return left
}

func (p *parser) equal() any {
	left := p.unary()
	for {
		switch {
		case p.take("=="):
			left = same(left, p.unary())
		case p.take("!="):
			left = !same(left, p.unary())
		default:
			return left
		}
	}
}

// same compares: texts without regard to case, and null is as good as an empty
// one. Other values of different types the workflows do not compare.
func same(a, b any) bool {
	if a == nil {
		a = ""
	}
	if b == nil {
		b = ""
	}
	x, ok := a.(string)
	y, also := b.(string)
	return ok && also && strings.EqualFold(x, y) || a == b
}

func (p *parser) unary() any {
	if p.take("!") {
		return !truthy(p.unary())
	}
	return p.primary()
}

func (p *parser) primary() any {
	if p.next >= len(p.tokens) {
		p.fail("%w", errTooShort)
		return nil
	}
	token := p.tokens[p.next]
	p.next++
	switch {
	case token == "(":
		value := p.or()
		p.want(")")
		return value
	case token[0] == '\'':
		return strings.ReplaceAll(token[1:len(token)-1], "''", "'")
	case token == "true", token == "false":
		return token == "true"
	case token[0] >= '0' && token[0] <= '9':
		number, err := strconv.ParseFloat(token, 64)
		if err != nil {
			p.fail("%w", err)
		}
		return number
	case p.take("("):
		return p.call(token)
	case slices.Contains(knownContexts, token):
		return p.property(p.contexts[token])
	default:
		p.fail("%q is not known", token)
		return nil
	}
}

func (p *parser) property(value any) any {
	for {
		var name any
		switch {
		case p.take("."):
			if p.next >= len(p.tokens) {
				p.fail("%w", errTooShort)
				return nil
			}
			name = p.tokens[p.next]
			p.next++
		case p.take("["):
			name = p.or()
			p.want("]")
		default:
			return value
		}
		object, _ := value.(map[string]any)
		value = nil
		for key, v := range object {
			if strings.EqualFold(key, fmt.Sprint(name)) {
				value = v
			}
		}
	}
}

func (p *parser) call(function string) any {
	var args []any
	for !p.take(")") && p.err == nil {
		args = append(args, p.or())
		p.take(",")
	}
	switch {
	case function == "always" && len(args) == 0:
		return true
	case function == "success" && len(args) == 0:
		return !p.failed && !p.cancelled
	case function == "failure" && len(args) == 0:
		return p.failed
	case function == "cancelled" && len(args) == 0:
		return p.cancelled
	case function == "fromJSON" && len(args) == 1:
		var value any
		if err := json.Unmarshal([]byte(fmt.Sprint(args[0])), &value); err != nil {
			p.fail("fromJSON: %w", err)
		}
		return value
	case function == "contains" && len(args) == 2:
		list, _ := args[0].([]any)
		return slices.ContainsFunc(list, func(v any) bool { return same(v, args[1]) })
	case function == "format" && len(args) == 2:
		return strings.ReplaceAll(fmt.Sprint(args[0]), "{0}", fmt.Sprint(args[1]))
	default:
		p.fail("%s with %d arguments is not known", function, len(args))
		return nil
	}
}

func TestExpressions_AreThoseOfGitHub(t *testing.T) {
	t.Parallel()
	s := scope{failed: true, contexts: map[string]any{
		"inputs": map[string]any{"first": false, "environment": "dev"},
		"vars":   map[string]any{"STATE_BUCKET_DEV": "bucket", "ENVIRONMENTS": `["dev"]`},
		"steps":  map[string]any{"verdict": map[string]any{"outputs": map[string]any{}}},
	}}
	for text, want := range map[string]any{
		`'it''s'`:          "it's",
		`!inputs.first`:    true,
		`inputs.nothing`:   nil,
		`'' || 'b'`:        "b",
		`'a' && 'b'`:       "b",
		`false && 'b'`:     false,
		`'A' == 'a'`:       true,
		`inputs.no == ''`:  true,
		`'a' != 'b'`:       true,
		`1 == 1 && (true)`: true,
		`steps.verdict.outputs.outcome || ('x' != 'serving' && 'x') || 'failed'`: "x",
		`steps.verdict.outputs.outcome || ('serving' != 'serving') || 'failed'`:  "failed",
		`vars[format('STATE_BUCKET_{0}', inputs.environment)]`:                   "bucket",
		`contains(fromJSON(vars.ENVIRONMENTS || '[]'), 'dev')`:                   true,
		`contains(fromJSON(vars.NONE || '[]'), 'dev')`:                           false,
		`failure() && !cancelled() && always() && !success()`:                    true,
	} {
		if got, err := s.evaluate(text); err != nil || got != want {
			t.Errorf("%s is %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{`a`, `'a`, `inputs.first ==`, `(true`, `true false`, `hashFiles('x')`, `inputs.`, `1 + 1`} {
		if got, err := s.evaluate(text); err == nil {
			t.Errorf("%s is %v, want an error", text, got)
		}
	}
	for condition, want := range map[string]bool{``: false, `true`: false, `always()`: true, `${{ failure() }}`: true, `!cancelled() && inputs.first`: false} {
		if got, err := s.holds(condition); err != nil || got != want {
			t.Errorf("if: %s is %v, %v, want %v", condition, got, err, want)
		}
	}
}
