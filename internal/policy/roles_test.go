package policy_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/internal/policy"
	"github.com/tracehaul/tracehaul/internal/policy/calls"
)

// program is a program that runs with a role.
type program struct {
	path, role string // of the role's policy

	// platform are the actions that AWS does with the role, for the program.
	platform []string

	// never are calls that the code could make, and the deployment never asks for.
	never map[string]string
}

// What Lambda and ECS do with the role of what they run.
var (
	ownLogs    = []string{"logs:CreateLogStream", "logs:PutLogEvents"}
	interfaces = []string{
		"ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets",
	}
	sourceMapping = []string{"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"}
	deadLetters   = []string{"sqs:SendMessage", "kms:GenerateDataKey", "kms:Decrypt"}
	execSessions  = []string{
		"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
		"kms:Decrypt", "logs:DescribeLogGroups", "logs:DescribeLogStreams",
	}
)

var programs = map[string]program{
	"service":  {path: "service", role: "aws_iam_role_policy.task", platform: slices.Concat(execSessions, ownLogs)}, // of sessions; the program's are the execution role's
	"consumer": {path: "events/consumer/function", role: "aws_iam_role_policy.this", platform: slices.Concat(ownLogs, interfaces, sourceMapping)},
	"notifier": {path: "observability/notifier", role: "aws_iam_role_policy.this", platform: slices.Concat(ownLogs, deadLetters)},
	"migrate": {
		path: "data/migrate", role: "aws_iam_role_policy.this", platform: slices.Concat(ownLogs, interfaces),
		never: map[string]string{"rds/auth.BuildAuthToken": "DATABASE_AUTH is secret: the owner of a database has a password"},
	},
	"albspans": {path: "service/albspans", role: "aws_iam_role_policy.this", platform: slices.Concat(ownLogs, interfaces, deadLetters)},
}

// services are roles that an AWS service, or Grafana, has for itself.
var services = map[string]string{
	"service aws_iam_role_policy.load_balancer_login": "ECS's, where people log in at the load balancer",
	"bootstrap aws_iam_role_policy.no_data":           "takes away",
	"bootstrap aws_iam_role_policy.plan":              "workflows",
	"data aws_iam_role_policy.monitoring":             "RDS",
	"events aws_iam_role_policy.codedeploy":           "CodeDeploy",
	"network aws_iam_role_policy.flow":                "flow logs",
	"observability aws_iam_role_policy.grafana":       "Grafana",
	"service aws_iam_role_policy.execution":           "ECS, to start a task",
}

// prefixes are those of IAM's actions where they are not the SDK's.
var prefixes = map[string]string{"cloudwatchlogs": "logs"}

// actions are what a call needs where it is not its own name.
var actions = map[string][]string{
	"sns.PublishBatch":        {"sns:Publish"},
	"sqs.SendMessageBatch":    {"sqs:SendMessage"},
	"sqs.DeleteMessageBatch":  {"sqs:DeleteMessage"},
	"rds/auth.BuildAuthToken": {"rds-db:connect"},
	// The one thing that is signed is telemetry ("OTLP Endpoints", Amazon
	// CloudWatch user guide).
	"signer/v4.SignHTTP": {"xray:PutTraceSegments", "xray:PutSpans", "xray:PutSpansForIndexing", "cloudwatch:PutMetricData"},
}

// keys are what an action needs of the key of what it reads or writes.
var keys = map[string][]string{
	"sns:Publish":                   {"kms:GenerateDataKey", "kms:Decrypt"},
	"sqs:SendMessage":               {"kms:GenerateDataKey", "kms:Decrypt"},
	"sqs:ReceiveMessage":            {"kms:Decrypt"},
	"dynamodb:GetItem":              {"kms:Decrypt"},
	"secretsmanager:GetSecretValue": {"kms:Decrypt"},
	"secretsmanager:PutSecretValue": {"kms:GenerateDataKey", "kms:Decrypt"},
}

func actionsOf(call string) []string {
	all, ok := actions[call]
	if !ok {
		service, operation, _ := strings.Cut(call, ".")
		if prefix, ok := prefixes[service]; ok {
			service = prefix
		}
		all = []string{service + ":" + operation}
	}
	return all
}

// compare returns what a role lacks for its program, and what it has for nothing.
func compare(name string, p program, made map[string]string, statements []policy.Statement) (problems []string) {
	allowed := map[string]string{}
	for _, s := range statements {
		for _, action := range s.Actions {
			if s.Allows() {
				allowed[action] = s.Sid
			}
		}
	}
	needed := map[string]bool{}
	need := func(action, why string) {
		for _, a := range append([]string{action}, keys[action]...) {
			needed[a] = true
			if _, ok := allowed[a]; !ok {
				problems = append(problems, fmt.Sprintf("%s: %s, which needs %s: %s of %s does not allow it", name, why, a, p.role, p.path))
			}
		}
	}
	for _, call := range slices.Sorted(maps.Keys(made)) {
		if p.never[call] != "" {
			continue
		}
		for _, action := range actionsOf(call) {
			need(action, fmt.Sprintf("cmd/%s calls %s (%s)", name, call, made[call]))
		}
	}
	for call := range p.never {
		if made[call] == "" {
			problems = append(problems, fmt.Sprintf("%s: nothing calls %s any more; it need not be excepted", name, call))
		}
	}
	for _, action := range p.platform {
		need(action, "AWS does so for it")
	}
	for _, action := range slices.Sorted(maps.Keys(allowed)) {
		if !needed[action] {
			problems = append(problems, fmt.Sprintf("%s: %s of %s allows %s (%s), and neither cmd/%s nor AWS for it does that", name, p.role, p.path, action, allowed[action], name))
		}
	}
	return problems
}

// statements are those of a program's role.
func (p program) statements(t *testing.T, modules map[string]*policy.Module) []policy.Statement {
	t.Helper()
	for _, r := range policy.RolePolicies(modules, roots) {
		if r.Path == p.path && r.Name == p.role {
			return r.Statements
		}
	}
	t.Fatalf("there is no %s in %s", p.role, p.path)
	return nil
}

func TestRoles_AllowWhatProgramsCall_AndNothingMore(t *testing.T) {
	_, modules := tree(t)
	for name, p := range programs {
		t.Run(name, func(t *testing.T) {
			if _, err := os.Stat(filepath.Join("..", "..", "cmd", name)); err != nil {
				t.Skipf("there is a role, but no program yet: %v", err)
			}
			made, err := calls.Of(filepath.Join("..", ".."), "./cmd/"+name)
			if err != nil {
				t.Fatal(err)
			}
			for _, problem := range compare(name, p, made, p.statements(t, modules)) {
				t.Error(problem)
			}
		})
	}
}

func TestRoles_EachIsSomebodys(t *testing.T) {
	_, modules := tree(t)
	for _, r := range policy.RolePolicies(modules, roots) {
		isProgram := false
		for _, p := range programs {
			isProgram = isProgram || p.path == r.Path && p.role == r.Name
		}
		if services[r.Path+" "+r.Name] == "" && !isProgram {
			t.Errorf("%s of %s is of no program of this test, nor of a service", r.Name, r.Path)
		}
	}
	commands, err := filepath.Glob(filepath.Join("..", "..", "cmd", "*", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range commands {
		if name := filepath.Base(filepath.Dir(c)); name != "tracehaul" && programs[name].path == "" {
			t.Errorf("cmd/%s has no role in this test", name)
		}
	}
}

// Faults of roles, and of code, are found: one action too few or too many, one
// call more.
func TestRoles_SeededFaults_AreFound(t *testing.T) {
	files, modules := tree(t)
	published := map[string]string{"sns.PublishBatch": "service/delivery.go:1", "signer/v4.SignHTTP": "telemetry/sign.go:1"}
	for name, test := range map[string]struct {
		file, old, new string
		made           map[string]string
		want           string
	}{
		"too few":          {"service/roles.tf", `["sns:Publish"]`, `["sns:Subscribe"]`, published, "cmd/service calls sns.PublishBatch (service/delivery.go:1), which needs sns:Publish"},
		"too many":         {"service/roles.tf", `["sns:Publish"]`, `["sns:Publish", "sns:Subscribe"]`, published, "allows sns:Subscribe (Publish), and neither cmd/service nor AWS for it does that"},
		"no key":           {"service/roles.tf", `["kms:GenerateDataKey", "kms:Decrypt"]`, `["kms:Decrypt"]`, published, "which needs kms:GenerateDataKey"},
		"no telemetry":     {"modules/pipeline/telemetry.tf", `"xray:PutSpans", `, ``, published, "calls signer/v4.SignHTTP (telemetry/sign.go:1), which needs xray:PutSpans"},
		"a call more":      {"service/roles.tf", `a`, `a`, map[string]string{"sqs.SendMessage": "service/x.go:7"}, "cmd/service calls sqs.SendMessage (service/x.go:7), which needs sqs:SendMessage"},
		"a call less":      {"service/roles.tf", `a`, `a`, map[string]string{"signer/v4.SignHTTP": "x"}, "allows sns:Publish (Publish), and neither"},
		"AWS cannot":       {"service/roles.tf", `"logs:DescribeLogStreams", `, ``, published, "AWS does so for it, which needs logs:DescribeLogStreams"},
		"nothing at fault": {"service/roles.tf", `a`, `a`, published, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(string(files[test.file]), test.old) {
				t.Fatalf("%s does not have the text %q any more", test.file, test.old)
			}
			broken, err := policy.Replace(modules, test.file, []byte(strings.Replace(string(files[test.file]), test.old, test.new, 1)))
			if err != nil {
				t.Fatal(err)
			}
			p := programs["service"]
			problems := strings.Join(compare("service", p, test.made, p.statements(t, broken)), "\n")
			if !strings.Contains(problems, test.want) || test.want == "" && problems != "" {
				t.Errorf("want a problem that says %q, got %s", test.want, problems)
			}
		})
	}
}
