package policy

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// Finding is one breach of a rule.
type Finding struct {
	Rule string // its name
	Dir  string // the module whose text it is about
	What string // a statement's Sid, or a resource's type and name

	// Value is what breaks it: an action, a principal, an attribute.
	Value string
	Says  string // what is wrong, and what would be right
	At    string // file:line
}

func (f Finding) String() string {
	return fmt.Sprintf("%s: %s: %s: %s (%s)", f.At, f.What, f.Says, f.Rule, ruleWhy(f.Rule))
}

// Rule is a rule of security.
type Rule struct {
	Name string
	Why  string

	check func(c *checker)
}

// Rules are all of them.
func Rules() []Rule { return slices.Concat(statementRules, resourceRules, changeRules, referenceRules) }

func ruleWhy(name string) string {
	for _, r := range Rules() {
		if r.Name == name {
			return r.Why
		}
	}
	return ""
}

// Check applies the rules to the root modules and to what they call, and returns
// what no exception names, and the exceptions that nothing needs.
func Check(modules map[string]*Module, roots []string, exceptions []Exception) (findings []Finding, unused []Exception, err error) {
	c := &checker{modules: modules}
	for _, dir := range roots {
		if modules[dir] == nil {
			return nil, nil, fmt.Errorf("there is no module %s", dir)
		}
		c.add(Root(modules, dir))
	}
	for _, r := range Rules() {
		c.rule = r.Name
		r.check(c)
	}
	needed := make([]map[string]bool, len(exceptions)) // by value
	for _, f := range c.findings {
		excepted := false
		for i, e := range exceptions {
			if e.matches(f) {
				if needed[i] == nil {
					needed[i] = map[string]bool{}
				}
				needed[i][f.Value], excepted = true, true
			}
		}
		if !excepted && !slices.Contains(findings, f) {
			findings = append(findings, f)
		}
	}
	for i, e := range exceptions {
		e.Values = slices.DeleteFunc(slices.Clone(e.Values), func(v string) bool { return needed[i][v] })
		if needed[i] == nil || len(e.Values) > 0 {
			unused = append(unused, e)
		}
	}
	slices.SortFunc(findings, func(a, b Finding) int { return strings.Compare(a.String(), b.String()) })
	return findings, unused, nil
}

// Exception is a breach that is there on purpose.
type Exception struct {
	Rule, Dir, What string
	Values          []string // those that are meant; all, if there are none
	Reason          string
}

func (e Exception) matches(f Finding) bool {
	return e.Rule == f.Rule && e.Dir == f.Dir && e.What == f.What && (len(e.Values) == 0 || slices.Contains(e.Values, f.Value))
}

// resource is a block of an instance.
type resource struct {
	in *Instance
	*Block
}

// text is the one thing that an attribute is; false if it is not there, or may be
// several.
func (r resource) text(attribute string) (string, bool) { return one(r.in.Values(r.Block, attribute)) }

func one(values []Value) (string, bool) {
	all := texts(values)
	if len(all) != 1 || len(values) != 1 || values[0].kind == null {
		return "", false
	}
	return all[0], true
}

// policy is a policy of a resource, with its statements.
type policy struct {
	resource
	use        use
	statements []Statement
}

// use is what a policy is there for.
type use int

const (
	identity use = iota // what a role may do
	trust               // who may be a role
	guard               // who may do what with a topic, queue, bucket or endpoint
	key                 // likewise, with a key: * is the key
)

// policies are the attributes that hold one, by resource type.
var policies = map[string]struct {
	attribute string
	use       use
}{
	"aws_iam_role":                       {"assume_role_policy", trust},
	"aws_iam_role_policy":                {"policy", identity},
	"aws_iam_policy":                     {"policy", identity},
	"aws_sns_topic_policy":               {"policy", guard},
	"aws_sqs_queue_policy":               {"policy", guard},
	"aws_s3_bucket_policy":               {"policy", guard},
	"aws_vpc_endpoint":                   {"policy", guard},
	"aws_cloudwatch_log_resource_policy": {"policy_document", guard},
	"aws_kms_key":                        {"policy", key},
}

// checker looks at everything that a rule may ask for.
type checker struct {
	modules   map[string]*Module
	instances []*Instance
	resources []resource
	policies  []policy
	rule      string
	findings  []Finding
}

func (c *checker) add(in *Instance) {
	c.instances = append(c.instances, in)
	c.rule = "readable"
	for _, b := range in.Module.Blocks {
		if b.Type != "resource" {
			continue
		}
		r := resource{in, b}
		if count, ok := r.text("count"); ok && count == "0" {
			continue // as when a module is called without what it is for
		}
		c.resources = append(c.resources, r)
		if p, ok := policies[b.Labels[0]]; ok && b.Attributes[p.attribute] != nil {
			statements, err := Statements(in.Values(b, p.attribute))
			if err != nil {
				c.about(r, p.attribute, "%v", err)
			}
			c.policies = append(c.policies, policy{r, p.use, statements})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in.Module.calls)) {
		if child := in.Child(name); child != nil {
			c.add(child)
		} else {
			c.report(in.Module.Dir, "module."+name, in.Module.calls[name].Range, "source", "its source is no module of this tree")
		}
	}
}

func (c *checker) report(dir, what string, at hcl.Range, value, format string, args ...any) {
	place := at.Filename
	if at.Start.Line > 0 {
		place = fmt.Sprintf("%s:%d", at.Filename, at.Start.Line)
	}
	c.findings = append(c.findings, Finding{c.rule, dir, what, value, fmt.Sprintf(format, args...), place})
}

// about reports on a resource.
func (c *checker) about(r resource, value, format string, args ...any) {
	c.report(r.in.Module.Dir, r.Name(), r.Range, value, format, args...)
}

// on reports on a statement: of the module in whose text it stands.
func (c *checker) on(p policy, s Statement, value, format string, args ...any) {
	what, at := s.Sid, p.Range
	if what == "" {
		what = p.Name()
	}
	if len(s.origins) > 0 {
		at = s.origins[0]
	}
	c.report(path.Dir(at.Filename), what, at, value, format, args...)
}

// of are the resources of a type.
func (c *checker) of(kind string) []resource {
	var found []resource
	for _, r := range c.resources {
		if r.Labels[0] == kind {
			found = append(found, r)
		}
	}
	return found
}

// beside returns the resources of a type in the same instance whose attribute
// refers to this one.
func (c *checker) beside(r resource, kind, attribute string) []resource {
	var found []resource
	for _, other := range c.of(kind) {
		if other.in != r.in {
			continue
		}
		for _, s := range texts(other.in.Values(other.Block, attribute)) {
			if after, ok := strings.CutPrefix(s, "${"+r.Name()); ok && strings.ContainsAny(after[:1], ".[") {
				found = append(found, other)
				break
			}
		}
	}
	return found
}

// Reached are the directories of the modules that root modules call, and their
// own.
func Reached(modules map[string]*Module, roots []string) map[string]bool {
	c := &checker{modules: modules}
	for _, dir := range roots {
		c.add(Root(modules, dir))
	}
	reached := map[string]bool{}
	for _, in := range c.instances {
		reached[in.Module.Dir] = true
	}
	return reached
}

// RolePolicy is what a role may do, by a policy of its own.
type RolePolicy struct {
	Path, Name string // "events/consumer/function", "aws_iam_role_policy.this"
	Statements []Statement
}

// RolePolicies are those of the root modules and of what they call.
func RolePolicies(modules map[string]*Module, roots []string) []RolePolicy {
	c := &checker{modules: modules}
	for _, dir := range roots {
		c.add(Root(modules, dir))
	}
	var all []RolePolicy
	for _, p := range c.policies {
		if p.Labels[0] == "aws_iam_role_policy" {
			all = append(all, RolePolicy{p.in.Path, p.Name(), p.statements})
		}
	}
	return all
}
