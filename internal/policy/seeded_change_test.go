package policy_test

// seededChanges are faults like those of seeded: of what changes, and who changes
// it.
var seededChanges = map[string]struct{ file, old, new, rule, says string }{
	"AES256 instead of the key of states": {
		"service/versions.tf", "use_lockfile = true", "encrypt      = true\n    use_lockfile = true",
		"state", "backend.s3: want no encrypt",
	},
	"encryption as somebody else likes": {
		"data/versions.tf", "use_lockfile = true", "encrypt      = false\n    use_lockfile = true",
		"state", "want no encrypt",
	},
	"a state with another key": {
		"network/versions.tf", "use_lockfile = true", "kms_key_id   = \"alias/aws/s3\"\n    use_lockfile = true",
		"state", "want no kms_key_id",
	},
	"two applies at once": {
		"events/versions.tf", "    use_lockfile = true\n", "",
		"state", "backend.s3: want use_lockfile = true",
	},
	"a lock that is off": {
		"bootstrap/versions.tf", "use_lockfile = true", "use_lockfile = false",
		"state", "want use_lockfile = true",
	},
	"a state in a file": {
		"observability/versions.tf", `backend "s3" {`, `backend "local" {`,
		"state", "observability: terraform: want one backend, and that S3",
	},

	"an apply moves the alias past CodeDeploy": {
		"modules/function/main.tf", "ignore_changes = [function_version, routing_config]", "ignore_changes = [routing_config]",
		"owner", "aws_lambda_alias.live: want function_version in ignore_changes: it is changed by CodeDeploy",
	},
	"an apply ends the canary": {
		"modules/function/main.tf", "ignore_changes = [function_version, routing_config]", "ignore_changes = [function_version]",
		"owner", "want routing_config in ignore_changes",
	},
	"an apply takes back a minor version": {
		"data/cluster.tf", "ignore_changes = [engine_version]", "ignore_changes = [port]",
		"owner", "aws_rds_cluster.this: want engine_version in ignore_changes",
	},
	"an apply takes tasks away": {
		"service/service.tf", "ignore_changes = [desired_count]", "create_before_destroy = true",
		"owner", "want desired_count in ignore_changes",
	},
	"an apply shifts the weights back": {
		"service/load_balancer.tf", "ignore_changes = [action[0].forward, action[1].forward]", "create_before_destroy = true",
		"owner", "want action.forward in ignore_changes: it is changed by ECS",
	},

	"a key by any way": {
		"observability/notifier.tf", `StringEquals = { "kms:ViaService" = "dynamodb`, `StringEqualsIfExists = { "kms:ViaService" = "dynamodb`,
		"condition", "StringEqualsIfExists holds for a request without kms:ViaService",
	},
	"all of no values": {
		"events/consumers.tf", `StringEquals = { "kms:ViaService"`, `"ForAllValues:StringEquals" = { "kms:ViaService"`,
		"condition", "ForAllValues:StringEquals holds for a request without kms:ViaService",
	},
	"anything but": {
		"modules/consumer/function.tf", `StringEquals = { "kms:ViaService"`, `StringNotEquals = { "kms:ViaService"`,
		"condition", "StringNotEquals holds for a request without kms:ViaService",
	},
}
