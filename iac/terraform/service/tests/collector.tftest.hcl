# A pipeline with a collector beside the service.
mock_provider "aws" {
  source          = "../modules/mocks"
  override_during = plan
}

variables {
  environment  = "prod"
  state_bucket = "orders-state"
  image_tag    = "0123456789abcdef0123456789abcdef01234567"
  collector = {
    image       = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/other-orders-collector@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    config      = "grafana"
    secrets     = { GRAFANA_BASIC = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:grafana-AbCdEf" }
    secrets_key = "arn:aws:kms:eu-central-1:111122223333:key/secrets"
  }
}

override_data {
  target = data.terraform_remote_state.bootstrap
  values = {
    outputs = {
      repository_urls = {
        service   = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/other-orders-intake"
        collector = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/other-orders-collector"
      }
      identity = null
    }
  }
}

override_data {
  target = data.terraform_remote_state.network
  values = {
    outputs = {
      vpc_id             = "vpc-1"
      public_subnet_ids  = ["subnet-4", "subnet-5", "subnet-6"]
      private_subnet_ids = ["subnet-1", "subnet-2", "subnet-3"]
      security_group_ids = { load-balancer = "sg-load-balancer", service = "sg-service", functions = "sg-functions" }
      reaches            = { cognito = true, sessions = true }
      log_key_arn        = "arn:aws:kms:eu-central-1:111122223333:key/logs"
    }
  }
}

override_data {
  target = data.terraform_remote_state.events
  values = {
    outputs = {
      topic_arn       = "arn:aws:sns:eu-central-1:111122223333:prod-orders-order"
      message_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/messages"
    }
  }
}

# The description, with another way for telemetry.
override_module {
  target = module.pipeline
  outputs = {
    settings = {
      product = "orders", environment = "prod", region = "eu-central-1"
      service = {
        name = "intake", cpu = 512, memory_mib = 1024, architecture = "arm64", min_tasks = 2, max_tasks = 4, target_cpu_percent = 60, target_requests_per_minute = 0
        port = 8080, stop_timeout_seconds = 30, deregistration_delay_seconds = 20, event_source = "", event_type = ""
      }
      edge      = { domain = "", hosted_zone = "", authentication = "none", waf = false, waf_rate_limit = 100, alb_spans = false, log_retention_days = 7 }
      deploy    = { canary_percent = 10, canary_bake_minutes = 10, bake_minutes = 10 }
      telemetry = { export = "collector", endpoint = "https://otlp.example.com/otlp", log_retention_days = 30 }
    }
    names = {
      prefix  = "other-orders", cluster = "prod-orders", load_balancer = "prod-orders-intake", target_groups = { a = "prod-orders-intake-a", b = "prod-orders-intake-b" }, access_log_prefix = "prod-orders-access-logs"
      service = { name = "prod-orders-intake", repository = "prod-orders-intake", log_group = "/ecs/prod-orders-intake", task_role = "prod-orders-intake-task", execution_role = "prod-orders-intake-execution" }
    }
    tags                         = {}
    rollback_alarms              = { intake = ["prod-orders-rollback-5xx-a"] }
    service_environment          = { OTEL_EXPORTER_OTLP_ENDPOINT = "http://localhost:4318" }
    service_telemetry_statements = []
  }
}

run "grafana" {
  command = plan

  assert {
    condition     = [for c in jsondecode(aws_ecs_task_definition.this.container_definitions) : [c.name, c.essential, c.memory]] == [["service", true, 896], ["collector", false, 128]]
    error_message = "The collector takes its share of the memory, and the service does without it."
  }
  assert {
    condition     = { for v in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment : v.name => v.value }["GOMEMLIMIT"] == "672MiB"
    error_message = "The service keeps within what is left."
  }
  assert {
    condition = alltrue([for c in jsondecode(aws_ecs_task_definition.this.container_definitions) :
      c.readonlyRootFilesystem && c.user == "65532:65532" && !c.privileged && c.linuxParameters.capabilities.drop == ["ALL"]
    ])
    error_message = "The collector is as confined as the service."
  }
  assert {
    condition     = [for c in jsondecode(aws_ecs_task_definition.this.container_definitions) : try(c.dependsOn, [])] == [[{ containerName = "collector", condition = "START" }], []]
    error_message = "The collector is there before the service, and after it."
  }
  assert {
    condition     = [for c in jsondecode(aws_ecs_task_definition.this.container_definitions) : try(c.restartPolicy, null)] == [null, { enabled = true, restartAttemptPeriod = 60 }]
    error_message = "A collector that stops is started again; a service that stops is another task."
  }
  assert {
    condition = { for v in jsondecode(aws_ecs_task_definition.this.container_definitions)[1].environment : v.name => v.value } == {
      AWS_REGION            = "eu-central-1"
      COLLECTOR_CONFIG      = file("../../collector/grafana.yaml")
      COLLECTOR_ENDPOINT    = "https://otlp.example.com/otlp"
      COLLECTOR_ENVIRONMENT = "prod"
      GOMEMLIMIT            = "96MiB"
    }
    error_message = "Its configuration is the file, and it knows where it is."
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[1].secrets == [{ name = "GRAFANA_BASIC", valueFrom = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:grafana-AbCdEf" }]
    error_message = "Its token is a secret."
  }
  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.execution.policy).Statement : s.Sid => flatten([s.Resource]) if contains(["PullImages", "CollectorSecrets", "DecryptSecrets"], s.Sid) } == {
      PullImages       = ["arn:aws:ecr:eu-central-1:111122223333:repository/prod-orders-intake", "arn:aws:ecr:eu-central-1:111122223333:repository/other-orders-collector"]
      CollectorSecrets = ["arn:aws:secretsmanager:eu-central-1:111122223333:secret:grafana-AbCdEf"]
      DecryptSecrets   = ["arn:aws:kms:eu-central-1:111122223333:key/secrets"]
    }
    error_message = "ECS pulls its image, and reads that one secret."
  }
}

# Its configuration has initial_value: keep. A collector that starts again would
# count twice.
run "dynatrace" {
  command = plan
  variables {
    collector = {
      image  = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/other-orders-collector@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
      config = "dynatrace"
    }
  }

  assert {
    condition     = strcontains(file("../../collector/dynatrace.yaml"), "initial_value: keep") && jsondecode(aws_ecs_task_definition.this.container_definitions)[1].restartPolicy == null
    error_message = "It is not started again beside a service that runs."
  }
}

run "others" {
  command = plan
  variables {
    collector = {
      image       = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/other-orders-collector@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
      config      = "tempo-prometheus"
      environment = { PROMETHEUS_ENDPOINT = "https://prometheus.example.com/api/v1/write", COLLECTOR_ENVIRONMENT = "live" }
      memory_mib  = 256
    }
  }

  assert {
    condition = [for v in jsondecode(aws_ecs_task_definition.this.container_definitions)[1].environment : v.value if contains(["COLLECTOR_ENVIRONMENT", "GOMEMLIMIT", "PROMETHEUS_ENDPOINT"], v.name)] == [
      "live", "192MiB", "https://prometheus.example.com/api/v1/write",
    ]
    error_message = "A team's variables are added, and win; none is there twice."
  }
  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[1].restartPolicy.enabled
    error_message = "It is started again."
  }
}

run "cloudwatch" {
  command = plan
  variables {
    collector = {
      image  = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/other-orders-collector@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
      config = "cloudwatch"
    }
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.this.container_definitions)[1].restartPolicy.enabled && !contains([for s in jsondecode(aws_iam_role_policy.execution.policy).Statement : s.Sid], "CollectorSecrets")
    error_message = "It is started again, and needs no secret."
  }
}

run "no_collector" {
  command = plan
  variables { collector = null }
  expect_failures = [aws_ecs_task_definition.this]
}

run "image_of_another_repository" {
  command = plan
  variables {
    collector = {
      image  = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/other-orders-collectors@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
      config = "grafana"
    }
  }
  expect_failures = [aws_ecs_task_definition.this]
}

run "bootstrap_not_applied_again" {
  command = plan

  override_data {
    target = data.terraform_remote_state.bootstrap
    values = {
      outputs = {
        repository_urls = { service = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/other-orders-intake" }
        identity        = null
      }
    }
  }
  expect_failures = [aws_ecs_task_definition.this]
}

# The description has another way.
run "collector_without_export" {
  command = plan

  override_module {
    target = module.pipeline
    outputs = {
      settings = {
        product = "orders", environment = "prod", region = "eu-central-1"
        service = {
          name = "intake", cpu = 512, memory_mib = 1024, architecture = "arm64", min_tasks = 2, max_tasks = 4, target_cpu_percent = 60, target_requests_per_minute = 0
          port = 8080, stop_timeout_seconds = 30, deregistration_delay_seconds = 20, event_source = "", event_type = ""
        }
        edge      = { domain = "", hosted_zone = "", authentication = "none", waf = false, waf_rate_limit = 100, alb_spans = false, log_retention_days = 7 }
        deploy    = { canary_percent = 10, canary_bake_minutes = 10, bake_minutes = 10 }
        telemetry = { export = "cloudwatch", endpoint = "", log_retention_days = 30 }
      }
      names = {
        prefix  = "other-orders", cluster = "prod-orders", load_balancer = "prod-orders-intake", target_groups = { a = "prod-orders-intake-a", b = "prod-orders-intake-b" }, access_log_prefix = "prod-orders-access-logs"
        service = { name = "prod-orders-intake", repository = "prod-orders-intake", log_group = "/ecs/prod-orders-intake", task_role = "prod-orders-intake-task", execution_role = "prod-orders-intake-execution" }
      }
      tags                         = {}
      rollback_alarms              = { intake = ["prod-orders-rollback-5xx-a"] }
      service_environment          = {}
      service_telemetry_statements = []
    }
  }
  expect_failures = [aws_ecs_task_definition.this]
}
