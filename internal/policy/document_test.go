package policy_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tracehaul/tracehaul/internal/policy"
)

// statementsOf are those of the policy of resource aws_iam_role_policy.x in one
// module, written in a short form.
func statementsOf(t *testing.T, text string) (lines []string, err error) {
	t.Helper()
	modules, err := policy.Read(policy.Files{"m/main.tf": []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	root := policy.Root(modules, "m")
	for _, b := range root.Module.Blocks {
		if b.Name() != "aws_iam_role_policy.x" {
			continue
		}
		statements, err := policy.Statements(root.Values(b, "policy"))
		if err != nil {
			return nil, err
		}
		for _, s := range statements {
			words := []string{s.Effect, strings.Join(s.Principals, ","), strings.Join(s.Actions, ","), strings.Join(s.Resources, ",")}
			for _, key := range slices.Sorted(maps.Keys(s.Conditions)) {
				words = append(words, "if", key, strings.Join(s.Conditions[key], ","))
			}
			lines = append(lines, strings.Join(words, " "))
		}
	}
	return lines, nil
}

func TestStatements_WaysToWriteThem(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"jsonencode": {
			`resource "aws_iam_role_policy" "x" { policy = jsonencode({ Statement = { Effect = "Allow", Action = "sns:Publish", Resource = "arn:${local.p}:x" } }) }
			 locals { p = "aws" }`,
			[]string{"Allow  sns:Publish arn:aws:x"},
		},
		"a document": {
			`resource "aws_iam_role_policy" "x" { policy = data.aws_iam_policy_document.d.json }
			 data "aws_iam_policy_document" "d" {
			   statement {
			     actions   = ["sns:Publish", "sns:Subscribe"]
			     resources = ["*"]
			     principals {
			       type        = "AWS"
			       identifiers = ["*"]
			     }
			     condition {
			       test     = "StringEquals"
			       variable = "aws:SourceAccount"
			       values   = ["1"]
			     }
			   }
			   statement {
			     effect    = "Deny"
			     actions   = ["sns:*"]
			     resources = ["b"]
			   }
			 }`,
			[]string{"Allow AWS * sns:Publish,sns:Subscribe * if StringEquals aws:SourceAccount 1", "Deny  sns:* b"},
		},
		"text": {
			"resource \"aws_iam_role_policy\" \"x\" {\n policy = <<JSON\n{\"Statement\": [{\"Effect\": \"Allow\", \"Action\": [\"a:B\"], \"Resource\": \"*\"}]}\nJSON\n}",
			[]string{"Allow  a:B *"},
		},
		"both sides of a condition": {
			`resource "aws_iam_role_policy" "x" { policy = jsonencode({ Statement = [{ Effect = "Allow", Action = var.x ? ["a:B"] : ["a:C"], Resource = "r" }] }) }`,
			[]string{"Allow  a:B,a:C r"},
		},
		"what a for may leave out": {
			`resource "aws_iam_role_policy" "x" { policy = jsonencode({ Statement = [for s in local.all : merge(s, { Resource = "r" }) if var.x] }) }
			 locals { all = [{ Effect = "Allow", Action = "a:B" }, { Effect = "Deny", Action = "a:C" }] }`,
			[]string{"Allow  a:B r", "Deny  a:C r"},
		},
		"with a condition or without": {
			`resource "aws_iam_role_policy" "x" { policy = jsonencode({ Statement = [merge({ Effect = "Allow", Action = "a:B", Resource = "r" }, [for id in [var.id] : { Condition = { StringEquals = { k = id } } } if id != null]...)] }) }`,
			[]string{"Allow  a:B r", "Allow  a:B r if StringEquals k ${var.id}"},
		},
		"each": {
			`resource "aws_iam_role_policy" "x" {
			   for_each = { one = { actions = ["a:B"], on = "r" }, two = { actions = ["a:C"], on = "q" } }
			   policy   = jsonencode({ Statement = [for s in [each.value] : { Effect = "Allow", Action = s.actions, Resource = s.on }] })
			 }`,
			[]string{"Allow  a:B r", "Allow  a:C q"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := statementsOf(t, test.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestStatements_NotReadable_IsAnError(t *testing.T) {
	for name, test := range map[string]struct{ expression, want string }{
		"a function":       {`templatefile("policy.json", {})`, "cannot be read"},
		"a variable":       {`var.policy`, "${var.policy} cannot be read"},
		"within":           {`jsonencode({ Statement = var.statements })`, "the statement ${var.statements} cannot be read"},
		"no effect":        {`jsonencode({ Statement = [{ Action = "a:B", Resource = "*" }] })`, `want the effect Allow or Deny, not ""`},
		"an effect or two": {`jsonencode({ Statement = [{ Effect = var.x ? "Allow" : "Deny", Action = "a:B", Resource = "*" }] })`, `not "Allow|Deny"`},
		"half JSON":        {`"{\"Statement\": ["`, "no JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := statementsOf(t, `resource "aws_iam_role_policy" "x" { policy = `+test.expression+` }`)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error that says %q", err, test.want)
			}
		})
	}
}

func TestRead_NoTerraform_NamesTheFile(t *testing.T) {
	for name, text := range map[string]string{"m/a.tf": `resource "x" {`, "m/a.tf.json": `{"resource": {`, "m/b.tf.json": `{"check": {}}`} {
		if _, err := policy.Read(policy.Files{name: []byte(text)}); err == nil || !strings.HasPrefix(err.Error(), name+": ") {
			t.Errorf("%s: got %v, want an error that names the file", name, err)
		}
	}
}
