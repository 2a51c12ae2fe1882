package policy

import (
	"slices"
	"strings"
)

// The rules on what is made.
var resourceRules = []Rule{
	{"known", "a kind of resource that nobody has looked at may store something, or let somebody in", checkKnown},
	{"key", "what is stored is encrypted with a key of the pipeline's, which can be taken away", checkKeys},
	{"tls", "nothing is read on its way", checkTLS},
	{"retention", "nothing is kept forever by oversight, or gone at once", checkRetention},
	{"secret", "what is in a state, a plan or an environment is read by many", checkSecrets},
	{"public", "the load balancer is the one thing that the internet reaches", checkPublic},
	{"tag", "a tag that has been tested is what is deployed", checkTags},
	{"rollback", "a deploy that is watched by an alarm that does not exist is not watched", checkRollback},
}

// plain are the kinds of resources that store nothing and have no policy.
var plain = []string{
	"aws_acm_certificate", "aws_acm_certificate_validation", "aws_appautoscaling_policy", "aws_appautoscaling_target", "aws_cloudwatch_composite_alarm",
	"aws_cloudwatch_dashboard", "aws_cloudwatch_log_metric_filter", "aws_cloudwatch_metric_alarm", "aws_codedeploy_app",
	"aws_codedeploy_deployment_config", "aws_codedeploy_deployment_group", "aws_cognito_resource_server", "aws_cognito_user_pool_domain",
	"aws_default_network_acl", "aws_default_security_group", "aws_flow_log", "aws_iam_openid_connect_provider", "aws_internet_gateway", "aws_kms_alias",
	"aws_lambda_alias", "aws_lambda_code_signing_config", "aws_lambda_event_source_mapping", "aws_lambda_function_event_invoke_config",
	"aws_lb_listener_rule", "aws_lb_target_group", "aws_network_acl", "aws_route53_record", "aws_route_table", "aws_route_table_association",
	"aws_s3_bucket_notification", "aws_s3_bucket_ownership_controls", "aws_s3_bucket_versioning", "aws_security_group", "aws_sns_topic_subscription",
	"aws_vpc", "aws_wafv2_web_acl", "aws_wafv2_web_acl_association", "aws_wafv2_web_acl_logging_configuration", "aws_xray_sampling_rule",
	"grafana_dashboard", "grafana_folder", "terraform_data",
	// Users of the pool are clients; what is known of them is what they send.
	"aws_cognito_user_pool",
}

// looked are the kinds that a rule below looks at, beside those with a policy.
var looked = []string{
	"aws_cloudwatch_log_group", "aws_db_subnet_group", "aws_dynamodb_table", "aws_ecr_lifecycle_policy", "aws_ecr_repository", "aws_ecs_cluster",
	"aws_ecs_service", "aws_ecs_task_definition", "aws_iam_role_policy_attachment", "aws_lambda_function", "aws_lambda_permission", "aws_lb",
	"aws_lb_listener", "aws_rds_cluster", "aws_rds_cluster_instance", "aws_rds_cluster_parameter_group", "aws_route", "aws_s3_bucket",
	"aws_s3_bucket_lifecycle_configuration", "aws_s3_bucket_public_access_block", "aws_s3_bucket_server_side_encryption_configuration",
	"aws_secretsmanager_secret", "aws_sns_topic", "aws_sqs_queue", "aws_subnet", "aws_vpc_security_group_egress_rule",
	"aws_vpc_security_group_ingress_rule", "grafana_data_source",
}

func checkKnown(c *checker) {
	for _, r := range c.resources {
		kind := r.Labels[0]
		if _, ok := policies[kind]; !ok && !slices.Contains(plain, kind) && !slices.Contains(looked, kind) {
			c.about(r, kind, "%s is in no list of package policy: say what must hold for it", kind)
		}
	}
}

// encrypted are the attributes that name the key of what is stored, as paths.
var encryptedBy = map[string][]string{
	"aws_cloudwatch_log_group":  {"kms_key_id"},
	"aws_dynamodb_table":        {"server_side_encryption.kms_key_arn"},
	"aws_ecr_repository":        {"encryption_configuration.kms_key"},
	"aws_rds_cluster":           {"kms_key_id", "master_user_secret_kms_key_id", "performance_insights_kms_key_id"},
	"aws_rds_cluster_instance":  {"performance_insights_kms_key_id"},
	"aws_secretsmanager_secret": {"kms_key_id"},
	"aws_sns_topic":             {"kms_master_key_id"},
	"aws_sqs_queue":             {"kms_master_key_id"},
}

// settings are the values that attributes must have, by type and path.
var encryptionSettings = map[string]map[string]string{
	"aws_dynamodb_table": {"server_side_encryption.enabled": "true"},
	"aws_ecr_repository": {"encryption_configuration.encryption_type": "KMS"},
	"aws_kms_key":        {"enable_key_rotation": "true"},
	"aws_rds_cluster":    {"storage_encrypted": "true"},
}

// at are the values of an attribute within nested blocks: "block.attribute".
func (r resource) at(path string) []Value {
	block, attribute, nested := strings.Cut(path, ".")
	if !nested {
		return r.in.Values(r.Block, path)
	}
	var all []Value
	for _, b := range r.Nested(block) {
		all = append(all, resource{r.in, b}.at(attribute)...)
	}
	return all
}

// isKey reports whether the values are keys of the pipeline's own: made here, or
// an output of another module's.
func isKey(values []Value) bool {
	for _, v := range values {
		if v.kind != unknown && v.kind != text || !strings.Contains(v.text, "aws_kms_key.") && !strings.HasSuffix(v.text, "_key_arn}") {
			return false
		}
	}
	return len(values) > 0
}

func checkKeys(c *checker) {
	for _, r := range c.resources {
		for _, path := range encryptedBy[r.Labels[0]] {
			if !isKey(r.at(path)) {
				c.about(r, path, "want a key of the pipeline's for %s, not %q", path, texts(r.at(path)))
			}
		}
		c.wantSettings(r, encryptionSettings)
	}
	for _, r := range c.of("aws_s3_bucket") {
		const rule = "rule.apply_server_side_encryption_by_default."
		if !slices.ContainsFunc(c.beside(r, "aws_s3_bucket_server_side_encryption_configuration", "bucket"), func(e resource) bool {
			algorithm, _ := one(e.at(rule + "sse_algorithm"))
			return algorithm == "aws:kms" && isKey(e.at(rule+"kms_master_key_id"))
		}) {
			c.about(r, "", "want aws_s3_bucket_server_side_encryption_configuration with aws:kms and a key")
		}
	}
	for _, r := range c.of("aws_ecs_cluster") {
		for _, b := range r.Nested("configuration") {
			for _, e := range b.Nested("execute_command_configuration") {
				if !isKey(r.in.Values(e, "kms_key_id")) {
					c.about(r, "kms_key_id", "want a key for sessions: execute_command_configuration.kms_key_id")
				}
			}
		}
	}
}

func (c *checker) wantSettings(r resource, settings map[string]map[string]string) {
	for path, want := range settings[r.Labels[0]] {
		if got, ok := one(r.at(path)); !ok || got != want {
			c.about(r, path, "want %s = %s, not %q", path, want, texts(r.at(path)))
		}
	}
}

var tagSettings = map[string]map[string]string{"aws_ecr_repository": {"image_tag_mutability": "IMMUTABLE"}}

func checkTags(c *checker) {
	for _, r := range c.resources {
		c.wantSettings(r, tagSettings)
	}
}

// retentions are the attributes that say how long something is kept.
var retentions = map[string]string{
	"aws_cloudwatch_log_group":  "retention_in_days",
	"aws_rds_cluster":           "backup_retention_period",
	"aws_secretsmanager_secret": "recovery_window_in_days",
	"aws_sqs_queue":             "message_retention_seconds",
}

func checkRetention(c *checker) {
	for _, r := range c.resources {
		attribute, ok := retentions[r.Labels[0]]
		if !ok {
			continue
		}
		values := r.at(attribute)
		if len(values) == 0 || slices.ContainsFunc(values, func(v Value) bool { return v.kind == null || v.text == "0" }) {
			c.about(r, attribute, "want %s, and not 0", attribute)
		}
	}
	for _, r := range c.of("aws_dynamodb_table") {
		if on, _ := one(r.at("ttl.enabled")); on != "true" {
			c.about(r, "ttl", "want items to expire: ttl")
		}
	}
	for _, beside := range []struct{ kind, with, attribute string }{
		{"aws_s3_bucket", "aws_s3_bucket_lifecycle_configuration", "bucket"},
		{"aws_ecr_repository", "aws_ecr_lifecycle_policy", "repository"},
	} {
		for _, r := range c.of(beside.kind) {
			if len(c.beside(r, beside.with, beside.attribute)) == 0 {
				c.about(r, beside.with, "want %s", beside.with)
			}
		}
	}
}

// checkRollback wants the alarms that roll back to be the description's: by name,
// of the generated modules.
func checkRollback(c *checker) {
	names := map[string]bool{}
	for _, in := range c.instances {
		out := in.Module.outputs["rollback_alarm_names"]
		if out == nil || in.caller == nil {
			continue
		}
		for _, s := range texts(elements(in.evaluate(out.Attributes["value"], nil))) {
			reference := strings.Split(strings.Trim(s, "${}"), ".")
			if len(reference) != 3 || !slices.ContainsFunc(in.Module.Blocks, func(b *Block) bool { return b.Type == "resource" && b.Name() == reference[0]+"."+reference[1] }) {
				c.report(in.Module.Dir, "output.rollback_alarm_names", out.Range, s, "%s is no alarm of the module", s)
			}
		}
	}
	for _, r := range c.of("aws_cloudwatch_metric_alarm") {
		if name, ok := r.text("alarm_name"); ok {
			names[name] = true
		}
	}
	for kind, path := range map[string]string{"aws_ecs_service": "alarms.alarm_names", "aws_codedeploy_deployment_group": "alarm_configuration.alarms"} {
		for _, r := range c.of(kind) {
			watched := texts(r.at(path))
			for _, name := range watched {
				if !strings.Contains(name, "${") && !names[name] {
					c.about(r, name, "is watched by %s, which is no alarm of the description", name)
				}
			}
			if len(watched) == 0 {
				c.about(r, path, "is watched by no alarm: want %s", path)
			}
		}
	}
}
