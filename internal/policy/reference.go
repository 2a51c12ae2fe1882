package policy

import (
	"bytes"
	_ "embed" // the reference
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// The rules on what AWS asks for when an action is called.
var referenceRules = []Rule{
	{"reference", "what is granted on something that the action does not take is granted in vain", checkReference},
	{"delivery", "a first apply stops at the first right that is missing", checkDelivery},
}

// sarText has the rows of AWS's Service Authorization Reference, of June 2026, for
// the actions that the policies and [terraformCalls] name: the types of resources
// that each takes, those with a star being required, and the form of their ARNs.
//
//go:embed testdata/sar.json
var sarText []byte

// reference is what sarText holds.
type reference struct {
	Actions map[string]struct {
		Resources []string `json:"resources"` // "cluster*": required
		Keys      []string `json:"keys"`      // of conditions
	} `json:"actions"`
	Types map[string]string `json:"types"` // by service and name, the ARN with * for what differs
}

func readReference() (reference, error) {
	var r reference
	decoder := json.NewDecoder(bytes.NewReader(sarText))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return r, fmt.Errorf("testdata/sar.json: %w", err)
	}
	return r, nil
}

// otherwise are the actions of which AWS asks for something else than the reference
// says, by a source that names it.
var otherwise = map[string]struct {
	resources []string // as in the reference; none: every resource
	source    string
}{
	"cloudwatch:PutCompositeAlarm": {nil, "PutCompositeAlarm, API reference: you must have the permission scoped to *"},
	"cloudwatch:TagResource":       {[]string{"alarm*"}, "what is tagged is an alarm; the reference wants one of each kind"},
	"ecs:CreateCluster":            {nil, "it took no resource until lately, nor does its example in the developer guide"},
	"rds:CreateDBInstance":         {[]string{"db*", "cluster*", "og*", "pg*", "subgrp*"}, "an instance of Aurora has all of them, the defaults if nothing else is said"},
}

// takes are the types of resources of an action; ok is false if it is not known.
func (r reference) takes(action string) (types []string, ok bool) {
	if o, ok := otherwise[action]; ok {
		return o.resources, true
	}
	row, ok := r.Actions[action]
	return row.Resources, ok
}

// asks reports whether a key is there when an action is called. Those of all
// services, aws:..., are not in every row.
func (r reference) asks(action, key string) bool {
	return strings.HasPrefix(key, "aws:") || slices.ContainsFunc(r.Actions[action].Keys, func(k string) bool { return globs(known(k), key) })
}

// arn is the form of the ARNs of a type.
func (r reference) arn(action, kind string) string {
	service, _, _ := strings.Cut(action, ":")
	return r.Types[service+":"+strings.TrimSuffix(kind, "*")]
}

// checkReference looks at the actions that a role's policy writes out. On * alone is
// granted what takes no resource; on an ARN, what takes one of its form.
func checkReference(c *checker) {
	sar, err := readReference()
	if err != nil {
		c.report("internal/policy", "sar.json", hcl.Range{}, "", "cannot be read: %v", err)
		return
	}
	c.allowed(func(p policy, s Statement) {
		if p.use != identity {
			return
		}
		for _, action := range s.Actions {
			if strings.ContainsAny(action, "*?") || strings.Contains(action, "${") {
				continue // the rule on actions judges it
			}
			types, ok := sar.takes(action)
			if !ok {
				c.on(p, s, action, "allows %s, which the reference does not know: want its row in testdata/sar.json, or the right name", action)
				continue
			}
			if len(types) == 0 && !slices.Contains(s.Resources, "*") {
				c.on(p, s, action, "allows %s for %q, but it takes no resource: want *", action, s.Resources)
			}
			if len(types) > 0 && !slices.ContainsFunc(types, func(kind string) bool { return s.reaches(sar.arn(action, kind)) }) {
				c.on(p, s, action, "allows %s for %q, of which none is a %s", action, s.Resources, strings.Join(types, " or "))
			}
			for condition := range s.Conditions {
				if _, key, _ := strings.Cut(condition, " "); !sar.asks(action, key) {
					c.on(p, s, action, "allows %s on a condition that never holds: it has no %s", action, key)
				}
			}
		}
	})
}

// delivery is the policy of who applies all modules but bootstrap.
const delivery = "aws_iam_policy.deploy"

// checkDelivery wants the policies of delivery to allow what Terraform calls for
// every type of resource that it applies.
func checkDelivery(c *checker) {
	sar, err := readReference()
	if err != nil {
		return // reported above
	}
	var granted []Statement
	at := -1
	for i, p := range c.policies {
		if p.Name() == delivery {
			granted, at = append(granted, p.statements...), i
		}
	}
	if at < 0 {
		return // no bootstrap among the roots
	}
	for _, kind := range c.applied() {
		calls, ok := terraformCalls[kind]
		if !ok {
			c.about(c.of(kind)[0], kind, "%s is not in terraformCalls: want the actions that Terraform calls for it", kind)
			continue
		}
		for _, call := range calls {
			action, on, isOn := strings.Cut(call, " ")
			types, ok := sar.takes(action)
			if !ok || isOn && on != "*" && sar.arn(action, on) == "" {
				c.about(c.policies[at].resource, action, "%s, for %s, is not in testdata/sar.json", call, kind)
				continue
			}
			if isOn {
				types = []string{on + "*"}
			}
			if on == "*" {
				types = nil
			}
			if missing := sar.missing(granted, action, types); missing != "" {
				c.about(c.policies[at].resource, action, "does not allow %s for %s, which %s needs", action, missing, kind)
			}
		}
	}
}

// applied are the types of resources that delivery applies.
func (c *checker) applied() []string {
	var kinds []string
	for _, r := range c.resources {
		if root, _, _ := strings.Cut(r.in.Path, "/"); root != "bootstrap" && strings.HasPrefix(r.Labels[0], "aws_") {
			kinds = append(kinds, r.Labels[0])
		}
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// missing says for what an action is not granted: for *, or for a type that it
// requires.
func (r reference) missing(granted []Statement, action string, types []string) string {
	allows := func(reaches func(s Statement) bool) bool {
		return slices.ContainsFunc(granted, func(s Statement) bool {
			return s.Allows() && slices.ContainsFunc(s.Actions, func(a string) bool { return globs(a, action) }) && reaches(s)
		})
	}
	if len(types) == 0 {
		if !allows(func(s Statement) bool { return slices.Contains(s.Resources, "*") }) {
			return "*"
		}
		return ""
	}
	required := slices.DeleteFunc(slices.Clone(types), func(kind string) bool { return !strings.HasSuffix(kind, "*") || notApplication(kind) })
	for _, kind := range required {
		if !allows(func(s Statement) bool { return s.reaches(r.arn(action, kind)) }) {
			return strings.TrimSuffix(kind, "*")
		}
	}
	if len(required) == 0 && !allows(func(s Statement) bool {
		return slices.ContainsFunc(types, func(kind string) bool { return s.reaches(r.arn(action, kind)) })
	}) {
		return "any resource"
	}
	return ""
}

// notApplication reports whether a type is of a load balancer that is no
// application's: the reference stars all kinds, and each call is about one.
func notApplication(kind string) bool {
	return strings.Contains(kind, "/net") || strings.Contains(kind, "/gwy")
}

// reaches reports whether a statement may be about resources of an ARN's form.
func (s Statement) reaches(form string) bool {
	return slices.ContainsFunc(s.Resources, func(r string) bool { return r == "*" || form != "" && overlap(r, form) })
}

// overlap reports whether an ARN may match both patterns. Stars are kept within
// the parts of an ARN: a region has no colon.
func overlap(a, b string) bool {
	as, bs := strings.SplitN(known(a), ":", 6), strings.SplitN(b, ":", 6)
	if len(as) < 6 || len(bs) < 6 {
		return globs(known(a), b) // an ARN that is not known
	}
	for i := range as {
		if !meet(as[i], bs[i]) {
			return false
		}
	}
	return true
}

// known is a text with a star for what is not known.
func known(s string) string {
	for {
		before, rest, ok := strings.Cut(s, "${")
		if !ok {
			return s
		}
		_, after, _ := strings.Cut(rest, "}")
		s = before + "*" + after
	}
}

// meet reports whether a text matches both patterns.
func meet(a, b string) bool {
	switch {
	case a == "" && b == "":
		return true
	case a != "" && a[0] == '*':
		return meet(a[1:], b) || b != "" && meet(a, b[1:])
	case b != "" && b[0] == '*':
		return meet(b, a)
	}
	return a != "" && b != "" && a[0] == b[0] && meet(a[1:], b[1:])
}

// globs reports whether a pattern matches a text, neither of which has a slash of
// its own to stop at.
func globs(pattern, text string) bool {
	ok, err := path.Match(strings.ReplaceAll(pattern, "/", "|"), strings.ReplaceAll(text, "/", "|"))
	return err == nil && ok
}
