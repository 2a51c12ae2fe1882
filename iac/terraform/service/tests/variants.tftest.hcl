# Other descriptions than the reference's: people who log in; no domain and nobody
# asked.
mock_provider "aws" {
  source          = "../modules/mocks"
  override_during = plan
}

variables {
  environment  = "prod"
  state_bucket = "orders-state"
  image_tag    = "0123456789abcdef0123456789abcdef01234567"
}

override_data {
  target = data.terraform_remote_state.bootstrap
  values = {
    outputs = {
      repository_urls = { service = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/prod-orders-intake" }
      identity = {
        user_pool_arn    = "arn:aws:cognito-idp:eu-central-1:111122223333:userpool/eu-central-1_AbCdEfGhI"
        user_pool_domain = "prod-orders-111122223333"
        login_client_id  = "0123456789abcdefghijklmnop"
      }
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

run "people" {
  command = plan
  variables { verify_at_load_balancer = true }

  override_module {
    target = module.pipeline
    outputs = {
      settings = {
        product = "orders", environment = "prod", region = "eu-central-1"
        service = {
          name = "intake", cpu = 512, memory_mib = 1024, architecture = "x86_64", min_tasks = 2, max_tasks = 4, target_cpu_percent = 60, target_requests_per_minute = 0
          port = 8081, stop_timeout_seconds = 2, deregistration_delay_seconds = 2, event_source = "", event_type = ""
        }
        edge      = { domain = "orders.example.com", hosted_zone = "example.com", authentication = "cognito", waf = false, waf_rate_limit = 100, alb_spans = false, log_retention_days = 7 }
        deploy    = { canary_percent = 10, canary_bake_minutes = 10, bake_minutes = 10 }
        telemetry = { export = "endpoint", endpoint = "https://otlp.example.com/otlp", log_retention_days = 30 }
      }
      names = {
        prefix  = "other-orders", cluster = "prod-orders", load_balancer = "prod-orders-intake", target_groups = { a = "prod-orders-intake-a", b = "prod-orders-intake-b" }, access_log_prefix = "prod-orders-access-logs"
        service = { name = "prod-orders-intake", repository = "prod-orders-intake", log_group = "/ecs/prod-orders-intake", task_role = "prod-orders-intake-task", execution_role = "prod-orders-intake-execution" }
      }
      tags                         = {}
      rollback_alarms              = { intake = ["prod-orders-rollback-5xx-a"] }
      service_environment          = { OTEL_EXPORTER_OTLP_ENDPOINT = "https://otlp.example.com/otlp" }
      service_telemetry_statements = []
    }
  }

  # People

  assert {
    condition     = jsondecode(aws_iam_role_policy.load_balancer_login[0].policy).Statement[0].Resource == "arn:aws:cognito-idp:eu-central-1:111122223333:userpool/eu-central-1_AbCdEfGhI"
    error_message = "ECS may write a rule with a login of this pool."
  }
  assert {
    condition     = [for a in aws_lb_listener_rule.events.action : a.type] == ["authenticate-cognito", "forward"]
    error_message = "People log in first."
  }
  assert {
    condition = (
      aws_lb_listener_rule.events.action[0].authenticate_cognito[0].user_pool_domain == "prod-orders-111122223333" &&
      aws_lb_listener_rule.events.action[0].authenticate_cognito[0].on_unauthenticated_request == "authenticate"
    )
    error_message = "At the user pool."
  }
  assert {
    condition     = !anytrue([for v in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment : startswith(v.name, "AUTH_")])
    error_message = "There are no tokens of clients to check."
  }
  assert {
    condition     = length(aws_wafv2_web_acl.this) == 0 && length(aws_cloudwatch_log_group.waf) == 0
    error_message = "Without a firewall there is none of its parts."
  }

  # Small numbers

  assert {
    condition = { for v in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment : v.name => v.value if contains(["SHUTDOWN_TIMEOUT", "DRAIN_GRACE", "GOMEMLIMIT", "LISTEN_ADDRESS"], v.name) } == {
      SHUTDOWN_TIMEOUT = "1s", DRAIN_GRACE = "0s", GOMEMLIMIT = "768MiB", LISTEN_ADDRESS = ":8081"
    }
    error_message = "Stopping fits into two seconds."
  }
  assert {
    condition     = aws_ecs_task_definition.this.runtime_platform[0].cpu_architecture == "X86_64"
    error_message = "For the described processor."
  }
}

# ECS deploys by a rule that forwards and does nothing else, unless somebody has
# seen that it does by another.
run "people_by_default" {
  command = plan

  override_module {
    target = module.pipeline
    outputs = {
      settings = {
        product = "orders", environment = "prod", region = "eu-central-1"
        service = {
          name = "intake", cpu = 512, memory_mib = 1024, architecture = "x86_64", min_tasks = 2, max_tasks = 4, target_cpu_percent = 60, target_requests_per_minute = 0
          port = 8081, stop_timeout_seconds = 2, deregistration_delay_seconds = 2, event_source = "", event_type = ""
        }
        edge      = { domain = "orders.example.com", hosted_zone = "example.com", authentication = "cognito", waf = false, waf_rate_limit = 100, alb_spans = false, log_retention_days = 7 }
        deploy    = { canary_percent = 10, canary_bake_minutes = 10, bake_minutes = 10 }
        telemetry = { export = "endpoint", endpoint = "https://otlp.example.com/otlp", log_retention_days = 30 }
      }
      names = {
        prefix  = "other-orders", cluster = "prod-orders", load_balancer = "prod-orders-intake", target_groups = { a = "prod-orders-intake-a", b = "prod-orders-intake-b" }, access_log_prefix = "prod-orders-access-logs"
        service = { name = "prod-orders-intake", repository = "prod-orders-intake", log_group = "/ecs/prod-orders-intake", task_role = "prod-orders-intake-task", execution_role = "prod-orders-intake-execution" }
      }
      tags                         = {}
      rollback_alarms              = { intake = ["prod-orders-rollback-5xx-a"] }
      service_environment          = { OTEL_EXPORTER_OTLP_ENDPOINT = "https://otlp.example.com/otlp" }
      service_telemetry_statements = []
    }
  }

  expect_failures = [aws_lb_listener_rule.events]
}

run "no_domain" {
  command = plan

  override_module {
    target = module.pipeline
    outputs = {
      settings = {
        product = "orders", environment = "prod", region = "eu-central-1"
        service = {
          name = "intake", cpu = 256, memory_mib = 512, architecture = "arm64", min_tasks = 1, max_tasks = 2, target_cpu_percent = 60, target_requests_per_minute = 0
          port = 8080, stop_timeout_seconds = 30, deregistration_delay_seconds = 20, event_source = "", event_type = ""
        }
        edge      = { domain = "", hosted_zone = "", authentication = "none", waf = true, waf_rate_limit = 100, alb_spans = true, log_retention_days = 7 }
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

  assert {
    condition     = length(aws_lb_listener.https) == 0 && length(aws_acm_certificate.this) == 0 && aws_lb_listener.http.default_action[0].type == "fixed-response" && output.certificate == null
    error_message = "Without a domain there is no TLS."
  }
  assert {
    condition     = [for a in aws_lb_listener_rule.events.action : a.type] == ["forward"] && aws_lb_listener_rule.events.listener_arn == aws_lb_listener.http.arn
    error_message = "Nobody is asked who they are."
  }
  assert {
    condition     = startswith(output.address, "http://mocked-")
    error_message = "The load balancer's own name."
  }
}

run "draining_longer_than_living" {
  command = plan

  override_module {
    target = module.pipeline
    outputs = {
      settings = {
        product = "orders", environment = "prod", region = "eu-central-1"
        service = {
          name = "intake", cpu = 256, memory_mib = 512, architecture = "arm64", min_tasks = 1, max_tasks = 2, target_cpu_percent = 60, target_requests_per_minute = 0
          port = 8080, stop_timeout_seconds = 30, deregistration_delay_seconds = 300, event_source = "", event_type = ""
        }
        edge      = { domain = "", hosted_zone = "", authentication = "none", waf = true, waf_rate_limit = 100, alb_spans = true, log_retention_days = 7 }
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
  expect_failures = [aws_lb_target_group.this]
}
