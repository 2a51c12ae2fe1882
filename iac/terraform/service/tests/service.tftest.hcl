mock_provider "aws" {
  source          = "../modules/mocks"
  override_during = plan
}

variables {
  state_bucket = "orders-state"
  image_tag    = "0123456789abcdef0123456789abcdef01234567"
  jwks         = "{\"keys\":[{\"kty\":\"RSA\",\"alg\":\"RS256\",\"use\":\"sig\",\"kid\":\"a\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}"
}

override_data {
  target = data.terraform_remote_state.bootstrap
  values = {
    outputs = {
      repository_urls = { service = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/prod-orders-intake" }
      identity = {
        user_pool_arn    = "arn:aws:cognito-idp:eu-central-1:111122223333:userpool/eu-central-1_AbCdEfGhI"
        user_pool_domain = "prod-orders-111122223333"
        issuer           = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI"
        jwks_uri         = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI/.well-known/jwks.json"
        audience         = "https://orders.example.com"
        scope            = "https://orders.example.com/events.write"
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

override_resource {
  target          = aws_lb_target_group.this["a"]
  override_during = plan
  values = {
    arn        = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/a/1"
    arn_suffix = "targetgroup/a/1"
  }
}

override_resource {
  target          = aws_lb_target_group.this["b"]
  override_during = plan
  values = {
    arn        = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/b/2"
    arn_suffix = "targetgroup/b/2"
  }
}

run "dev" {
  command = plan
  variables { environment = "dev" }

  assert {
    condition     = aws_ecs_service.this.name == "dev-orders-intake" && aws_ecs_cluster.this.name == "dev-orders" && aws_lb.this.name == "dev-orders-intake"
    error_message = "Names are those of the description."
  }
  assert {
    condition     = aws_ecs_task_definition.this.cpu == "256" && aws_ecs_task_definition.this.memory == "512" && aws_appautoscaling_target.this.max_capacity == 4
    error_message = "dev is small."
  }
  assert {
    condition     = length(aws_appautoscaling_policy.requests) == 0
    error_message = "dev scales on the CPU alone."
  }
}

# Before observability has made the alarms.
run "dev_first_apply" {
  command = plan
  variables {
    environment     = "dev"
    rollback_alarms = false
  }

  assert {
    condition     = length(aws_ecs_service.this.alarms) == 0 && length(output.deployment.alarms) == 0
    error_message = "There are no alarms yet."
  }
}

run "prod" {
  command = plan
  variables { environment = "prod" }

  # Deployment

  assert {
    condition = (
      aws_ecs_service.this.deployment_configuration[0].strategy == "CANARY" &&
      aws_ecs_service.this.deployment_configuration[0].canary_configuration[0].canary_percent == 10 &&
      aws_ecs_service.this.deployment_configuration[0].canary_configuration[0].canary_bake_time_in_minutes == "10" &&
      aws_ecs_service.this.deployment_configuration[0].bake_time_in_minutes == "10"
    )
    error_message = "A tenth of the requests for ten minutes; then the old version is kept for ten more."
  }
  assert {
    condition = aws_ecs_service.this.alarms[0].enable && aws_ecs_service.this.alarms[0].rollback && aws_ecs_service.this.alarms[0].alarm_names == toset([
      "prod-orders-rollback-5xx-a", "prod-orders-rollback-5xx-b", "prod-orders-rollback-latency-a", "prod-orders-rollback-latency-b", "prod-orders-rollback-elb-5xx",
    ])
    error_message = "The edge's alarms roll a deployment back, those of both target groups."
  }
  assert {
    condition = (
      one(aws_ecs_service.this.load_balancer).target_group_arn == aws_lb_target_group.this["a"].arn &&
      one(one(aws_ecs_service.this.load_balancer).advanced_configuration).alternate_target_group_arn == aws_lb_target_group.this["b"].arn &&
      one(one(aws_ecs_service.this.load_balancer).advanced_configuration).production_listener_rule == aws_lb_listener_rule.events.arn
    )
    error_message = "ECS shifts between the two groups by the rule of events."
  }
  assert {
    condition     = aws_ecs_service.this.wait_for_steady_state && aws_ecs_service.this.sigint_rollback && aws_ecs_service.this.timeouts.update == "60m"
    error_message = "An apply waits for the deployment, longer than it takes."
  }
  assert {
    condition     = aws_ecs_service.this.deployment_circuit_breaker[0].enable && aws_ecs_service.this.deployment_circuit_breaker[0].rollback && aws_ecs_service.this.deployment_controller[0].type == "ECS"
    error_message = "Tasks that do not start are rolled back."
  }
  assert {
    condition     = [aws_lb_target_group.this["a"].name, aws_lb_target_group.this["b"].name] == ["prod-orders-intake-a", "prod-orders-intake-b"]
    error_message = "Two target groups."
  }
  assert {
    condition     = alltrue([for g in aws_lb_target_group.this : g.deregistration_delay == "20" && g.health_check[0].path == "/readyz?exclude=overloaded" && g.target_type == "ip"])
    error_message = "Open requests end before the task is killed; readiness is asked for, and load is none of it, or ECS would kill who has much of it."
  }

  # Tasks

  assert {
    condition     = !aws_ecs_service.this.network_configuration[0].assign_public_ip && aws_ecs_service.this.network_configuration[0].subnets == toset(["subnet-1", "subnet-2", "subnet-3"]) && aws_ecs_service.this.network_configuration[0].security_groups == toset(["sg-service"])
    error_message = "Tasks are in the private subnets, without public addresses."
  }
  assert {
    condition = alltrue([for c in jsondecode(aws_ecs_task_definition.this.container_definitions) :
      c.readonlyRootFilesystem && c.user == "65532:65532" && !c.privileged && c.linuxParameters.capabilities.drop == ["ALL"] && length(c.secrets) == 0
    ])
    error_message = "Containers are not root, on a read-only root, without capabilities."
  }
  assert {
    condition     = [for c in jsondecode(aws_ecs_task_definition.this.container_definitions) : c.image] == ["111122223333.dkr.ecr.eu-central-1.amazonaws.com/prod-orders-intake:0123456789abcdef0123456789abcdef01234567"]
    error_message = "One container, whose image is that of the commit."
  }
  assert {
    condition = { for v in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment : v.name => v.value } == {
      ALB_SPANS                           = "false"
      DRAIN_GRACE                         = "5s"
      EVENT_SOURCE                        = "/orders/intake"
      EVENT_TYPE                          = "com.example.orders.received"
      GOMEMLIMIT                          = "1536MiB"
      AUTH_ALGORITHMS                     = "RS256"
      AUTH_AUDIENCE                       = "https://orders.example.com"
      AUTH_ISSUER                         = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI"
      AUTH_JWKS                           = var.jwks
      AUTH_SCOPES                         = "https://orders.example.com/events.write"
      LISTEN_ADDRESS                      = ":8080"
      LOG_LEVEL                           = "info"
      OTEL_EXPORTER_OTLP_COMPRESSION      = "gzip"
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT = "https://monitoring.eu-central-1.amazonaws.com/v1/metrics"
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT  = "https://xray.eu-central-1.amazonaws.com/v1/traces"
      OTEL_LOGS_EXPORTER                  = "none"
      OTEL_RESOURCE_ATTRIBUTES            = "deployment.environment.name=prod,service.version=0123456789abcdef0123456789abcdef01234567"
      OTEL_SERVICE_NAME                   = "orders-intake"
      OTEL_TRACES_SAMPLER                 = "parentbased_traceidratio"
      OTEL_TRACES_SAMPLER_ARG             = "0.1"
      SHUTDOWN_TIMEOUT                    = "22s"
      TOPIC_ARN                           = "arn:aws:sns:eu-central-1:111122223333:prod-orders-order"
      TRUSTED_PROXIES                     = "1"
    }
    error_message = "The program's environment, all of it."
  }
  assert {
    condition = (
      jsondecode(aws_ecs_task_definition.this.container_definitions)[0].logConfiguration.options["awslogs-group"] == "/ecs/prod-orders-intake" &&
      jsondecode(aws_ecs_task_definition.this.container_definitions)[0].logConfiguration.options.mode == "non-blocking"
    )
    error_message = "Logs go to the service's group, and never stop it."
  }
  assert {
    condition     = aws_cloudwatch_log_group.service.retention_in_days == 90 && aws_cloudwatch_log_group.service.kms_key_id == "arn:aws:kms:eu-central-1:111122223333:key/logs"
    error_message = "Logs are encrypted, and kept for 90 days."
  }
  assert {
    condition     = { for s in aws_ecs_cluster.this.setting : s.name => s.value } == { containerInsights = "enabled" }
    error_message = "Alarms need Container Insights."
  }
  assert {
    condition     = aws_cloudwatch_log_group.insights.name == "/aws/ecs/containerinsights/prod-orders/performance" && aws_ecs_cluster.this.name == module.pipeline.names.cluster && aws_ecs_cluster.this.name == "prod-orders"
    error_message = "Container Insights writes to the group that is there, encrypted, and makes none of its own."
  }
  assert {
    condition     = !aws_ecs_service.this.enable_execute_command && length(aws_ecs_cluster.this.configuration) == 0 && length(aws_cloudwatch_log_group.exec) == 0 && length(module.exec_key) == 0
    error_message = "ECS Exec is off: it needs a root that can be written to."
  }
  assert {
    condition     = length(aws_ecs_task_definition.this.volume) == 0 && jsondecode(aws_ecs_task_definition.this.container_definitions)[0].dependsOn == []
    error_message = "Nothing can be written to, and nothing is waited for."
  }

  # Roles

  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.task.policy).Statement : s.Action if s.Resource != "*"] == [["sns:Publish"], ["kms:GenerateDataKey", "kms:Decrypt"]]
    error_message = "The program publishes to its topic."
  }
  assert {
    condition = toset(flatten([for s in jsondecode(aws_iam_role_policy.task.policy).Statement : s.Action if s.Resource == "*"])) == toset([
      "xray:PutTraceSegments", "xray:PutSpans", "xray:PutSpansForIndexing", "cloudwatch:PutMetricData",
    ])
    error_message = "On everything: only what takes no resource."
  }
  assert {
    condition = [for s in jsondecode(aws_iam_role_policy.execution.policy).Statement : flatten([s.Resource])] == [
      ["*"], ["arn:aws:ecr:eu-central-1:111122223333:repository/prod-orders-intake"], ["arn:aws:logs:eu-central-1:111122223333:log-group:/ecs/prod-orders-intake:*"],
    ]
    error_message = "ECS pulls one image and writes one log."
  }
  assert {
    condition     = alltrue([for r in [aws_iam_role.task, aws_iam_role.execution, aws_iam_role.load_balancer] : r.permissions_boundary == "arn:aws:iam::111122223333:policy/prod-orders-boundary"])
    error_message = "Roles are bounded."
  }
  assert {
    condition     = [aws_iam_role.task.name, aws_iam_role.execution.name] == ["prod-orders-intake-task", "prod-orders-intake-execution"]
    error_message = "Roles have their names."
  }

  # Scaling

  assert {
    condition = (
      aws_appautoscaling_target.this.min_capacity == 3 && aws_appautoscaling_target.this.max_capacity == 30 && aws_appautoscaling_target.this.resource_id == "service/prod-orders/prod-orders-intake" &&
      aws_appautoscaling_policy.cpu.target_tracking_scaling_policy_configuration[0].target_value == 60
    )
    error_message = "Three to thirty tasks at 60 % CPU."
  }
  assert {
    condition = aws_appautoscaling_policy.requests[0].target_tracking_scaling_policy_configuration[0].target_value == 12000 && toset(flatten([
      for m in aws_appautoscaling_policy.requests[0].target_tracking_scaling_policy_configuration[0].customized_metric_specification[0].metrics :
      [for d in try(m.metric_stat[0].metric[0].dimensions, []) : d.value if d.name == "TargetGroup"]
    ])) == toset(["targetgroup/a/1", "targetgroup/b/2"])
    error_message = "Requests of both target groups count."
  }
}

run "prod_edge" {
  command = plan
  variables { environment = "prod" }

  # TLS

  assert {
    condition     = aws_lb_listener.https[0].port == 443 && aws_lb_listener.https[0].protocol == "HTTPS" && aws_lb_listener.https[0].ssl_policy == "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
    error_message = "TLS 1.2 and 1.3."
  }
  assert {
    condition     = aws_lb_listener.http.default_action[0].type == "redirect" && aws_lb_listener.http.default_action[0].redirect[0].protocol == "HTTPS"
    error_message = "Port 80 redirects."
  }
  assert {
    condition     = aws_acm_certificate.this[0].domain_name == "orders.example.com" && aws_route53_record.this[0].name == "orders.example.com" && aws_route53_record.this[0].type == "A" && data.aws_route53_zone.this[0].name == "example.com"
    error_message = "The domain is the description's."
  }
  assert {
    condition     = aws_lb.this.drop_invalid_header_fields && aws_lb.this.desync_mitigation_mode == "strictest" && aws_lb.this.idle_timeout < 75 && aws_lb.this.enable_deletion_protection
    error_message = "Odd requests are dropped, and connections end before the service ends them."
  }

  # Who may send

  assert {
    condition     = [for a in aws_lb_listener_rule.events.action : a.type] == ["forward"]
    error_message = "ECS shifts the weights of a rule that forwards and does nothing else."
  }
  assert {
    condition = { for v in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment : v.name => v.value if startswith(v.name, "AUTH_") } == {
      AUTH_ALGORITHMS = "RS256"
      AUTH_AUDIENCE   = "https://orders.example.com"
      AUTH_ISSUER     = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI"
      AUTH_JWKS       = var.jwks
      AUTH_SCOPES     = "https://orders.example.com/events.write"
    }
    error_message = "The service checks tokens."
  }
  assert {
    condition = toset(flatten([for c in aws_lb_listener_rule.events.condition : concat(
      flatten([for p in c.path_pattern : tolist(p.values)]), flatten([for h in c.host_header : tolist(h.values)]), flatten([for s in c.source_ip : tolist(s.values)])
    )])) == toset(["/v1/*", "orders.example.com"])
    error_message = "Only events of the domain are forwarded; addresses are not asked for."
  }
  assert {
    condition     = aws_lb_listener.https[0].default_action[0].type == "fixed-response" && aws_lb_listener.https[0].default_action[0].fixed_response[0].status_code == "404"
    error_message = "Everything else ends here."
  }
  assert {
    condition     = { for g in aws_lb_listener_rule.events.action[0].forward[0].target_group : g.arn => g.weight } == { (aws_lb_target_group.this["a"].arn) = 100, (aws_lb_target_group.this["b"].arn) = 0 }
    error_message = "At first one group has all requests."
  }

  # Firewall

  assert {
    condition     = aws_wafv2_web_acl.this[0].name == "prod-orders-intake" && one(aws_wafv2_web_acl.this[0].visibility_config).metric_name == "prod-orders-intake"
    error_message = "Alarms and runbooks find the web ACL by the service's name."
  }
  assert {
    condition     = one([for r in aws_wafv2_web_acl.this[0].rule : one(one(r.statement).rate_based_statement).limit if r.name == "rate"]) == 20000
    error_message = "One address sends so many requests at most."
  }
  assert {
    condition     = length(aws_wafv2_web_acl.this[0].rule) == 4 && aws_wafv2_web_acl_association.this[0].web_acl_arn == aws_wafv2_web_acl.this[0].arn
    error_message = "A rate and three sets of AWS's rules stand before the load balancer."
  }
  assert {
    condition     = aws_cloudwatch_log_group.waf[0].name == "aws-waf-logs-prod-orders-intake" && contains(flatten([for f in aws_wafv2_web_acl_logging_configuration.this[0].redacted_fields : [for h in f.single_header : h.name]]), "authorization")
    error_message = "What was blocked is logged, without tokens."
  }

  # Access logs

  assert {
    condition     = aws_s3_bucket.access_logs.bucket == "prod-orders-access-logs-111122223333" && aws_lb.this.access_logs[0].enabled
    error_message = "Runbooks find the bucket by its name."
  }
  assert {
    condition = (
      aws_s3_bucket_public_access_block.access_logs.block_public_acls && aws_s3_bucket_public_access_block.access_logs.block_public_policy &&
      aws_s3_bucket_public_access_block.access_logs.ignore_public_acls && aws_s3_bucket_public_access_block.access_logs.restrict_public_buckets
    )
    error_message = "Access logs are private."
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.access_logs.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "The load balancer writes with S3's keys only."
  }
  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.access_logs.rule[0].expiration[0].days == 90
    error_message = "Access logs are kept for 90 days."
  }
  assert {
    condition = [for s in jsondecode(aws_s3_bucket_policy.access_logs.policy).Statement : [s.Effect, s.Resource]] == [
      ["Allow", "arn:aws:s3:::prod-orders-access-logs-111122223333/AWSLogs/111122223333/*"],
      ["Deny", ["arn:aws:s3:::prod-orders-access-logs-111122223333", "arn:aws:s3:::prod-orders-access-logs-111122223333/*"]],
    ]
    error_message = "The load balancers of this account write; nobody does without TLS."
  }
  assert {
    condition     = output.target_groups == { a = "targetgroup/a/1", b = "targetgroup/b/2" } && startswith(output.load_balancer, "app/")
    error_message = "Alarms are told what they watch."
  }
}

run "prod_with_tokens_checked_twice" {
  command = plan
  variables {
    environment             = "prod"
    verify_at_load_balancer = true
  }

  assert {
    condition     = [for a in aws_lb_listener_rule.events.action : a.type] == ["jwt-validation", "forward"]
    error_message = "A token first, then the tasks."
  }
  assert {
    condition = (
      aws_lb_listener_rule.events.action[0].jwt_validation[0].issuer == "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI" &&
      { for c in aws_lb_listener_rule.events.action[0].jwt_validation[0].additional_claim : c.name => one(c.values) } == { scope = "https://orders.example.com/events.write", token_use = "access" }
    )
    error_message = "Access tokens of the user pool, for the scope of events."
  }
  assert {
    condition = alltrue(flatten([for j in aws_lb_listener_rule.events.action[0].jwt_validation : [
      length(j.issuer) <= 256, length(j.jwks_endpoint) <= 256, startswith(j.jwks_endpoint, "https://"), length(j.additional_claim) <= 10,
      [for c in j.additional_claim : [
        !contains(["exp", "iss", "nbf", "iat"], c.name), contains(["single-string", "string-array", "space-separated-values"], c.format),
        length(c.values) <= 10, [for v in c.values : length(v) <= 256 && !strcontains(v, " ")],
      ]],
    ]]))
    error_message = "Claims are what the load balancer takes: see JwtValidationActionAdditionalClaim of its API."
  }
  assert {
    condition     = contains([for v in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment : v.name], "AUTH_ISSUER")
    error_message = "The service checks tokens nevertheless."
  }
}

run "prod_with_alb_spans" {
  command = plan
  variables {
    environment      = "prod"
    albspans_package = { bucket = "packages", key = "albspans.zip", sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  }

  assert {
    condition     = contains(jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment, { name = "ALB_SPANS", value = "true" })
    error_message = "The service hangs its spans under the load balancer's only where something makes those."
  }
  assert {
    condition     = aws_lambda_permission.access_logs[0].source_arn == "arn:aws:s3:::prod-orders-access-logs-111122223333" && aws_lambda_permission.access_logs[0].source_account == "111122223333"
    error_message = "The bucket, and no other, tells the function."
  }
  assert {
    condition     = aws_s3_bucket_notification.access_logs[0].lambda_function[0].filter_suffix == ".log.gz" && aws_s3_bucket_notification.access_logs[0].lambda_function[0].filter_prefix == "AWSLogs/111122223333/elasticloadbalancing/eu-central-1/"
    error_message = "The function is told of the load balancers' logs alone, not of the file by which one tries the bucket."
  }
  assert {
    condition     = aws_lambda_function_event_invoke_config.albspans[0].maximum_retry_attempts == 2
    error_message = "A file that was not read is read again."
  }
  assert {
    condition     = aws_sqs_queue.albspans_dlq[0].name == "prod-orders-albspans-dlq" && aws_sqs_queue.albspans_dlq[0].message_retention_seconds == 1209600 && endswith(local.albspans_dlq_arn, ":${aws_sqs_queue.albspans_dlq[0].name}")
    error_message = "What S3 said of a file that was given up is kept, for as long as SQS can."
  }
  assert {
    condition = [for name in ["OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"] : local.albspans_environment[name]] == [
      for name in ["OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"] : one([for v in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment : v.value if v.name == name])
    ]
    error_message = "The function and the service decide alike on each trace."
  }
  assert {
    condition     = local.albspans_environment["ALB_SERVICE_NAME"] == "orders-load-balancer" && local.albspans_environment["OTEL_SERVICE_NAME"] == "orders-albspans"
    error_message = "The load balancer's spans are not the function's."
  }
}

run "prod_with_exec" {
  command = plan
  variables {
    environment     = "prod"
    execute_command = true
  }

  assert {
    condition     = aws_ecs_service.this.enable_execute_command && aws_ecs_cluster.this.configuration[0].execute_command_configuration[0].kms_key_id == module.exec_key[0].arn && aws_cloudwatch_log_group.exec[0].name == "/ecs/prod-orders-exec"
    error_message = "Sessions of ECS Exec are encrypted and logged."
  }
  assert {
    condition = [for c in jsondecode(aws_ecs_task_definition.this.container_definitions) : [c.readonlyRootFilesystem, c.linuxParameters.initProcessEnabled, c.user, c.privileged, c.linuxParameters.capabilities.drop]] == [
      [false, true, "65532:65532", false, ["ALL"]],
    ]
    error_message = "The agent of ECS Exec writes to the root, and nothing else is given up."
  }
  assert {
    condition = [for s in jsondecode(aws_iam_role_policy.task.policy).Statement : s.Action if startswith(s.Sid, "Exec")] == [
      ["ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"],
      ["kms:Decrypt"], ["logs:DescribeLogGroups"], ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
    ]
    error_message = "A task may open sessions and log them."
  }
}

run "no_way_to_cognito" {
  command = plan
  variables {
    environment             = "prod"
    verify_at_load_balancer = true
  }

  override_data {
    target = data.terraform_remote_state.network
    values = {
      outputs = {
        vpc_id             = "vpc-1"
        public_subnet_ids  = ["subnet-4", "subnet-5", "subnet-6"]
        private_subnet_ids = ["subnet-1", "subnet-2", "subnet-3"]
        security_group_ids = { load-balancer = "sg-load-balancer", service = "sg-service", functions = "sg-functions" }
        reaches            = { cognito = false, sessions = false }
        log_key_arn        = "arn:aws:kms:eu-central-1:111122223333:key/logs"
      }
    }
  }
  expect_failures = [aws_lb_listener_rule.events]
}

run "no_endpoint_for_sessions" {
  command = plan
  variables {
    environment     = "prod"
    execute_command = true
  }

  override_data {
    target = data.terraform_remote_state.network
    values = {
      outputs = {
        vpc_id             = "vpc-1"
        public_subnet_ids  = ["subnet-4", "subnet-5", "subnet-6"]
        private_subnet_ids = ["subnet-1", "subnet-2", "subnet-3"]
        security_group_ids = { load-balancer = "sg-load-balancer", service = "sg-service", functions = "sg-functions" }
        reaches            = { cognito = false, sessions = false }
        log_key_arn        = "arn:aws:kms:eu-central-1:111122223333:key/logs"
      }
    }
  }
  expect_failures = [aws_ecs_service.this]
}

run "keys_are_missing" {
  command = plan
  variables {
    environment = "prod"
    jwks        = ""
  }
  expect_failures = [aws_ecs_task_definition.this]
}

run "bad_variables" {
  command = plan
  variables {
    environment     = "prod"
    image_tag       = "latest"
    jwks            = "{}"
    waf_count_rules = ["not a rule"]
    collector       = { image = "otel/opentelemetry-collector:latest", config = "nowhere" }
  }
  expect_failures = [var.image_tag, var.jwks, var.waf_count_rules, var.collector]
}
