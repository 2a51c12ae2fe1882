package policy

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
)

// refusals are the statements that refuse what comes without TLS, by the kind of
// resource: which policy has it, what names the resource there, and the actions
// that it must be about.
var refusals = map[string]struct{ policy, attribute, actions string }{
	"aws_s3_bucket": {"aws_s3_bucket_policy", "bucket", "s3:*"},
	"aws_sns_topic": {"aws_sns_topic_policy", "arn", "sns:Publish"},
	"aws_sqs_queue": {"aws_sqs_queue_policy", "queue_url", "sqs:*"},
}

func checkTLS(c *checker) {
	for kind, want := range refusals {
		for _, r := range c.of(kind) {
			if !slices.ContainsFunc(c.beside(r, want.policy, want.attribute), func(p resource) bool { return c.refuses(p, want.actions) }) {
				c.about(r, want.policy, "want a policy that denies everybody %s when aws:SecureTransport is false", want.actions)
			}
		}
	}
	for _, r := range c.of("aws_lb_listener") {
		switch protocol, _ := r.text("protocol"); protocol {
		case "HTTPS":
			if policy, _ := r.text("ssl_policy"); !strings.Contains(policy, "TLS13-1-2") && !strings.Contains(policy, "TLS13-1-3") {
				c.about(r, "ssl_policy", "want an ssl_policy of TLS 1.2 and 1.3, not %q", policy)
			}
		case "HTTP":
			for _, action := range texts(r.at("default_action.type")) {
				if action != "redirect" && action != "fixed-response" {
					c.about(r, "default_action", "want HTTP to be redirected, not %q", action)
				}
			}
		default:
			c.about(r, "protocol", "want the protocol HTTPS, or HTTP to be redirected; not %q", protocol)
		}
	}
	for _, r := range c.of("aws_rds_cluster_parameter_group") {
		forced := slices.ContainsFunc(r.Blocks, func(b *Block) bool {
			value, _ := one(field(r.in.Values(b, "for_each"), "rds.force_ssl"))
			return b.Type == "dynamic" && value == "1"
		}) || slices.ContainsFunc(r.Nested("parameter"), func(b *Block) bool {
			name, _ := one(r.in.Values(b, "name"))
			value, _ := one(r.in.Values(b, "value"))
			return name == "rds.force_ssl" && value == "1"
		})
		if !forced {
			c.about(r, "rds.force_ssl", "want rds.force_ssl = 1")
		}
	}
	for _, r := range c.of("grafana_data_source") {
		for _, mode := range texts(dig(r.at("json_data_encoded"), "sslmode")) {
			if mode != "verify-full" {
				c.about(r, "sslmode", "want sslmode verify-full, not %q", mode)
			}
		}
	}
	for _, r := range c.resources {
		for _, attribute := range []string{"container_definitions", "environment.variables"} {
			for _, s := range allTexts(r.at(attribute)) {
				if strings.HasPrefix(s, "http://") && !strings.HasPrefix(s, "http://localhost:") {
					c.about(r, s, "is given the address %s, without TLS", s)
				}
			}
		}
	}
}

func (c *checker) refuses(policy resource, actions string) bool {
	for _, p := range c.policies {
		if p.in != policy.in || p.Block != policy.Block {
			continue
		}
		for _, s := range p.statements {
			if s.Effect == "Deny" && slices.Equal(s.Principals, []string{"*"}) && slices.Contains(s.Actions, actions) &&
				len(s.Conditions) == 1 && slices.Equal(s.Conditions["Bool aws:SecureTransport"], []string{"false"}) {
				return true
			}
		}
	}
	return false
}

// dig returns what objects among the values, or within them, have by a name.
func dig(values []Value, name string) []Value {
	var all []Value
	for _, v := range values {
		all = append(all, v.fields[name]...)
		for _, inner := range v.fields {
			all = append(all, dig(inner, name)...)
		}
		all = append(all, dig(v.items, name)...)
	}
	return all
}

// allTexts are the texts within the values, however deep.
func allTexts(values []Value) []string {
	var all []string
	for _, v := range values {
		if v.kind == text {
			all = append(all, v.text)
		}
		for _, inner := range v.fields {
			all = append(all, allTexts(inner)...)
		}
		all = append(all, allTexts(v.items)...)
	}
	return all
}

var publicSettings = map[string]map[string]string{
	"aws_ecs_service":          {"network_configuration.assign_public_ip": "false"},
	"aws_lb":                   {"internal": "true"},
	"aws_rds_cluster_instance": {"publicly_accessible": "false"},
	"aws_subnet":               {"map_public_ip_on_launch": "false"},
	"aws_s3_bucket_public_access_block": {
		"block_public_acls": "true", "block_public_policy": "true", "ignore_public_acls": "true", "restrict_public_buckets": "true",
	},
}

// subnets are the subnets that things stand in, and which those must be.
var subnets = map[string]struct{ path, which string }{
	"aws_db_subnet_group": {"subnet_ids", "database_subnet_ids"},
	"aws_ecs_service":     {"network_configuration.subnets", "private_subnet_ids"},
	"aws_lambda_function": {"vpc_config.subnet_ids", "private_subnet_ids"},
}

func checkPublic(c *checker) {
	for _, r := range c.resources {
		c.wantSettings(r, publicSettings)
		want, ok := subnets[r.Labels[0]]
		if !ok {
			continue
		}
		ids := texts(r.at(want.path))
		for _, id := range ids {
			if !strings.HasSuffix(id, "."+want.which+"}") {
				c.about(r, want.path, "want %s of %s, not %q", want.path, want.which, id)
			}
		}
		if len(ids) == 0 && r.Labels[0] != "aws_lambda_function" {
			c.about(r, want.path, "want %s", want.path)
		}
	}
	for _, r := range c.of("aws_s3_bucket") {
		if len(c.beside(r, "aws_s3_bucket_public_access_block", "bucket")) == 0 {
			c.about(r, "", "want aws_s3_bucket_public_access_block")
		}
	}
	for _, kind := range []string{"aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"} {
		for _, r := range c.of(kind) {
			for _, cidr := range append(texts(r.at("cidr_ipv4")), texts(r.at("cidr_ipv6"))...) {
				if strings.HasSuffix(cidr, "/0") {
					c.about(r, cidr, "is open to %s", cidr)
				}
			}
		}
	}
	for _, kind := range []string{"aws_security_group", "aws_default_security_group"} {
		for _, r := range c.of(kind) {
			if len(r.Nested("ingress"))+len(r.Nested("egress")) > 0 {
				c.about(r, "", "has rules within: want aws_vpc_security_group_ingress_rule and its like")
			}
		}
	}
	for _, r := range c.of("aws_route") {
		if to, _ := r.text("destination_cidr_block"); strings.HasSuffix(to, "/0") {
			c.about(r, "", "leads to the internet")
		}
	}
}

// Things whose values, or whose being there, would be secrets in the state.
var (
	secretKinds = []string{
		"aws_cognito_user_pool_client", "aws_iam_access_key", "aws_iam_user", "aws_iam_user_login_profile", "aws_secretsmanager_secret_version", "aws_ssm_parameter", "grafana_service_account_token",
		"random_password", "tls_private_key",
	}
	secretAttributes = []string{
		"access_key", "auth", "basic_auth_password", "client_secret", "http_headers", "master_password", "password", "private_key", "secret_binary", "secret_key",
		"secret_string", "token",
	}
	secretName = regexp.MustCompile(`(?i)(^|_)(passwords?|secrets?|tokens?|credentials?|private_key|api_key|routing_key)$`)
	// What secrets of AWS, Slack, GitHub and Grafana begin with, and keys.
	secretText = regexp.MustCompile(`AKIA[0-9A-Z]{16}|xox[abp]-[0-9A-Za-z-]{8}|gh[ps]_[0-9A-Za-z]{20}|glsa_[0-9A-Za-z]{10}|-----BEGIN [A-Z ]*PRIVATE KEY`)
)

func checkSecrets(c *checker) {
	for _, in := range c.instances {
		for _, b := range in.Module.Blocks {
			c.secretsOf(resource{in, b})
		}
		for _, name := range slices.Sorted(maps.Keys(in.Module.secrets)) {
			c.report(in.Module.Dir, path.Base(name), hcl.Range{Filename: name}, "", "has a secret in its text: %s...", in.Module.secrets[name])
		}
	}
}

func (c *checker) secretsOf(r resource) {
	switch r.Type {
	case "variable":
		sensitive, _ := r.text("sensitive")
		if (sensitive == "true" || secretName.MatchString(r.Name())) && slices.ContainsFunc(allTexts(r.at("default")), func(s string) bool { return s != "" }) {
			c.about(r, "default", "has a default, though it is a secret")
		}
	case "output":
		if sensitive, _ := r.text("sensitive"); sensitive == "true" {
			c.about(r, "sensitive", "is sensitive: a state has no secrets to give out")
		}
		for _, s := range everyName(r.at("value")) {
			if last := s[strings.LastIndexByte(s, '.')+1:]; slices.Contains(secretAttributes, last) {
				c.about(r, s, "gives out %s", s)
			}
		}
	case "resource", "data", "provider":
		if slices.Contains(secretKinds, r.Labels[0]) {
			c.about(r, "", "%s puts a secret into the state", r.Labels[0])
		}
		c.noSecretAttributes(r, r.Block)
	}
}

func (c *checker) noSecretAttributes(r resource, b *Block) {
	for name := range b.Attributes {
		if slices.Contains(secretAttributes, name) {
			c.about(r, name, "sets %s, which is then in the state", name)
		}
	}
	if r.Labels[0] == "grafana_data_source" {
		for _, v := range r.in.Values(b, "secure_json_data_encoded") {
			for _, o := range v.items {
				for key := range o.fields {
					if key != "tlsCACert" {
						c.about(r, key, "sets %s of secure_json_data_encoded, which is then in the state", key)
					}
				}
			}
			if v.kind != encoded && v.kind != null {
				c.about(r, "secure_json_data_encoded", "secure_json_data_encoded cannot be read: want jsonencode of an object")
			}
		}
	}
	for _, path := range []string{"container_definitions", "environment.variables"} {
		for _, o := range environments(r.at(path)) {
			if secretName.MatchString(o) {
				c.about(r, o, "has %s in its environment", o)
			}
		}
	}
	for _, n := range b.Blocks {
		c.noSecretAttributes(r, n)
	}
}

// environments are the names of environment variables: the keys of a map, or the
// names in a container's list.
func environments(values []Value) []string {
	var all []string
	for _, v := range values {
		if v.kind == encoded {
			all = append(all, texts(dig(dig(v.items, "environment"), "name"))...)
			continue
		}
		for name := range v.fields {
			all = append(all, name)
		}
	}
	return all
}

// everyName are the references within the values, however deep.
func everyName(values []Value) []string {
	var all []string
	for _, v := range values {
		if v.kind == unknown {
			all = append(all, strings.Trim(v.text, "${}"))
		}
		for _, inner := range v.fields {
			all = append(all, everyName(inner)...)
		}
		all = append(all, everyName(v.items)...)
	}
	return all
}
