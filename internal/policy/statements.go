package policy

import (
	"slices"
	"strings"
)

// The rules on who may do what.
var statementRules = []Rule{
	{"readable", "what is not understood is not checked", checkReadable},
	{"principal", "whom a policy lets in has a name", checkPrincipals},
	{"source", "a service acts for this account's resources, and for nobody else's", checkSources},
	{"action", "what a role may do is written out, so that a service's next action is not among it", checkActions},
	{"resource", "a role reaches what is the pipeline's", checkResources},
	{"not", "a list of exceptions allows what nobody thought of", checkNegations},
	{"managed", "AWS changes its policies without asking", checkManaged},
	{"boundary", "delivery makes roles; no role goes beyond what it may give", checkBoundaries},
}

// Every object in the text that looks like a statement must have been judged: one
// that no policy came to would be passed over.
func checkReadable(c *checker) {
	judged := map[string]bool{}
	for _, p := range c.policies {
		for _, s := range p.statements {
			for _, at := range s.origins {
				judged[at.String()] = true
			}
		}
	}
	for _, in := range c.instances {
		for _, at := range literals(in.Module) {
			if !judged[at.String()] {
				c.report(in.Module.Dir, "statement", at, "", "no policy that this package can read has the statement")
			}
		}
	}
}

func (c *checker) allowed(visit func(p policy, s Statement)) {
	for _, p := range c.policies {
		for _, s := range p.statements {
			if s.Allows() {
				visit(p, s)
			}
		}
	}
}

func checkPrincipals(c *checker) {
	c.allowed(func(p policy, s Statement) {
		for _, who := range s.Principals {
			_, id, ok := strings.Cut(who, " ")
			if !ok {
				id = who
			}
			if strings.Contains(id, "*") {
				c.on(p, s, who, "lets in %q", who)
			}
		}
		if p.use != identity && len(s.Principals) == 0 {
			c.on(p, s, "", "names nobody: want Principal")
		}
	})
	for _, r := range c.of("aws_lambda_permission") {
		if who, ok := r.text("principal"); !ok || strings.Contains(who, "*") {
			c.about(r, who, "lets in %q", who)
		}
	}
}

// sources are the conditions that say for what a service acts.
var sources = []string{"aws:SourceArn", "aws:SourceAccount", "kms:EncryptionContext:"}

func checkSources(c *checker) {
	c.allowed(func(p policy, s Statement) {
		for _, who := range s.Principals {
			if !strings.HasPrefix(who, "Service ") {
				continue
			}
			if !slices.ContainsFunc(sources, s.hasCondition) {
				c.on(p, s, strings.TrimPrefix(who, "Service "), "lets in %s for anybody's resources: want a condition on aws:SourceArn or aws:SourceAccount", strings.TrimPrefix(who, "Service "))
			}
		}
	})
	for _, r := range c.of("aws_lambda_permission") {
		if arn, ok := r.text("source_arn"); !ok || strings.Contains(strings.ReplaceAll(arn, "[...]", ""), "*") {
			c.about(r, "source_arn", "lets in a service for anybody's resources: want source_arn, without *")
		}
	}
}

func (s Statement) hasCondition(key string) bool {
	for condition := range s.Conditions {
		if strings.Contains(condition, " "+key) && !strings.HasPrefix(condition, "Null ") && !strings.Contains(condition, "IfExists") {
			return true
		}
	}
	return false
}

func checkActions(c *checker) {
	c.allowed(func(p policy, s Statement) {
		for _, action := range s.Actions {
			if strings.ContainsAny(action, "*?") {
				c.on(p, s, action, "allows %s", action)
			}
			if service, name, ok := strings.Cut(action, ":"); !ok || service == "" || name == "" || strings.Contains(action, "${") {
				c.on(p, s, action, "allows %s, which is no action", action)
			}
		}
	})
}

func checkResources(c *checker) {
	c.allowed(func(p policy, s Statement) {
		if p.use == key || p.use == trust {
			return // * is the key; a trust has none
		}
		if len(s.Resources) == 0 {
			c.on(p, s, "", "names no Resource")
		}
		for _, r := range s.Resources {
			if r == "*" || strings.HasPrefix(r, "arn:*") || strings.HasPrefix(r, "arn:aws:*") {
				for _, action := range s.Actions {
					c.on(p, s, action, "allows %s for every resource", action)
				}
			}
		}
	})
}

func checkNegations(c *checker) {
	for _, p := range c.policies {
		for _, s := range p.statements {
			if len(s.NotPrincipals) > 0 || s.Allows() && len(s.NotActions)+len(s.NotResources) > 0 {
				c.on(p, s, "", "allows all but what it lists: write out what it allows")
			}
		}
	}
}

func checkManaged(c *checker) {
	for _, r := range c.of("aws_iam_role_policy_attachment") {
		for _, arn := range texts(r.in.Values(r.Block, "policy_arn")) {
			if strings.Contains(arn, "iam::aws:policy/") {
				name := arn[strings.LastIndexByte(arn, '/')+1:]
				c.about(r, name, "attaches %s", name)
			}
		}
	}
	for _, r := range c.of("aws_iam_role") {
		if r.Attributes["managed_policy_arns"] != nil || len(r.Nested("inline_policy")) > 0 {
			c.about(r, "inline_policy", "has policies within: want aws_iam_role_policy")
		}
	}
}

// boundary is the policy that bounds roles.
const boundary = "aws_iam_policy.boundary"

// checkBoundaries wants every role to have the boundary, and the boundary every
// action that a role has: what it lacks is granted in vain.
func checkBoundaries(c *checker) {
	for _, r := range c.of("aws_iam_role") {
		if arn, ok := r.text("permissions_boundary"); !ok || !strings.HasSuffix(arn, "-boundary") {
			c.about(r, "permissions_boundary", "has no boundary: want permissions_boundary")
		}
	}
	var bounds []Statement
	for _, p := range c.policies {
		if p.Name() == boundary {
			bounds = p.statements
		}
	}
	for _, p := range c.policies {
		if p.Labels[0] != "aws_iam_role_policy" || !c.bounded(p) {
			continue
		}
		for _, s := range p.statements {
			for _, action := range s.Actions {
				if s.Allows() && !slices.ContainsFunc(bounds, func(b Statement) bool { return b.Allows() && b.bounds(action, s.Resources) }) {
					c.on(p, s, action, "allows %s, which the boundary does not, or not for every resource", action)
				}
			}
		}
	}
}

// bounded reports whether the role of a policy has a boundary.
func (c *checker) bounded(p policy) bool {
	role := texts(p.at("role"))
	return slices.ContainsFunc(c.of("aws_iam_role"), func(r resource) bool {
		return r.in == p.in && r.Attributes["permissions_boundary"] != nil && slices.ContainsFunc(role, func(s string) bool { return strings.HasPrefix(s, "${"+r.Name()) })
	})
}

// bounds reports whether a statement of the boundary has an action. What a role
// has for every resource, it must have for every one as well.
func (s Statement) bounds(action string, resources []string) bool {
	if !slices.Contains(s.Actions, action) {
		return false
	}
	return slices.Contains(s.Resources, "*") || !slices.Contains(resources, "*")
}
