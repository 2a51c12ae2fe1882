mock_provider "aws" {
  source          = "../modules/mocks"
  override_during = plan
}

mock_provider "grafana" {
  override_during = plan
}

variables {
  state_bucket = "orders-state"
  environment  = "prod"
  notifier_package = {
    bucket = "prod-orders-packages-111122223333"
    key    = "notifier/0123456789abcdef0123456789abcdef01234567.zip"
    sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
  }
}

override_data {
  target = data.terraform_remote_state.network
  values = { outputs = { log_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/logs" } }
}

override_data {
  target = data.terraform_remote_state.data
  values = { outputs = { database = { host = "orders.cluster-abc.eu-central-1.rds.amazonaws.com", port = 5432 } } }
}

override_data {
  target = data.terraform_remote_state.events
  values = { outputs = { deployments = { ledger = {} } } }
}

override_data {
  target = data.terraform_remote_state.service
  values = {
    outputs = {
      load_balancer = "app/prod-orders-intake/0123456789abcdef"
      target_groups = { a = "targetgroup/prod-orders-intake-a/0123456789abcdef", b = "targetgroup/prod-orders-intake-b/fedcba9876543210" }
      alb_spans     = true
      certificate   = "arn:aws:acm:eu-central-1:111122223333:certificate/11111111-2222-3333-4444-555555555555"
    }
  }
}

override_data {
  target = data.aws_secretsmanager_secret.routing["orders/slack"]
  values = {
    arn        = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:orders/slack-AbCdEf"
    kms_key_id = "arn:aws:kms:eu-central-1:111122223333:key/secrets"
  }
}

override_data {
  target = data.aws_secretsmanager_secret.routing["orders/pagerduty"]
  values = { arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:orders/pagerduty-GhIjKl", kms_key_id = "" }
}

# Grafana Cloud: it becomes a role, shows an id, and has a way into the VPC.
run "grafana_cloud" {
  command = plan
  variables {
    grafana = {
      principals     = ["arn:aws:iam::999988887777:root"]
      external_id    = "1234567"
      authentication = "grafana_assume_role"
      prometheus     = { url = "https://prometheus.example.com/api/prom", user = "4711" }
      tempo          = { url = "https://tempo.example.com/tempo", user = "4712" }
      postgres       = { authorities = "-----BEGIN CERTIFICATE-----\nMII\n-----END CERTIFICATE-----\n", network = "0815" }
    }
  }

  assert {
    condition     = { for kind, source in grafana_data_source.this : kind => source.uid } == { cloudwatch = "cloudwatch", postgres = "orders", prometheus = "prometheus", tempo = "tempo", xray = "xray" }
    error_message = "The data sources whose uids the description has, and no others: there is no Loki."
  }
  assert {
    condition     = grafana_data_source.this["cloudwatch"].name == "Orders CloudWatch (prod)"
    error_message = "Names are unique in a Grafana that has several environments."
  }
  assert {
    condition = jsondecode(aws_iam_role.grafana[0].assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { AWS = ["arn:aws:iam::999988887777:root"] }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "sts:ExternalId" = "1234567" } }
    }]
    error_message = "Grafana's account becomes the role for this Grafana only."
  }
  assert {
    condition     = aws_iam_role.grafana[0].name == "prod-orders-grafana" && aws_iam_role.grafana[0].permissions_boundary == "arn:aws:iam::111122223333:policy/prod-orders-boundary"
    error_message = "Roles are bounded."
  }
  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.grafana[0].policy).Statement : s.Sid => s.Resource if s.Sid == "AskLogs" } == { AskLogs = [
      "arn:aws:logs:eu-central-1:111122223333:log-group:/ecs/prod-orders-intake:*",
      "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/prod-orders-notifier:*",
      "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/prod-orders-ledger:*",
      "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/prod-orders-albspans:*",
      "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/rds/cluster/prod-orders-database/postgresql:*",
    ] }
    error_message = "It asks the log groups that the dashboards show."
  }
  assert {
    condition     = alltrue([for s in jsondecode(aws_iam_role_policy.grafana[0].policy).Statement : alltrue([for a in s.Action : can(regex(":(Get|BatchGet|List|Describe|StartQuery|StopQuery)", a))])])
    error_message = "Grafana reads, and changes nothing."
  }
  assert {
    condition = jsondecode(grafana_data_source.this["cloudwatch"].json_data_encoded) == {
      authType             = "grafana_assume_role"
      assumeRoleArn        = aws_iam_role.grafana[0].arn
      defaultRegion        = "eu-central-1"
      tracingDatasourceUid = "xray"
    }
    error_message = "CloudWatch by the role, without the id, which Grafana Cloud shows by itself; from a line to its trace in X-Ray."
  }
  assert {
    condition     = jsondecode(grafana_data_source.this["prometheus"].json_data_encoded).exemplarTraceIdDestinations == [{ name = "trace_id", datasourceUid = "tempo", urlDisplayLabel = "Trace" }]
    error_message = "From a metric's exemplar to its trace."
  }
  assert {
    condition     = grafana_data_source.this["prometheus"].basic_auth_enabled && grafana_data_source.this["prometheus"].basic_auth_username == "4711"
    error_message = "Prometheus asks for a user."
  }
  assert {
    condition = (
      jsondecode(grafana_data_source.this["tempo"].json_data_encoded).tracesToMetrics.datasourceUid == "prometheus" &&
      strcontains(jsondecode(grafana_data_source.this["tempo"].json_data_encoded).tracesToMetrics.queries[0].query, "{$__tags}") &&
      !can(jsondecode(grafana_data_source.this["tempo"].json_data_encoded).tracesToLogsV2)
    )
    error_message = "From a trace to metrics; to no log lines, as there is no Loki."
  }
  assert {
    condition     = grafana_data_source.this["postgres"].url == "orders.cluster-abc.eu-central-1.rds.amazonaws.com:5432" && grafana_data_source.this["postgres"].username == "grafana"
    error_message = "The cluster, as a user that reads."
  }
  assert {
    condition = jsondecode(grafana_data_source.this["postgres"].json_data_encoded) == {
      database               = "orders"
      maxOpenConns           = 5
      sslmode                = "verify-full"
      tlsConfigurationMethod = "file-content"
    }
    error_message = "The database shows who it is."
  }
  assert {
    condition     = grafana_data_source.this["postgres"].private_data_source_connect_network_id == "0815" && grafana_data_source.this["tempo"].private_data_source_connect_network_id == null
    error_message = "Only the database is within the VPC."
  }
  assert {
    condition = (
      keys(jsondecode(grafana_data_source.this["postgres"].secure_json_data_encoded)) == ["tlsCACert"] &&
      alltrue([for kind, source in grafana_data_source.this : source.secure_json_data_encoded == null if kind != "postgres"])
    )
    error_message = "No password is in the state."
  }
}

# A Grafana in the account, with logs in Loki, that has a CloudWatch already.
run "grafana_of_ones_own" {
  command = plan
  variables {
    grafana = {
      principals = ["arn:aws:iam::111122223333:role/grafana"]
      prometheus = { url = "https://prometheus.internal.example.com" }
      tempo      = { url = "https://tempo.internal.example.com" }
      loki       = { url = "https://loki.internal.example.com" }
      existing   = ["cloudwatch", "postgres"]
    }
  }

  override_module {
    target = module.pipeline
    outputs = {
      settings = {
        product     = "orders", environment = "prod", region = "eu-central-1", edge = { domain = "orders.example.com", alb_spans = false }
        consumers   = { ledger = {} }
        telemetry   = { log_retention_days = 30, log_level = "warn", sample_percent = 10 }
        database    = { name = "orders" }
        description = ""
        routing     = { destinations = { team = { secret = "orders/slack" } }, heartbeat_secret = "", watchdog_emails = [] }
        dashboards = {
          grafana_url  = "https://grafana.example.com", folder = "Orders", cloudwatch_uid = "cloudwatch", prometheus_uid = "prometheus", tempo_uid = "tempo", xray_uid = "xray", loki_uid = "loki"
          postgres_uid = "orders"
        }
      }
      names = {
        prefix       = "prod-orders"
        service      = { log_group = "/ecs/prod-orders-intake" }
        consumers    = { ledger = { log_group = "/aws/lambda/prod-orders-ledger" } }
        alarm_topics = { page = "prod-orders-alarms-page", ticket = "prod-orders-alarms-ticket", notice = "prod-orders-alarms-notice", watchdog = "prod-orders-alarms-watchdog" }
        notifier     = { function = "prod-orders-notifier", role = "prod-orders-notifier-function", log_group = "/aws/lambda/prod-orders-notifier", dlq = "prod-orders-notifier-dlq", table = "prod-orders-notifier" }
      }
      tags                          = {}
      function_environment          = {}
      function_telemetry_statements = []
    }
  }

  assert {
    condition     = keys(grafana_data_source.this) == ["loki", "prometheus", "tempo", "xray"]
    error_message = "What is there already is not made."
  }
  assert {
    condition     = !can(jsondecode(aws_iam_role.grafana[0].assume_role_policy).Statement[0].Condition) && jsondecode(aws_iam_role.grafana[0].assume_role_policy).Statement[0].Principal.AWS == ["arn:aws:iam::111122223333:role/grafana"]
    error_message = "A role of the account needs no id."
  }
  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.grafana[0].policy).Statement : s.Sid] == ["ReadTraces"]
    error_message = "Without its CloudWatch there are no metrics to read."
  }
  assert {
    condition = (
      jsondecode(grafana_data_source.this["tempo"].json_data_encoded).tracesToLogsV2.datasourceUid == "loki" &&
      jsondecode(grafana_data_source.this["tempo"].json_data_encoded).tracesToLogsV2.query == "{$${__tags}} | trace_id=\"$${__trace.traceId}\""
    )
    error_message = "From a trace to its log lines."
  }
  assert {
    condition = jsondecode(grafana_data_source.this["loki"].json_data_encoded).derivedFields == [{
      name            = "trace_id", matcherType = "label", matcherRegex = "trace_id", datasourceUid = "tempo", url = "$${__value.raw}"
      urlDisplayLabel = "Trace"
    }]
    error_message = "From a log line to its trace."
  }
  assert {
    condition     = !grafana_data_source.this["prometheus"].basic_auth_enabled
    error_message = "Without a user none is asked for."
  }
  assert {
    condition     = local.notifier_environment.LOG_LEVEL == "info"
    error_message = "The notifier's heartbeats are counted from lines at info, though the pipeline is quieter."
  }
}

run "something_is_missing" {
  command = plan
  variables {
    grafana = { principals = ["arn:aws:iam::111122223333:role/grafana"], existing = ["postgres", "tempo"] }
  }
  expect_failures = [var.grafana]
}

run "anybody_of_another_account" {
  command = plan
  variables {
    grafana = { principals = ["arn:aws:iam::999988887777:root"], existing = ["prometheus", "postgres", "tempo"] }
  }
  expect_failures = [var.grafana]
}

run "nobody" {
  command = plan
  variables {
    grafana = { existing = ["prometheus", "postgres", "tempo"] }
  }
  expect_failures = [var.grafana]
}

run "everybody" {
  command = plan
  variables {
    grafana = { principals = ["*"], external_id = "1", existing = ["prometheus", "postgres", "tempo"] }
  }
  expect_failures = [var.grafana]
}

run "in_the_clear" {
  command = plan
  variables {
    grafana = {
      principals = ["arn:aws:iam::111122223333:role/grafana"]
      prometheus = { url = "http://prometheus.internal.example.com" }
      existing   = ["postgres", "tempo"]
    }
  }
  expect_failures = [var.grafana]
}
