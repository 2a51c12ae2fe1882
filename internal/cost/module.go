package cost

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// module is the text of a Terraform module. Of its expressions it computes what
// counts need: which keys an object has, and whether a variable's default is true.
type module struct {
	dir    string
	blocks []*hclsyntax.Block
}

func readModule(modules fs.FS, dir string) (*module, error) {
	files, err := fs.Glob(modules, path.Join(dir, "*.tf"))
	if err != nil {
		return nil, err
	}
	m := &module{dir: dir}
	for _, file := range files {
		text, err := fs.ReadFile(modules, file)
		if err != nil {
			return nil, err
		}
		parsed, diags := hclsyntax.ParseConfig(text, file, hcl.InitialPos)
		if diags.HasErrors() {
			return nil, diags
		}
		m.blocks = append(m.blocks, parsed.Body.(*hclsyntax.Body).Blocks...) //nolint:forcetypeassert // it is one
	}
	return m, nil
}

// localKeys are those of a local that is an object.
func (m *module) localKeys(name string) ([]string, error) {
	for _, b := range m.blocks {
		if a := b.Body.Attributes[name]; b.Type == "locals" && a != nil {
			return m.keys(a.Expr)
		}
	}
	return nil, fmt.Errorf("%s: there is no local %s", m.dir, name)
}

// keys are those that an expression has as an object.
func (m *module) keys(expr hclsyntax.Expression) ([]string, error) {
	switch e := expr.(type) {
	case *hclsyntax.ObjectConsExpr:
		var names []string
		for _, item := range e.Items {
			key, diags := item.KeyExpr.Value(nil)
			if diags.HasErrors() {
				return nil, diags
			}
			names = append(names, key.AsString())
		}
		return names, nil
	case *hclsyntax.FunctionCallExpr:
		if e.Name != "merge" {
			break
		}
		all := map[string]bool{}
		for _, argument := range e.Args {
			names, err := m.keys(argument)
			if err != nil {
				return nil, err
			}
			for _, name := range names {
				all[name] = true
			}
		}
		return slices.Sorted(maps.Keys(all)), nil
	case *hclsyntax.ConditionalExpr:
		is, err := m.isTrue(e.Condition)
		if err != nil {
			return nil, err
		}
		if is {
			return m.keys(e.TrueResult)
		}
		return m.keys(e.FalseResult)
	case *hclsyntax.ScopeTraversalExpr:
		if name := named(e, "local"); name != "" {
			return m.localKeys(name)
		}
	}
	return nil, fmt.Errorf("%s: cannot be counted: want an object, merge(...), var.NAME ? a : b or local.NAME", expr.Range())
}

var errCount = errors.New("cannot be counted: want no count and no for_each, or count = var.NAME ? 1 : 0")

// count is how often a module is called.
func (m *module) count(call *hclsyntax.Block) (int, error) {
	where := call.DefRange()
	count := call.Body.Attributes["count"]
	if count == nil && call.Body.Attributes["for_each"] == nil {
		return 1, nil
	}
	if count == nil {
		return 0, fmt.Errorf("%s: %w", where, errCount)
	}
	choice, ok := count.Expr.(*hclsyntax.ConditionalExpr)
	if !ok {
		return 0, fmt.Errorf("%s: %w", where, errCount)
	}
	is, err := m.isTrue(choice.Condition)
	if err != nil {
		return 0, err
	}
	if is {
		return 1, nil
	}
	return 0, nil
}

// isTrue is whether a condition holds that is a variable, with its default.
func (m *module) isTrue(condition hclsyntax.Expression) (bool, error) {
	traversal, ok := condition.(*hclsyntax.ScopeTraversalExpr)
	if !ok {
		return false, fmt.Errorf("%s: %w", condition.Range(), errCount)
	}
	name := named(traversal, "var")
	if name == "" {
		return false, fmt.Errorf("%s: %w", condition.Range(), errCount)
	}
	for _, b := range m.blocks {
		if b.Type == "variable" && b.Labels[0] == name {
			return literal(b.Body.Attributes["default"]) == "true", nil
		}
	}
	return false, fmt.Errorf("%s: there is no variable %s", condition.Range(), name)
}

// named is NAME of scope.NAME; empty for anything else.
func named(e *hclsyntax.ScopeTraversalExpr, scope string) string {
	if e.Traversal.RootName() != scope || len(e.Traversal) != 2 {
		return ""
	}
	attribute, ok := e.Traversal[1].(hcl.TraverseAttr)
	if !ok {
		return ""
	}
	return attribute.Name
}

// literal is an attribute's value as text; empty if it is not there, or depends on
// anything.
func literal(a *hclsyntax.Attribute) string {
	if a == nil {
		return ""
	}
	v, diags := a.Expr.Value(nil)
	if diags.HasErrors() || v.IsNull() {
		return ""
	}
	switch v.Type().FriendlyName() {
	case "string":
		return v.AsString()
	case "bool":
		return strconv.FormatBool(v.True())
	default:
		return ""
	}
}
