package policy

import (
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// The rules on what changes, and who changes it.
var changeRules = []Rule{
	{"state", "two applies at once break a state, and who reads one knows the pipeline", checkStates},
	{"owner", "an apply that takes back what a deployment has done deploys without being watched", checkOwners},
	{"condition", "a condition that also holds without its key restricts nobody who leaves the key out", checkConditions},
}

// checkStates wants the backend of every root module to lock, and to leave the
// encryption to the bucket: with encrypt and no key, Terraform asks S3 for AES256,
// which goes before the bucket's own key (PutObject of the client, in
// internal/backend/remote-state/s3 of Terraform).
func checkStates(c *checker) {
	for _, in := range c.instances {
		if in.caller != nil {
			continue
		}
		var backends []*Block
		for _, b := range in.Module.Blocks {
			if b.Type == "terraform" {
				backends = append(backends, b.Nested("backend")...)
			}
		}
		if len(backends) != 1 || backends[0].Name() != "s3" {
			c.report(in.Module.Dir, "terraform", hcl.Range{Filename: in.Module.Dir}, "backend", "want one backend, and that S3")
			continue
		}
		b := backends[0]
		if lock, _ := one(in.Values(b, "use_lockfile")); lock != "true" {
			c.report(in.Module.Dir, "backend.s3", b.Range, "use_lockfile", "want use_lockfile = true: nothing else keeps two applies apart")
		}
		for _, attribute := range []string{"encrypt", "kms_key_id"} {
			if b.Attributes[attribute] != nil {
				c.report(in.Module.Dir, "backend.s3", b.Range, attribute, "want no %s: the bucket encrypts with the key of states, and encrypt alone would ask for AES256 instead", attribute)
			}
		}
	}
}

// owned are the attributes that Terraform sets once, and that others change from
// then on.
var owned = map[string]map[string]string{
	"aws_ecs_service":      {"desired_count": "autoscaling"},
	"aws_lambda_alias":     {"function_version": "CodeDeploy", "routing_config": "CodeDeploy"},
	"aws_lb_listener_rule": {"action.forward": "ECS"},
	"aws_rds_cluster":      {"engine_version": "RDS"},
}

func checkOwners(c *checker) {
	for _, r := range c.resources {
		ignored := texts(r.at("lifecycle.ignore_changes"))
		for _, attribute := range slices.Sorted(maps.Keys(owned[r.Labels[0]])) {
			if !slices.Contains(ignored, "${"+attribute+"}") {
				c.about(r, attribute, "want %s in ignore_changes: it is changed by %s", attribute, owned[r.Labels[0]][attribute])
			}
		}
	}
}

// present are keys that requests for the action always have, so that a condition
// that holds without them holds for nobody.
var present = []string{
	"route53:ChangeResourceRecordSetsNormalizedRecordNames", // a change names records; it is a list, which needs ForAllValues
}

// checkConditions wants what allows something to ask for keys that are there. In a
// refusal, holding without the key refuses more, not less. Negated operators hold
// without the key, too ("IAM JSON policy elements: Condition operators", IAM user
// guide).
func checkConditions(c *checker) {
	c.allowed(func(p policy, s Statement) {
		for _, condition := range slices.Sorted(maps.Keys(s.Conditions)) {
			operator, key, _ := strings.Cut(condition, " ")
			if slices.Contains(present, key) {
				continue
			}
			if strings.HasSuffix(operator, "IfExists") || strings.HasPrefix(operator, "ForAllValues:") || strings.Contains(operator, "Not") {
				c.on(p, s, condition, "%s holds for a request without %s: want an operator that does not", operator, key)
			}
		}
	})
}
