package policy

// Exceptions are the breaches that are there on purpose. One that nothing needs
// any more is an error, so that the list does not outlive its reasons.
var Exceptions = []Exception{
	// Whom a policy lets in.
	{"principal", "network", "ImageLayers", []string{"*"}, "the policy of a gateway endpoint takes no other principal; the layers are AWS's, read with addresses that ECR has signed"},
	{"principal", "network", "AccessLogs", []string{"*"}, "likewise; a condition names the account"},
	{"source", "modules/function", "aws_iam_role.this", []string{"lambda.amazonaws.com"}, "Lambda sets neither key when it takes a role; who may pass the role to it is delivery alone"},
	{"source", "service", "aws_iam_role.load_balancer", []string{"ecs.amazonaws.com"}, "AWS documents this trust without a condition; who may pass the role is delivery alone"},
	{"source", "service", "LoadBalancerWrites", []string{"logdelivery.elasticloadbalancing.amazonaws.com"}, "the path in the bucket has the account in it: others write to another one"},

	// What delivery may do. Its bounds are names, the region and the boundary: see
	// bootstrap/deploy.tf.
	{
		"action", "bootstrap", "ByName",
		[]string{"cloudwatch:*", "codedeploy:*", "dynamodb:*", "ecs:*", "elasticloadbalancing:*", "lambda:*", "logs:*", "rds:*", "s3:*", "sns:*", "sqs:*", "wafv2:*"},
		"Terraform calls dozens of actions of each; everything has the pipeline's name",
	},
	{"resource", "bootstrap", "TakeNoResource", []string{
		"ecs:DeregisterTaskDefinition", "elasticloadbalancing:SetWebAcl",
		"logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery", "logs:ListLogDeliveries",
		"logs:PutResourcePolicy", "logs:DeleteResourcePolicy", "logs:DescribeResourcePolicies",
		"sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Unsubscribe",
	}, "take no resource; the region bounds them"},
	{"resource", "bootstrap", "AskedForAll", []string{
		"cloudwatch:PutCompositeAlarm", "cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms", "ecs:CreateCluster", "ecs:RegisterTaskDefinition",
	}, "the services ask for *; the region bounds them"},
	{"resource", "bootstrap", "AskForCertificates", []string{"acm:RequestCertificate"}, "takes no resource; it is tagged as ours"},
	{"resource", "bootstrap", "MapQueuesToFunctions", []string{"lambda:CreateEventSourceMapping"}, "takes no resource; the function is ours"},
	{"resource", "bootstrap", "MakeCodeSigning", []string{"lambda:CreateCodeSigningConfig"}, "takes no resource; it is tagged as ours"},
	{"resource", "bootstrap", "MakeKeys", []string{"kms:CreateKey", "kms:TagResource", "kms:PutKeyPolicy"}, "a key has no ARN before it is made; it is tagged as ours"},
	{"resource", "bootstrap", "LogInToRegistry", []string{"ecr:GetAuthorizationToken"}, "takes no resource"},
	{"resource", "bootstrap", "Unnamed", nil, "the boundary grants nothing; what it names takes no resource, or none with a name of ours"},
	{"boundary", "bootstrap", "aws_iam_role.github", []string{"permissions_boundary"}, "an administrator makes these roles; delivery cannot touch them"},
	{"managed", "bootstrap", "aws_iam_role_policy_attachment.read", []string{"ReadOnlyAccess"}, "to plan, everything is read; data are denied by name"},

	// What AWS takes no resource for.
	{"resource", "modules/pipeline", "SendTelemetry", []string{"xray:PutTraceSegments", "xray:PutSpans", "xray:PutSpansForIndexing", "cloudwatch:PutMetricData"}, "take no resource"},
	{"resource", "modules/function", "LambdaMakesInterfaces", []string{
		"ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets",
	}, "Lambda asks for them without names; the function's code is denied them"},
	{"resource", "service", "LogInToRegistry", []string{"ecr:GetAuthorizationToken"}, "takes no resource"},
	{"resource", "service", "ExecSessions", []string{
		"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
	}, "take no resource"},
	{"resource", "service", "ExecFindLogs", []string{"logs:DescribeLogGroups"}, "takes no resource"},
	{"resource", "observability", "DescribeAlarms", []string{"cloudwatch:DescribeAlarms"}, "describes composite alarms to who may describe all"},
	{"resource", "observability", "ReadAnswers", []string{"logs:GetQueryResults", "logs:StopQuery"}, "take no resource"},
	{"resource", "observability", "ReadMetrics", []string{"cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "tag:GetResources", "logs:DescribeLogGroups", "logs:GetQueryResults", "logs:StopQuery"}, "take no resource"},
	{"resource", "observability", "ReadTraces", []string{
		"xray:BatchGetTraces", "xray:GetTraceSummaries", "xray:GetTraceGraph", "xray:GetGroups", "xray:GetServiceGraph", "xray:GetTimeSeriesServiceStatistics", "ec2:DescribeRegions",
	}, "take no resource"},
	{"resource", "network", "aws_vpc_endpoint.interface", []string{
		"cloudwatch:PutMetricData", "ecr:GetAuthorizationToken", "logs:DescribeLogGroups", "sts:GetCallerIdentity", "xray:PutSpans", "xray:PutSpansForIndexing", "xray:PutTraceSegments",
		"ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
	}, "take no resource"},

	{"reference", "network", "aws_iam_role_policy.flow", []string{"logs:DescribeLogGroups"}, "it is asked for log-group::log-stream:, which the pattern matches"},

	// The rest.
	{"action", "modules/key", "AccountDecidesByIAM", []string{"kms:*"}, "hands the decision to IAM; AWS refuses a key that nobody could change"},
	{"managed", "service", "aws_iam_role_policy_attachment.load_balancer", []string{"AmazonECSInfrastructureRolePolicyForLoadBalancers"}, "what ECS does in a deployment changes with ECS; the boundary holds"},
	{"key", "service", "aws_s3_bucket.access_logs", nil, "load balancers write with S3's own keys alone"},
	{"public", "service", "aws_lb.this", []string{"internal"}, "the one door; WAF, TLS and tokens are before it"},
	{"public", "network", "aws_vpc_security_group_ingress_rule.internet", []string{"0.0.0.0/0"}, "the load balancer's door"},
	{"public", "network", "aws_vpc_security_group_egress_rule.cognito", []string{"0.0.0.0/0"}, "the load balancer reads the keys of the user pool, which has no endpoint"},
	{"public", "network", "aws_route.internet", nil, "of the public subnets, in which the load balancer stands"},
}
