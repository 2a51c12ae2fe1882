package policy_test

// seeded are faults: a text of a real file, what takes its place, the rule that
// must find it, and some of what must be said.
var seeded = map[string]struct{ file, old, new, rule, says string }{
	// Who may do what.
	"everybody publishes": {
		"events/topic.tf", `Principal = { AWS = "arn:${local.partition}:iam::${account}:root" }`, `Principal = { AWS = "*" }`,
		"principal", `lets in "AWS *"`,
	},
	"every account's roles": {
		"events/topic.tf", `"arn:${local.partition}:iam::${account}:root"`, `"arn:${local.partition}:iam::*:root"`,
		"principal", "lets in",
	},
	"everybody sends to a queue": {
		"modules/consumer/queues.tf", "Effect    = \"Deny\"\n    Principal = \"*\"", "Effect    = \"Allow\"\n    Principal = \"*\"",
		"principal", `lets in "*"`,
	},
	"everybody becomes the service": {
		"service/roles.tf", `Principal = { Service = "ecs-tasks.amazonaws.com" }`, `Principal = { AWS = "*" }`,
		"principal", `lets in "AWS *"`,
	},
	"a key for everybody": {
		"events/topic.tf", `Principal = { Service = "sns.amazonaws.com" }`, `Principal = "*"`,
		"principal", `TheTopicWritesToQueues: lets in "*"`,
	},
	"everybody invokes": {
		"observability/notifier.tf", `principal     = "sns.amazonaws.com"`, `principal     = "*"`,
		"principal", `aws_lambda_permission.alarms: lets in "*"`,
	},
	"any alarm in the world publishes": {
		"observability/topics.tf", "        Condition = {\n          StringEquals = { \"aws:SourceAccount\" = local.account }\n          ArnLike      = { \"aws:SourceArn\" = local.alarm_arns }\n        }\n", "",
		"source", "cloudwatch.amazonaws.com for anybody's resources",
	},
	"a condition that does not bite": {
		"observability/topics.tf", "StringEquals = { \"aws:SourceAccount\" = local.account }\n        ArnLike      = { \"aws:SourceArn\" = local.alarm_arns }",
		"StringEqualsIfExists = { \"aws:SourceAccount\" = local.account }", "source", "AlarmsPublish: lets in cloudwatch.amazonaws.com",
	},
	"any bucket invokes the function": {
		"service/albspans.tf", "  source_arn     = local.access_log_arn\n", "",
		"source", "want source_arn",
	},
	"all actions on a topic": {
		"service/roles.tf", `Action   = ["sns:Publish"]`, `Action   = ["sns:*"]`,
		"action", "Publish: allows sns:*",
	},
	"all actions": {
		"observability/notifier.tf", `Action   = ["secretsmanager:GetSecretValue"]`, `Action   = "*"`,
		"action", "ReadSecrets: allows *",
	},
	"an action more in a named exception": {
		"bootstrap/deploy.tf", `"dynamodb:*"`, `"dynamodb:*", "iam:*"`,
		"action", "ByName: allows iam:*",
	},
	"publishes to any topic": {
		"service/roles.tf", `Resource = local.events.topic_arn`, `Resource = "*"`,
		"resource", "allows sns:Publish for every resource",
	},
	"reads any secret": {
		"observability/notifier.tf", `Resource = [for s in data.aws_secretsmanager_secret.routing : s.arn]`, `Resource = ["*"]`,
		"resource", "allows secretsmanager:GetSecretValue for every resource",
	},
	"an action more without a resource": {
		"modules/pipeline/telemetry.tf", `"cloudwatch:PutMetricData"]`, `"cloudwatch:PutMetricData", "xray:PutTelemetryRecords"]`,
		"resource", "allows xray:PutTelemetryRecords for every resource",
	},
	"all but": {
		"service/roles.tf", `Action   = ["sns:Publish"]`, `NotAction = ["sns:Subscribe"]`,
		"not", "all but what it lists",
	},
	"a policy of AWS's": {
		"service/roles.tf", "AmazonECSInfrastructureRolePolicyForLoadBalancers", "AdministratorAccess",
		"managed", "attaches AdministratorAccess",
	},
	"no boundary": {
		"modules/function/role.tf", `permissions_boundary = var.permissions_boundary_arn`, ``,
		"boundary", "aws_iam_role.this: has no boundary",
	},
	"beyond the boundary": {
		"observability/notifier.tf", `["sqs:SendMessage"]`, `["sqs:SendMessage", "sqs:PurgeQueue"]`,
		"boundary", "PutAside: allows sqs:PurgeQueue",
	},
	"a policy nobody can read": {
		"service/roles.tf", `assume_role_policy   = local.tasks_trust`, `assume_role_policy   = file("trust.json")`,
		"readable", "cannot be read",
	},
	"a statement by way of a function that is not known": {
		"modules/function/role.tf", `], local.interface_statements, var.statements)`, `], local.interface_statements, chunklist(var.statements, 1))`,
		"readable", "cannot be read",
	},
	"a statement that goes nowhere": {
		"service/roles.tf", "  tasks_trust = jsonencode(", "  forgotten = { Effect = \"Allow\", Action = \"*\", Resource = \"*\" }\n  tasks_trust = jsonencode(",
		"readable", "no policy that this package can read",
	},
	"an element misspelt": {
		"service/roles.tf", "Resource = local.events.topic_arn", "Resources = local.events.topic_arn",
		"readable", `"Resources" is not an element`,
	},

	// What is stored.
	"a kind of resource that is new": {
		"events/topic.tf", `resource "aws_sns_topic_policy"`, "resource \"aws_kinesis_stream\" \"x\" {\n  name = \"x\"\n}\n\nresource \"aws_sns_topic_policy\"",
		"known", "aws_kinesis_stream is in no list",
	},
	"a topic without a key": {
		"events/topic.tf", "kms_master_key_id = module.message_key.arn", "",
		"key", "aws_sns_topic.this: want a key of the pipeline's for kms_master_key_id",
	},
	"AWS's key": {
		"modules/consumer/queues.tf", "kms_master_key_id                 = var.message_key_arn", `kms_master_key_id                 = "alias/aws/sqs"`,
		"key", `not ["alias/aws/sqs"]`,
	},
	"logs without a key": {
		"modules/function/main.tf", "kms_key_id        = var.log_key_arn", "",
		"key", "aws_cloudwatch_log_group.this",
	},
	"a database without a key": {
		"data/cluster.tf", "  kms_key_id        = module.database_key.arn\n", "",
		"key", "aws_rds_cluster.this: want a key of the pipeline's for kms_key_id",
	},
	"a database in the clear": {
		"data/cluster.tf", "storage_encrypted = true", "storage_encrypted = false",
		"key", "want storage_encrypted = true",
	},
	"a table without a key": {
		"observability/memory.tf", "kms_key_arn = module.alarm_key.arn", "",
		"key", "server_side_encryption.kms_key_arn",
	},
	"images without a key": {
		"bootstrap/registry.tf", "kms_key         = module.artifact_key.arn", "",
		"key", "encryption_configuration.kms_key",
	},
	"states without a key": {
		"modules/bucket/main.tf", `sse_algorithm     = "aws:kms"`, `sse_algorithm     = "AES256"`,
		"key", "aws_s3_bucket.this: want aws_s3_bucket_server_side_encryption_configuration",
	},
	"a key that is never rotated": {
		"modules/key/main.tf", "enable_key_rotation     = true", "",
		"key", "want enable_key_rotation = true",
	},
	"sessions without a key": {
		"service/cluster.tf", "kms_key_id = module.exec_key[0].arn", "",
		"key", "execute_command_configuration",
	},
	"a topic in the clear": {
		"events/topic.tf", `Condition = { Bool = { "aws:SecureTransport" = "false" } }`, `Condition = { Bool = { "aws:SecureTransport" = "true" } }`,
		"tls", "aws_sns_topic.this: want a policy that denies",
	},
	"a queue in the clear": {
		"modules/consumer/queues.tf", "Statement = [merge(local.only_tls, { Resource = local.dlq_arn })]", "Statement = []",
		"tls", "aws_sqs_queue.dlq: want a policy that denies",
	},
	"TLS for some": {
		"modules/bucket/main.tf", `Action    = "s3:*"`, `Action    = "s3:GetObject"`,
		"tls", "aws_s3_bucket.this",
	},
	"old TLS": {
		"service/load_balancer.tf", "ELBSecurityPolicy-TLS13-1-2-Res-2021-06", "ELBSecurityPolicy-2016-08",
		"tls", "ssl_policy",
	},
	"HTTP is served": {
		"service/load_balancer.tf", "      type = \"redirect\"\n", "      type = \"forward\"\n",
		"tls", "want HTTP to be redirected",
	},
	"a database that takes everybody": {
		"data/parameters.tf", `"rds.force_ssl"            = "1"`, `"rds.force_ssl"            = "0"`,
		"tls", "rds.force_ssl",
	},
	"a database that nobody verifies": {
		"observability/data_sources.tf", `"verify-full"`, `"require"`,
		"tls", "want sslmode verify-full",
	},
	"an address in the clear": {
		"modules/pipeline/telemetry.tf", "https://xray.", "http://xray.",
		"tls", "without TLS",
	},
	"logs forever": {
		"service/cluster.tf", "  retention_in_days = local.settings.telemetry.log_retention_days\n", "",
		"retention", "aws_cloudwatch_log_group.service: want retention_in_days",
	},
	"logs forever, said otherwise": {
		"service/cluster.tf", "retention_in_days = 7", "retention_in_days = 0",
		"retention", "aws_cloudwatch_log_group.insights",
	},
	"dead letters for four days": {
		"observability/memory.tf", "message_retention_seconds = 14 * 24 * 60 * 60", "",
		"retention", "aws_sqs_queue.notifier_dlq",
	},
	"logs of requests forever": {
		"service/access_logs.tf", `resource "aws_s3_bucket_lifecycle_configuration" "access_logs" {
  bucket = aws_s3_bucket.access_logs.id`, `resource "aws_s3_bucket_lifecycle_configuration" "access_logs" {
  bucket = "another"`,
		"retention", "aws_s3_bucket.access_logs: want aws_s3_bucket_lifecycle_configuration",
	},
	"a memory forever": {
		"observability/memory.tf", `enabled        = true`, `enabled        = false`,
		"retention", "want items to expire",
	},
	"a secret that is gone at once": {
		"data/migrate.tf", "recovery_window_in_days = 30", "recovery_window_in_days = 0",
		"retention", "recovery_window_in_days",
	},

	// Secrets.
	"a password for a default": {
		"data/variables.tf", `variable "insights_mode" {`, "variable \"owner_password\" {\n  type    = string\n  default = \"swordfish\"\n}\n\nvariable \"insights_mode\" {",
		"secret", "owner_password: has a default",
	},
	"a sensitive default": {
		"data/variables.tf", "variable \"insights_mode\" {\n", "variable \"insights_mode\" {\n  sensitive = true\n",
		"secret", "insights_mode: has a default",
	},
	"a password for an output": {
		"data/outputs.tf", "value       = module.database_key.arn", "value       = aws_rds_cluster.this.master_password",
		"secret", "gives out aws_rds_cluster.this.master_password",
	},
	"a client's secret for an output": {
		"bootstrap/outputs.tf", "var.login_client_id", "one(aws_cognito_user_pool_client.login[*].client_secret)",
		"secret", "client_secret",
	},
	"a client's secret in the state": {
		"bootstrap/identity.tf", `resource "aws_cognito_user_pool_domain"`, "resource \"aws_cognito_user_pool_client\" \"x\" {\n  generate_secret = true\n}\n\nresource \"aws_cognito_user_pool_domain\"",
		"secret", "aws_cognito_user_pool_client puts a secret into the state",
	},
	"a sensitive output": {
		"data/outputs.tf", "value       = module.database_key.arn", "value       = module.database_key.arn\n  sensitive   = true",
		"secret", "is sensitive",
	},
	"a password in the state": {
		"data/cluster.tf", "manage_master_user_password         = true", `master_password = var.insights_mode`,
		"secret", "sets master_password",
	},
	"the value of a secret": {
		"observability/notifier.tf", `data "aws_secretsmanager_secret" "routing" {`, "data \"aws_secretsmanager_secret_version\" \"x\" {\n  secret_id = \"x\"\n}\n\ndata \"aws_secretsmanager_secret\" \"routing\" {",
		"secret", "aws_secretsmanager_secret_version puts a secret into the state",
	},
	"a password of a data source": {
		"observability/data_sources.tf", "jsonencode({ tlsCACert = local.data_sources[each.key].authorities })", "jsonencode({ password = local.data_sources[each.key].authorities })",
		"secret", "sets password of secure_json_data_encoded",
	},
	"a token in the environment": {
		"observability/notifier.tf", "      LOG_LEVEL =", "      SLACK_TOKEN = local.prefix\n      LOG_LEVEL =",
		"secret", "has SLACK_TOKEN in its environment",
	},
	"a password for a task": {
		"service/task.tf", `      TRUSTED_PROXIES          = "1"`, "      DATABASE_PASSWORD = local.prefix\n      TRUSTED_PROXIES          = \"1\"",
		"secret", "has DATABASE_PASSWORD in its environment",
	},
	"a key in the text": {
		"observability/notifier.tf", `description = "Takes alarms`, `description = "AKIAIOSFODNN7EXAMPLE takes alarms`,
		"secret", "has a secret in its text: AKIAIOSF",
	},

	// What the internet reaches.
	"a public address": {
		"service/service.tf", "assign_public_ip = false", "assign_public_ip = true",
		"public", "assign_public_ip = false",
	},
	"a public subnet for the task": {
		"service/service.tf", "local.network.private_subnet_ids", "local.network.public_subnet_ids",
		"public", "aws_ecs_service.this: want network_configuration.subnets of private_subnet_ids",
	},
	"a public subnet for a consumer": {
		"events/consumers.tf", "local.network.private_subnet_ids", "local.network.public_subnet_ids",
		"public", "aws_lambda_function.this: want vpc_config.subnet_ids of private_subnet_ids",
	},
	"a public subnet for the database": {
		"data/cluster.tf", "local.network.database_subnet_ids", "local.network.public_subnet_ids",
		"public", "aws_db_subnet_group.this",
	},
	"a public database": {
		"data/cluster.tf", "publicly_accessible        = false", "publicly_accessible        = true",
		"public", "publicly_accessible",
	},
	"public addresses in private subnets": {
		"network/vpc.tf", "map_public_ip_on_launch = false", "map_public_ip_on_launch = true",
		"public", "map_public_ip_on_launch",
	},
	"a public bucket": {
		"modules/bucket/main.tf", "restrict_public_buckets = true", "restrict_public_buckets = false",
		"public", "restrict_public_buckets",
	},
	"a bucket without a lock": {
		"service/access_logs.tf", "resource \"aws_s3_bucket_public_access_block\" \"access_logs\" {\n  bucket = aws_s3_bucket.access_logs.id", "resource \"aws_s3_bucket_public_access_block\" \"access_logs\" {\n  bucket = \"another\"",
		"public", "want aws_s3_bucket_public_access_block",
	},
	"a database that is open": {
		"network/security_groups.tf", "referenced_security_group_id = each.value\n", "cidr_ipv4 = \"0.0.0.0/0\"\n",
		"public", "aws_vpc_security_group_ingress_rule.database_client: is open to 0.0.0.0/0",
	},
	"a rule within a group": {
		"network/security_groups.tf", "  lifecycle {\n    create_before_destroy = true", "  ingress {\n    protocol = \"-1\"\n  }\n\n  lifecycle {\n    create_before_destroy = true",
		"public", "aws_security_group.this: has rules within",
	},
	"a way out": {
		"network/vpc.tf", "# No route leads out", "resource \"aws_route\" \"out\" {\n  destination_cidr_block = \"0.0.0.0/0\"\n}\n\n# No route leads out",
		"public", "aws_route.out: leads to the internet",
	},

	// What is deployed, and what watches it.
	"tags that move": {
		"bootstrap/registry.tf", `"IMMUTABLE"`, `"MUTABLE"`,
		"tag", "image_tag_mutability",
	},
	"an alarm that is not there": {
		"service/service.tf", "alarm_names = alarms.value", `alarm_names = ["prod-orders-rollback-5xx-c"]`,
		"rollback", "is watched by prod-orders-rollback-5xx-c, which is no alarm",
	},
	"an alarm that the generated module lacks": {
		"observability/alarms/prod/alarms.tf.json", "${aws_cloudwatch_metric_alarm.rollback_5xx_b.alarm_name}\",\n          \"${aws_cloudwatch_metric_alarm.rollback_latency_b",
		"${aws_cloudwatch_metric_alarm.rollback_5xx_c.alarm_name}\",\n          \"${aws_cloudwatch_metric_alarm.rollback_latency_b",
		"rollback", "aws_cloudwatch_metric_alarm.rollback_5xx_c.alarm_name} is no alarm of the module",
	},
	"a deploy that nobody watches": {
		"service/service.tf", `dynamic "alarms" {`, `dynamic "alarm" {`,
		"rollback", "is watched by no alarm",
	},
}
