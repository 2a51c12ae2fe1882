// Package pipeline_test compares the names that Terraform plans with those that
// package pipeline derives. `make iac` runs it: the plans come from the modules'
// own tests.
package pipeline_test

import (
	"bufio"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tracehaul/tracehaul/pipeline"
)

// description is seen from this directory.
const description = "../../../../tracehaul.yaml"

// named says which attribute of which resource is a name of a kind.
var named = map[pipeline.Kind]struct{ resource, attribute string }{
	pipeline.KindCluster:      {"aws_ecs_cluster", "name"},
	pipeline.KindService:      {"aws_ecs_service", "name"},
	pipeline.KindLoadBalancer: {"aws_lb", "name"},
	pipeline.KindTargetGroup:  {"aws_lb_target_group", "name"},
	pipeline.KindRepository:   {"aws_ecr_repository", "name"},
	pipeline.KindTopic:        {"aws_sns_topic", "name"},
	pipeline.KindQueue:        {"aws_sqs_queue", "name"},
	pipeline.KindFunction:     {"aws_lambda_function", "function_name"},
	pipeline.KindRole:         {"aws_iam_role", "name"},
	pipeline.KindDatabase:     {"aws_rds_cluster", "cluster_identifier"},
	pipeline.KindLogGroup:     {"aws_cloudwatch_log_group", "name"},
	pipeline.KindBucketPrefix: {"aws_s3_bucket", "bucket"},
	pipeline.KindTable:        {"aws_dynamodb_table", "name"},
}

// own are kinds of which Terraform has more than package pipeline names: those of
// AWS services' own making, such as the log group of the flow logs. They bear the
// pipeline's name at least.
var own = []pipeline.Kind{pipeline.KindRole, pipeline.KindLogGroup, pipeline.KindBucketPrefix, pipeline.KindRepository}

// observed are the names of module observability.
var observed = []string{"alarm_topics.", "notifier."}

// account stands behind the prefixes of buckets. The tests' mocks say so.
const account = "-111122223333"

// resource is one planned resource.
type resource struct{ kind, name string }

// plans reads what is planned, by the environment's prefix: the plans of every run
// of `terraform test -json -verbose` of each module, in a file of its own.
func plans(t *testing.T) (byPrefix map[string]map[resource]struct{}, modules []string) {
	t.Helper()
	dir := os.Getenv("TRACEHAUL_PLANS")
	if dir == "" {
		t.Skip("TRACEHAUL_PLANS is not set: make iac runs this test, with the plans of all modules")
	}
	files, err := fs.Glob(os.DirFS(dir), "*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no plans in %s: %v", dir, err)
	}
	byPrefix = map[string]map[resource]struct{}{}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, name := range files {
		modules = append(modules, strings.TrimSuffix(name[strings.LastIndexByte(name, '+')+1:], ".json"))
		f, err := root.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(nil, 64<<20) // a line holds a whole plan
		for lines.Scan() {
			addPlan(t, byPrefix, lines.Bytes())
		}
		if err := lines.Err(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_ = f.Close()
	}
	return byPrefix, modules
}

// addPlan adds what one run plans. A run says which environment it is for by the
// resource that every module begins with.
func addPlan(t *testing.T, byPrefix map[string]map[resource]struct{}, line []byte) {
	t.Helper()
	var message struct {
		Plan struct {
			Changes []struct {
				Address, Type string
				Change        struct{ After map[string]any }
			} `json:"resource_changes"`
		} `json:"test_plan"`
	}
	if err := json.Unmarshal(line, &message); err != nil {
		t.Fatal(err)
	}
	planned, prefix := map[resource]struct{}{}, ""
	for _, c := range message.Plan.Changes {
		if c.Address == "terraform_data.environment" {
			prefix, _ = c.Change.After["triggers_replace"].(string)
		}
		for _, n := range named {
			if name, ok := c.Change.After[n.attribute].(string); ok && c.Type == n.resource {
				planned[resource{c.Type, name}] = struct{}{}
			}
		}
	}
	if prefix == "" {
		return // of a child module, which has no environment
	}
	if byPrefix[prefix] == nil {
		byPrefix[prefix] = map[resource]struct{}{}
	}
	maps.Copy(byPrefix[prefix], planned)
}

func TestPlans_Names_AreThoseOfPackagePipeline(t *testing.T) {
	planned, modules := plans(t)
	for _, environment := range []string{"dev", "prod"} {
		p, err := pipeline.LoadEnvironment(description, environment)
		if err != nil {
			t.Fatal(err)
		}
		derived := map[resource]struct{}{}
		for _, n := range p.Names() {
			name := n.Value
			if n.Kind == pipeline.KindBucketPrefix {
				name += account
			}
			r := resource{named[n.Kind].resource, name}
			derived[r] = struct{}{}
			isObserved := slices.ContainsFunc(observed, func(prefix string) bool { return strings.HasPrefix(n.Key, prefix) })
			if isObserved && !slices.Contains(modules, "observability") || optional(n.Key, environment) {
				continue
			}
			if _, ok := planned[p.Prefix()][r]; !ok {
				t.Errorf("%s: no module plans %s %q, which is %s", environment, r.kind, r.name, n.Key)
			}
		}
		for r := range planned[p.Prefix()] {
			if _, ok := derived[r]; !ok && !bearsPrefix(r, p.Prefix()) {
				t.Errorf("%s: %s %q is planned, but package pipeline has no such name", environment, r.kind, r.name)
			}
		}
	}
}

// optional reports names of functions whose package a test need not give.
func optional(key, environment string) bool {
	return environment == "dev" && strings.HasPrefix(key, "albspans.")
}

// bearsPrefix reports whether a resource of a kind that Terraform has more of is
// at least named after the pipeline.
func bearsPrefix(r resource, prefix string) bool {
	isOwn := slices.ContainsFunc(own, func(k pipeline.Kind) bool { return named[k].resource == r.kind })
	return isOwn && strings.Contains("/"+strings.ReplaceAll(r.name, "aws-waf-logs-", "/")+"/", "/"+prefix)
}

func TestNamed_EveryKind_HasAResource(t *testing.T) {
	p, err := pipeline.Load(description)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range p.Names() {
		if named[n.Kind].resource == "" {
			t.Errorf("%s %q: this test does not know which resource has names of that kind", n.Kind, n.Value)
		}
	}
}
