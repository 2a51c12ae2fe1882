package cost

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Inventory is what there is that no traffic changes.
type Inventory struct {
	Endpoints     int // interface endpoints
	Keys          int // of KMS
	FirewallRules int
	Dashboards    int // of CloudWatch
}

// Count reads the text of the Terraform modules below a directory. What it cannot
// count is an error.
func Count(modules fs.FS, environment string) (Inventory, error) {
	var in Inventory
	var errs [4]error
	in.Endpoints, errs[0] = elements(modules, "network/endpoints.tf", "endpoints")
	in.Keys, errs[1] = keys(modules)
	in.FirewallRules, errs[2] = firewallRules(modules)
	in.Dashboards, errs[3] = dashboards(modules, environment)
	return in, errors.Join(errs[:]...)
}

func parse(modules fs.FS, file string) (*hclsyntax.Body, error) {
	text, err := fs.ReadFile(modules, file)
	if err != nil {
		return nil, err
	}
	parsed, diags := hclsyntax.ParseConfig(text, file, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags
	}
	return parsed.Body.(*hclsyntax.Body), nil //nolint:forcetypeassert // it is one
}

// elements counts those of an object among the locals of a file.
func elements(modules fs.FS, file, local string) (int, error) {
	body, err := parse(modules, file)
	if err != nil {
		return 0, err
	}
	for _, b := range body.Blocks {
		if a := b.Body.Attributes[local]; b.Type == "locals" && a != nil {
			if object, ok := a.Expr.(*hclsyntax.ObjectConsExpr); ok {
				return len(object.Items), nil
			}
		}
	}
	return 0, fmt.Errorf("%s: want a local %s that is an object", file, local)
}

// firewallRules are those of one block each, and AWS's groups, which are one
// dynamic block.
func firewallRules(modules fs.FS) (int, error) {
	const file = "service/firewall.tf"
	groups, err := elements(modules, file, "managed_rules")
	if err != nil {
		return 0, err
	}
	body, err := parse(modules, file)
	if err != nil {
		return 0, err
	}
	count := 0
	for _, b := range body.Blocks {
		if b.Type != "resource" || b.Labels[0] != "aws_wafv2_web_acl" {
			continue
		}
		for _, rule := range b.Body.Blocks {
			switch {
			case rule.Type == "rule":
				count++
			case rule.Type == "dynamic" && rule.Labels[0] == "rule":
				count += groups
			}
		}
	}
	return count, nil
}

// keys counts the calls of module key. One that depends on a variable is there if
// the variable's default says so.
func keys(modules fs.FS) (count int, err error) {
	files, err := fs.Glob(modules, "*/*.tf")
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		body, err := parse(modules, file)
		if err != nil {
			return 0, err
		}
		for _, b := range body.Blocks {
			if b.Type != "module" || literal(b.Body.Attributes["source"]) != "../modules/key" {
				continue
			}
			is, err := there(modules, path.Dir(file), b)
			if err != nil {
				return 0, err
			}
			if is {
				count++
			}
		}
	}
	return count, nil
}

// there is whether a call is made, by its count: var.NAME ? 1 : 0, or none.
func there(modules fs.FS, dir string, call *hclsyntax.Block) (bool, error) {
	where := call.DefRange()
	if call.Body.Attributes["for_each"] != nil {
		return false, fmt.Errorf("%s: module %s has for_each, which cannot be counted here", where, call.Labels[0])
	}
	count := call.Body.Attributes["count"]
	if count == nil {
		return true, nil
	}
	unknown := fmt.Errorf("%s: module %s has a count that is not var.NAME ? 1 : 0", where, call.Labels[0])
	choice, ok := count.Expr.(*hclsyntax.ConditionalExpr)
	if !ok {
		return false, unknown
	}
	variable, ok := choice.Condition.(*hclsyntax.ScopeTraversalExpr)
	if !ok || variable.Traversal.RootName() != "var" || len(variable.Traversal) != 2 {
		return false, unknown
	}
	body, err := parse(modules, path.Join(dir, "variables.tf"))
	if err != nil {
		return false, err
	}
	name := variable.Traversal[1].(hcl.TraverseAttr).Name //nolint:forcetypeassert // of a name behind a dot
	for _, b := range body.Blocks {
		if b.Type == "variable" && b.Labels[0] == name {
			return literal(b.Body.Attributes["default"]) == "true", nil
		}
	}
	return false, fmt.Errorf("%s: there is no variable %s", where, name)
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

// dashboards counts those in the module that tracehaul generate has written.
func dashboards(modules fs.FS, environment string) (int, error) {
	file := path.Join("observability", "dashboards", environment, "dashboards.tf.json")
	text, err := fs.ReadFile(modules, file)
	if err != nil {
		return 0, err
	}
	var module struct {
		Resource map[string]map[string]any
	}
	if err := json.NewDecoder(strings.NewReader(string(text))).Decode(&module); err != nil {
		return 0, fmt.Errorf("%s: %w", file, err)
	}
	return len(module.Resource["aws_cloudwatch_dashboard"]), nil
}
