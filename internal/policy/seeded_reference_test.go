package policy_test

// seededRights are faults like those of seeded: rights that are missing, or are
// granted in vain.
var seededRights = map[string]struct{ file, old, new, rule, says string }{
	"an action without a resource, on one": {
		"network/logs.tf", `"logs:DescribeLogStreams"]`, `"logs:DescribeLogStreams", "ecr:GetAuthorizationToken"]`,
		"reference", "but it takes no resource: want *",
	},
	"an action on what it does not take": {
		"network/logs.tf", `"logs:DescribeLogStreams"]`, `"logs:DescribeLogStreams", "sqs:SendMessage"]`,
		"reference", "of which none is a queue*",
	},
	"an action that is misspelt": {
		"service/roles.tf", `Action   = ["sns:Publish"]`, `Action   = ["sns:PublishBatch"]`,
		"reference", "allows sns:PublishBatch, which the reference does not know",
	},
	"a condition on a key that is not there": {
		"bootstrap/deploy_keys.tf", `"kms:GrantIsForAWSResource" =`, `"kms:GrantIsForService" =`,
		"reference", "allows kms:CreateGrant on a condition that never holds: it has no kms:GrantIsForService",
	},
	"composite alarms by name": {
		"bootstrap/deploy_unnamed.tf", `"cloudwatch:PutCompositeAlarm",`, ``,
		"delivery", "does not allow cloudwatch:PutCompositeAlarm for *, which aws_cloudwatch_composite_alarm needs",
	},
	"alarms of scaling by name": {
		"bootstrap/deploy_unnamed.tf", `"cloudwatch:PutMetricAlarm", `, ``,
		"delivery", "does not allow cloudwatch:PutMetricAlarm for *, which aws_appautoscaling_policy needs",
	},
	"no tag on a mapping": {
		"bootstrap/deploy_unnamed.tf", "        \"${local.arn}:lambda:${local.here}:event-source-mapping:*\",\n", "",
		"delivery", "does not allow lambda:TagResource for eventSourceMapping, which aws_lambda_event_source_mapping needs",
	},
	"no tag on code signing": {
		"bootstrap/deploy_unnamed.tf", "        \"${local.arn}:lambda:${local.here}:code-signing-config:*\",\n", "",
		"delivery", "does not allow lambda:TagResource for code signing config",
	},
	"no zone for endpoints": {
		"bootstrap/deploy_unnamed.tf", `"route53:AssociateVPCWithHostedZone"`, `"route53:GetHostedZone"`,
		"delivery", "does not allow route53:AssociateVPCWithHostedZone for any resource, which aws_vpc_endpoint needs",
	},
	"no default group of options": {
		"bootstrap/deploy.tf", `"og:default:aurora-postgresql-*", `, ``,
		"delivery", "does not allow rds:CreateDBCluster for og, which aws_rds_cluster needs",
	},
	"no web ACL for a load balancer": {
		"bootstrap/deploy_unnamed.tf", `"elasticloadbalancing:SetWebAcl",`, ``,
		"delivery", "does not allow elasticloadbalancing:SetWebAcl for *, which aws_wafv2_web_acl_association needs",
	},
	"subscriptions that stay": {
		"bootstrap/deploy_unnamed.tf", `, "sns:Unsubscribe",`, `,`,
		"delivery", "does not allow sns:Unsubscribe for *, which aws_sns_topic_subscription needs",
	},
	"no filter for a subscription": {
		"bootstrap/deploy_unnamed.tf", `"sns:SetSubscriptionAttributes", `, ``,
		"delivery", "does not allow sns:SetSubscriptionAttributes for *",
	},
	"no cluster": {
		"bootstrap/deploy_unnamed.tf", `"ecs:CreateCluster", `, ``,
		"delivery", "does not allow ecs:CreateCluster for *, which aws_ecs_cluster needs",
	},
	"no tag on a sampling rule": {
		"bootstrap/deploy_unnamed.tf", `"xray:TagResource", `, ``,
		"delivery", "does not allow xray:TagResource for sampling-rule, which aws_xray_sampling_rule needs",
	},
	"no grant": {
		"bootstrap/deploy_keys.tf", `Action    = ["kms:CreateGrant"]`, `Action    = ["kms:RetireGrant"]`,
		"delivery", "does not allow kms:CreateGrant for key, which",
	},
	"a kind of resource that delivery has no rights for": {
		"network/vpc.tf", "# No route leads out", "resource \"aws_vpc_dhcp_options\" \"x\" {}\n\n# No route leads out",
		"delivery", "aws_vpc_dhcp_options is not in terraformCalls",
	},
}
