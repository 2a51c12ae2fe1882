package policy

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// Statement is one statement of a policy, as it may become.
type Statement struct {
	Sid                     string
	Effect                  string
	Principals              []string // "Service lambda.amazonaws.com", "AWS arn:...", "*"
	NotPrincipals           []string
	Actions, NotActions     []string
	Resources, NotResources []string

	// Conditions are the values by operator and key: "StringEquals aws:SourceAccount".
	Conditions map[string][]string

	origins []hcl.Range
}

// Allows reports whether the statement lets somebody in.
func (s Statement) Allows() bool { return s.Effect != "Deny" }

// Statements returns the statements of a policy: of jsonencode, of a document, or
// of JSON as text.
func Statements(policy []Value) ([]Statement, error) {
	var all []Statement
	for _, v := range policy {
		switch {
		case v.kind == encoded:
			for _, document := range v.items {
				found, err := fromDocument(document)
				if err != nil {
					return nil, err
				}
				all = append(all, found...)
			}
		case v.kind == text && strings.HasPrefix(strings.TrimSpace(v.text), "{"):
			document, err := fromText(v.text)
			if err != nil {
				return nil, err
			}
			found, err := fromDocument(document)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		case v.kind == null:
		default:
			return nil, fmt.Errorf("%s cannot be read: write the policy as jsonencode of an object", v.text)
		}
	}
	return all, nil
}

// fromText reads JSON, in which nothing but texts may be unknown.
func fromText(s string) (Value, error) {
	var v any
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		return Value{}, fmt.Errorf("a policy that is no JSON: %w", err)
	}
	expr, err := jsonExpression("", v)
	if err != nil {
		return Value{}, err
	}
	return (&Instance{Module: &Module{}}).evaluate(expr, nil)[0], nil
}

func fromDocument(document Value) ([]Statement, error) {
	if document.kind != object {
		return nil, fmt.Errorf("%s cannot be read: write the policy as an object", document.text)
	}
	var all []Statement
	for _, v := range leaves(document.fields["Statement"], true) {
		if v.kind != object {
			return nil, fmt.Errorf("the statement %s cannot be read: write it as an object", v.text)
		}
		found, err := fromObject(v)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

var elementNames = []string{"Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"}

// fromObject returns the statement once for each of its conditions, as any of
// them may be the one that holds.
func fromObject(o Value) ([]Statement, error) {
	for key := range o.fields {
		if !slices.Contains(elementNames, key) {
			return nil, fmt.Errorf("%q is not an element of a statement; they are %s", key, strings.Join(elementNames, ", "))
		}
	}
	s := Statement{
		Sid: strings.Join(texts(o.fields["Sid"]), "|"), Effect: strings.Join(texts(o.fields["Effect"]), "|"),
		Principals: principals(o.fields["Principal"]), NotPrincipals: principals(o.fields["NotPrincipal"]),
		Actions: texts(o.fields["Action"]), NotActions: texts(o.fields["NotAction"]),
		Resources: texts(o.fields["Resource"]), NotResources: texts(o.fields["NotResource"]),
		origins: o.origins,
	}
	if s.Effect != "Allow" && s.Effect != "Deny" {
		return nil, fmt.Errorf("statement %q: want the effect Allow or Deny, not %q", s.Sid, s.Effect)
	}
	if _, ok := o.fields["Resource"]; ok && len(s.Resources) == 0 {
		return nil, nil // about none: it is there for other elements of a list
	}
	conditions := o.fields["Condition"]
	if len(conditions) == 0 {
		return []Statement{s}, nil
	}
	all := make([]Statement, 0, len(conditions))
	for _, v := range conditions {
		with := s
		with.Conditions = map[string][]string{}
		for operator, tests := range v.fields {
			for _, test := range tests {
				for key, values := range test.fields {
					with.Conditions[operator+" "+key] = append(with.Conditions[operator+" "+key], texts(values)...)
				}
			}
		}
		all = append(all, with)
	}
	return all, nil
}

func principals(values []Value) []string {
	var all []string
	for _, v := range values {
		if v.kind != object {
			all = append(all, texts([]Value{v})...)
			continue
		}
		for _, kind := range slices.Sorted(maps.Keys(v.fields)) {
			for _, who := range texts(v.fields[kind]) {
				all = append(all, kind+" "+who)
			}
		}
	}
	return all
}

// document is data.aws_iam_policy_document.NAME.json, as the policy that it
// stands for; nil if it is something else.
func (in *Instance) document(t hcl.Traversal) []Value {
	names := strings.Split(name(t), ".")
	if len(names) < 4 || names[1] != "aws_iam_policy_document" || names[3] != "json" && names[3] != "minified_json" {
		return nil
	}
	for _, b := range in.Module.Blocks {
		if b.Type != "data" || b.Name() != names[1]+"."+names[2] {
			continue
		}
		for _, other := range []string{"source_policy_documents", "override_policy_documents", "source_json", "override_json"} {
			if b.Attributes[other] != nil {
				return []Value{unknownValue(b.Name() + " with " + other)}
			}
		}
		statements := Value{kind: list}
		for _, s := range b.Nested("statement") {
			statements.items = append(statements.items, in.documentStatement(s))
		}
		return []Value{{kind: encoded, items: []Value{{kind: object, fields: map[string][]Value{"Statement": {statements}}}}}}
	}
	return nil
}

func (in *Instance) documentStatement(s *Block) Value {
	o := Value{kind: object, fields: map[string][]Value{"Effect": {textValue("Allow")}}, origins: []hcl.Range{s.Range}}
	for attribute, element := range map[string]string{
		"sid": "Sid", "effect": "Effect", "actions": "Action", "not_actions": "NotAction", "resources": "Resource", "not_resources": "NotResource",
	} {
		if values := in.Values(s, attribute); values != nil {
			o.fields[element] = values
		}
	}
	for block, element := range map[string]string{"principals": "Principal", "not_principals": "NotPrincipal"} {
		for _, p := range s.Nested(block) {
			who := Value{kind: object, fields: map[string][]Value{}}
			for _, kind := range texts(in.Values(p, "type")) {
				who.fields[kind] = in.Values(p, "identifiers")
			}
			o.fields[element] = append(o.fields[element], who)
		}
	}
	conditions := Value{kind: object, fields: map[string][]Value{}}
	for _, c := range s.Nested("condition") {
		for _, test := range texts(in.Values(c, "test")) {
			for _, variable := range texts(in.Values(c, "variable")) {
				conditions.fields[test] = append(conditions.fields[test], Value{kind: object, fields: map[string][]Value{variable: in.Values(c, "values")}})
			}
		}
	}
	if len(conditions.fields) > 0 {
		o.fields["Condition"] = []Value{conditions}
	}
	return o
}

// literals are the objects in a module's text that look like statements.
func literals(m *Module) []hcl.Range {
	var found []hcl.Range
	var visit func(b *Block)
	visit = func(b *Block) {
		for _, expr := range b.Attributes {
			_ = hclsyntax.VisitAll(expr, func(n hclsyntax.Node) hcl.Diagnostics {
				if o, ok := n.(*hclsyntax.ObjectConsExpr); ok {
					for _, item := range o.Items {
						if key, ok := item.KeyExpr.(*hclsyntax.ObjectConsKeyExpr); ok && hcl.ExprAsKeyword(key.Wrapped) == "Effect" {
							found = append(found, o.SrcRange)
						}
					}
				}
				return nil
			})
		}
		for _, n := range b.Blocks {
			visit(n)
		}
	}
	for _, b := range m.Blocks {
		visit(b)
	}
	return found
}
