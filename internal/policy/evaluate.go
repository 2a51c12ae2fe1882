package policy

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// evaluate returns what an expression may become.
func (in *Instance) evaluate(expr hclsyntax.Expression, vars variables) []Value {
	switch e := expr.(type) {
	case *hclsyntax.LiteralValueExpr:
		return []Value{literal(e.Val)}
	case *hclsyntax.TemplateExpr:
		parts := make([][]Value, len(e.Parts))
		for i, part := range e.Parts {
			parts[i] = in.evaluate(part, vars)
		}
		return joined(parts)
	case *hclsyntax.TemplateWrapExpr:
		return in.evaluate(e.Wrapped, vars)
	case *hclsyntax.ParenthesesExpr:
		return in.evaluate(e.Expression, vars)
	case *hclsyntax.ConditionalExpr:
		holds, known := in.decide(e.Condition, vars)
		switch {
		case known && holds:
			return in.evaluate(e.TrueResult, vars)
		case known:
			return in.evaluate(e.FalseResult, vars)
		}
		return append(in.evaluate(e.TrueResult, vars), in.evaluate(e.FalseResult, vars)...)
	case *hclsyntax.TupleConsExpr:
		v := Value{kind: list}
		for _, element := range e.Exprs {
			v.items = append(v.items, in.evaluate(element, vars)...)
		}
		return []Value{v}
	case *hclsyntax.ObjectConsExpr:
		return []Value{in.object(e, vars)}
	case *hclsyntax.ObjectConsKeyExpr:
		if name := hcl.ExprAsKeyword(e.Wrapped); name != "" && !e.ForceNonLiteral {
			return []Value{textValue(name)}
		}
		return in.evaluate(e.Wrapped, vars)
	case *hclsyntax.ForExpr:
		return []Value{in.loop(e, vars)}
	case *hclsyntax.FunctionCallExpr:
		return in.function(e, vars)
	case *hclsyntax.ScopeTraversalExpr:
		return in.reference(e.Traversal, vars)
	case *hclsyntax.RelativeTraversalExpr:
		return steps(in.evaluate(e.Source, vars), e.Traversal)
	case *hclsyntax.IndexExpr:
		return in.index(in.evaluate(e.Collection, vars), in.evaluate(e.Key, vars))
	case *hclsyntax.SplatExpr:
		all := in.evaluate(e.Source, vars)
		return []Value{{kind: list, items: in.evaluate(e.Each, vars.with(splat, elements(all)))}}
	case *hclsyntax.AnonSymbolExpr:
		return vars[splat]
	default: // sums, comparisons
		return []Value{unknownValue(expr.Range().String())}
	}
}

// splat is the name of the element in x[*].y, which has none in the text.
const splat = "*"

func literal(v cty.Value) Value {
	if v.IsNull() {
		return Value{kind: null}
	}
	s, err := convert.Convert(v, cty.String)
	if err != nil {
		return unknownValue(v.GoString())
	}
	return textValue(s.AsString())
}

func (in *Instance) object(e *hclsyntax.ObjectConsExpr, vars variables) Value {
	o := Value{kind: object, fields: make(map[string][]Value, len(e.Items)), origins: []hcl.Range{e.SrcRange}}
	for _, item := range e.Items {
		for _, key := range texts(in.evaluate(item.KeyExpr, vars)) {
			o.fields[key] = append(o.fields[key], in.evaluate(item.ValueExpr, vars)...)
		}
	}
	return o
}

// loop is what a for may give, element by element. What its condition may leave
// out is there.
func (in *Instance) loop(e *hclsyntax.ForExpr, vars variables) Value {
	result := Value{kind: list}
	if e.KeyExpr != nil {
		result = Value{kind: object, fields: map[string][]Value{}}
	}
	for _, element := range entries(in.evaluate(e.CollExpr, vars)) {
		inner := vars.with(e.ValVar, []Value{element.value})
		if e.KeyVar != "" {
			inner = inner.with(e.KeyVar, []Value{element.key})
		}
		if e.CondExpr != nil {
			if holds, known := in.decide(e.CondExpr, inner); known && !holds {
				continue
			}
		}
		values := in.evaluate(e.ValExpr, inner)
		if e.KeyExpr == nil {
			result.items = append(result.items, values...)
			continue
		}
		for _, key := range texts(in.evaluate(e.KeyExpr, inner)) {
			result.fields[key] = append(result.fields[key], values...)
		}
	}
	return result
}

// decide tells a condition, as far as it asks whether something is null.
func (in *Instance) decide(expr hclsyntax.Expression, vars variables) (holds, known bool) {
	switch e := expr.(type) {
	case *hclsyntax.ParenthesesExpr:
		return in.decide(e.Expression, vars)
	case *hclsyntax.UnaryOpExpr:
		holds, known = in.decide(e.Val, vars)
		return !holds, known && e.Op == hclsyntax.OpLogicalNot
	case *hclsyntax.BinaryOpExpr:
		if right, ok := e.RHS.(*hclsyntax.LiteralValueExpr); ok && right.Val.IsNull() {
			nulls, all := 0, in.evaluate(e.LHS, vars)
			for _, v := range all {
				if v.kind == unknown {
					return false, false
				}
				if v.kind == null {
					nulls++
				}
			}
			equal := nulls > 0
			return equal == (e.Op == hclsyntax.OpEqual), len(all) > 0 && (nulls == 0 || nulls == len(all))
		}
	}
	return false, false
}

func (in *Instance) index(collection, key []Value) []Value {
	var all []Value
	for _, k := range texts(key) {
		if !strings.Contains(k, "${") {
			if found := field(collection, k); len(found) > 0 && collection[0].kind == object {
				all = append(all, found...)
				continue
			}
		}
		all = append(all, elements(collection)...)
	}
	return all
}

// reference is what a name stands for.
func (in *Instance) reference(t hcl.Traversal, vars variables) []Value {
	root := t.RootName()
	if values, ok := vars[root]; ok {
		return steps(values, t[1:])
	}
	second := func() string {
		if len(t) > 1 {
			if a, ok := t[1].(hcl.TraverseAttr); ok {
				return a.Name
			}
		}
		return ""
	}()
	switch root {
	case "local":
		return steps(in.local(second), t[2:])
	case "var":
		return steps(in.variable(second), t[2:])
	case "module":
		for i := 2; i < len(t); i++ { // past the index of a call with count
			if a, ok := t[i].(hcl.TraverseAttr); ok {
				return steps(in.output(second, a.Name), t[i+1:])
			}
		}
	case "data":
		if doc := in.document(t); doc != nil {
			return doc
		}
	}
	return []Value{unknownValue(name(t))}
}

// name is a reference as it is written, but for its indices.
func name(t hcl.Traversal) string {
	var b strings.Builder
	for _, step := range t {
		switch s := step.(type) {
		case hcl.TraverseRoot:
			b.WriteString(s.Name)
		case hcl.TraverseAttr:
			b.WriteString("." + s.Name)
		}
	}
	return b.String()
}

func steps(values []Value, t hcl.Traversal) []Value {
	for _, step := range t {
		switch s := step.(type) {
		case hcl.TraverseAttr:
			values = field(values, s.Name)
		case hcl.TraverseIndex:
			if s.Key.Type() == cty.String {
				values = field(values, s.Key.AsString())
			} else {
				values = elements(values)
			}
		default:
			values = elements(values)
		}
	}
	return values
}
