package policy

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// labels is how many labels the blocks of a type have.
var labels = map[string]int{"resource": 2, "data": 2, "variable": 1, "output": 1, "module": 1, "provider": 1, "locals": 0, "terraform": 0}

// readJSON reads Terraform's JSON syntax, as far as `tracehaul generate` writes
// it: an object for every label, texts as templates.
func readJSON(name string, text []byte) ([]*Block, error) {
	var top map[string]any
	if err := json.Unmarshal(text, &top); err != nil {
		return nil, err
	}
	var blocks []*Block
	for _, kind := range slices.Sorted(maps.Keys(top)) {
		if kind == "//" {
			continue
		}
		depth, ok := labels[kind]
		if !ok {
			return nil, fmt.Errorf("blocks of type %q are not known here", kind)
		}
		found, err := jsonBlocks(name, kind, nil, depth, top[kind])
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, found...)
	}
	return blocks, nil
}

func jsonBlocks(file, kind string, names []string, depth int, v any) ([]*Block, error) {
	at := hcl.Range{Filename: file}
	o, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%s %s: want an object", kind, strings.Join(names, "."))
	}
	if depth > 0 {
		var blocks []*Block
		for _, key := range slices.Sorted(maps.Keys(o)) {
			found, err := jsonBlocks(file, kind, append(slices.Clone(names), key), depth-1, o[key])
			if err != nil {
				return nil, err
			}
			blocks = append(blocks, found...)
		}
		return blocks, nil
	}
	b := &Block{Type: kind, Labels: names, Attributes: map[string]hclsyntax.Expression{}, Range: at}
	for _, key := range slices.Sorted(maps.Keys(o)) {
		expr, err := jsonExpression(file, o[key])
		if err != nil {
			return nil, fmt.Errorf("%s %s: %s: %w", kind, strings.Join(names, "."), key, err)
		}
		b.Attributes[key] = expr
		// In JSON a block within a block looks like an attribute; both are kept.
		for _, element := range asList(o[key]) {
			if nested, ok := element.(map[string]any); ok {
				inner, err := jsonBlocks(file, key, nil, 0, nested)
				if err != nil {
					return nil, err
				}
				inner[0].parent = b
				b.Blocks = append(b.Blocks, inner...)
			}
		}
	}
	return []*Block{b}, nil
}

func asList(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

func jsonExpression(file string, v any) (hclsyntax.Expression, error) {
	at := hcl.Range{Filename: file}
	switch v := v.(type) {
	case string:
		if !strings.Contains(v, "${") && !strings.Contains(v, "%{") {
			return &hclsyntax.LiteralValueExpr{Val: cty.StringVal(v), SrcRange: at}, nil
		}
		expr, diags := hclsyntax.ParseTemplate([]byte(v), file, hcl.InitialPos)
		if diags.HasErrors() {
			return nil, diags
		}
		return expr, nil
	case bool:
		return &hclsyntax.LiteralValueExpr{Val: cty.BoolVal(v), SrcRange: at}, nil
	case float64:
		return &hclsyntax.LiteralValueExpr{Val: cty.NumberFloatVal(v), SrcRange: at}, nil
	case nil:
		return &hclsyntax.LiteralValueExpr{Val: cty.NullVal(cty.DynamicPseudoType), SrcRange: at}, nil
	case []any:
		tuple := &hclsyntax.TupleConsExpr{SrcRange: at}
		for _, element := range v {
			expr, err := jsonExpression(file, element)
			if err != nil {
				return nil, err
			}
			tuple.Exprs = append(tuple.Exprs, expr)
		}
		return tuple, nil
	case map[string]any:
		object := &hclsyntax.ObjectConsExpr{SrcRange: at}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			expr, err := jsonExpression(file, v[key])
			if err != nil {
				return nil, err
			}
			object.Items = append(object.Items, hclsyntax.ObjectConsItem{
				KeyExpr: &hclsyntax.LiteralValueExpr{Val: cty.StringVal(key), SrcRange: at}, ValueExpr: expr,
			})
		}
		return object, nil
	default:
		return nil, errors.New("no JSON")
	}
}
