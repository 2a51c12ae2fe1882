package cost

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
)

// Inventory is what there is that no traffic changes.
type Inventory struct {
	Endpoints     int // interface endpoints
	Keys          int // of KMS
	FirewallRules int
	Dashboards    int // of CloudWatch
}

// Count reads the text of the Terraform modules below a directory: what there is
// with the variables' defaults. What it cannot count is an error.
func Count(modules fs.FS, environment string) (Inventory, error) {
	var in Inventory
	var errs [4]error
	in.Endpoints, errs[0] = elements(modules, "network", "endpoints")
	in.Keys, errs[1] = keys(modules)
	in.FirewallRules, errs[2] = firewallRules(modules)
	in.Dashboards, errs[3] = dashboards(modules, environment)
	return in, errors.Join(errs[:]...)
}

// elements counts those of a local of a module that is an object.
func elements(modules fs.FS, dir, local string) (int, error) {
	m, err := readModule(modules, dir)
	if err != nil {
		return 0, err
	}
	names, err := m.localKeys(local)
	return len(names), err
}

// firewallRules are those of one block each, and AWS's groups, which are one
// dynamic block.
func firewallRules(modules fs.FS) (count int, err error) {
	m, err := readModule(modules, "service")
	if err != nil {
		return 0, err
	}
	groups, err := m.localKeys("managed_rules")
	if err != nil {
		return 0, err
	}
	for _, b := range m.blocks {
		if b.Type != "resource" || b.Labels[0] != "aws_wafv2_web_acl" {
			continue
		}
		for _, rule := range b.Body.Blocks {
			switch {
			case rule.Type == "rule":
				count++
			case rule.Type == "dynamic" && rule.Labels[0] == "rule":
				count += len(groups)
			}
		}
	}
	return count, nil
}

// keys counts the calls of module key.
func keys(modules fs.FS) (count int, err error) {
	dirs, err := fs.Glob(modules, "*")
	if err != nil {
		return 0, err
	}
	for _, dir := range dirs {
		m, err := readModule(modules, dir)
		if err != nil {
			return 0, err
		}
		for _, b := range m.blocks {
			if b.Type != "module" || literal(b.Body.Attributes["source"]) != "../modules/key" {
				continue
			}
			n, err := m.count(b)
			if err != nil {
				return 0, err
			}
			count += n
		}
	}
	return count, nil
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
	if err := json.Unmarshal(text, &module); err != nil {
		return 0, fmt.Errorf("%s: %w", file, err)
	}
	return len(module.Resource["aws_cloudwatch_dashboard"]), nil
}
