mock_provider "aws" {
  source          = "../modules/mocks"
  override_during = plan
}

run "dev" {
  command = plan
  variables { environment = "dev" }

  assert {
    condition     = output.state_bucket == "dev-orders-state-111122223333" && output.state_keys.network == "dev-orders/network.tfstate" && output.packages_bucket == "dev-orders-packages-111122223333"
    error_message = "Buckets and keys bear the environment's name."
  }
  assert {
    condition     = aws_ecr_repository.this["service"].name == "dev-orders-intake"
    error_message = "The repository is the description's."
  }
}

run "prod" {
  command = plan
  variables { environment = "prod" }

  # Images

  assert {
    condition = keys(aws_ecr_repository.this) == ["service"] && alltrue([for r in aws_ecr_repository.this :
      r.image_tag_mutability == "IMMUTABLE" && r.image_scanning_configuration[0].scan_on_push && r.encryption_configuration[0].kms_key == module.artifact_key.arn
    ])
    error_message = "Tags never move; images are scanned and encrypted."
  }
  assert {
    condition     = [for r in jsondecode(aws_ecr_lifecycle_policy.this["service"].policy).rules : "${r.selection.tagStatus} ${r.selection.countType} ${r.selection.countNumber}"] == ["any imageCountMoreThan 500"]
    error_message = "A hundred versions are kept with what signs them, and no signature goes before its image for want of a tag."
  }

  # Workflows

  assert {
    condition = { for name, r in aws_iam_role.github : name => jsondecode(r.assume_role_policy).Statement[0].Condition.StringEquals } == {
      deploy = { "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com", "token.actions.githubusercontent.com:sub" = ["repo:tracehaul/tracehaul:environment:prod"] }
      plan   = { "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com", "token.actions.githubusercontent.com:sub" = ["repo:tracehaul/tracehaul:pull_request", "repo:tracehaul/tracehaul:ref:refs/heads/main"] }
    }
    error_message = "Jobs of one GitHub environment deploy; pull requests and the main branch plan."
  }
  assert {
    condition = alltrue([for r in aws_iam_role.github :
      jsondecode(r.assume_role_policy).Statement[0].Principal == { Federated = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com" } && r.max_session_duration == 7200
    ])
    error_message = "Only GitHub's identity provider."
  }
  assert {
    condition     = toset(keys(aws_iam_role_policy.no_data)) == toset(["deploy", "plan"]) && contains(jsondecode(aws_iam_role_policy.no_data["deploy"].policy).Statement[0].Action, "sqs:ReceiveMessage")
    error_message = "No workflow reads what flows through the pipeline."
  }
  assert {
    condition = alltrue([for p in aws_iam_role_policy.no_data :
      length(p.policy) <= 8000 && one([for s in jsondecode(p.policy).Statement : s.NotResource if s.Sid == "NoSecretsOfClients"]) == ["arn:aws:cognito-idp:eu-central-1:111122223333:userpool/none"]
    ])
    error_message = "With jwt nobody reads a client's secret; and a role's own policies have 10,240 characters together."
  }
  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.plan.policy).Statement : flatten([s.Action])] == [["s3:ListBucket"], ["s3:GetObject"], ["kms:Decrypt"]]
    error_message = "A plan reads states and writes nothing."
  }

  # Spans

  assert {
    condition = jsondecode(aws_cloudwatch_log_resource_policy.spans[0].policy_document).Statement[0].Condition == {
      ArnLike = { "aws:SourceArn" = "arn:aws:xray:eu-central-1:111122223333:*" }, StringEquals = { "aws:SourceAccount" = "111122223333" }
    }
    error_message = "X-Ray writes the spans of this account."
  }

  # What delivery may change

  assert {
    condition     = alltrue([for p in aws_iam_policy.deploy : length(p.policy) <= 6144]) && length(aws_iam_policy.boundary.policy) <= 6144 && length(aws_iam_policy.deploy) + 1 <= 10
    error_message = "IAM takes policies of 6,144 characters, and ten of them."
  }
  assert {
    condition = alltrue(flatten([for p in aws_iam_policy.deploy : [for s in jsondecode(p.policy).Statement :
      s.Resource != "*" || s.Effect == "Deny" || can(s.Condition.StringEquals["aws:RequestedRegion"]) || s.Action == ["ecr:GetAuthorizationToken"]
    ]]))
    error_message = "On everything: only within the region."
  }
  assert {
    condition = !contains(flatten([for p in aws_iam_policy.deploy : [for s in jsondecode(p.policy).Statement : flatten([s.Action]) if s.Effect == "Allow"]]), "*") && !anytrue(flatten([
      for p in aws_iam_policy.deploy : [for s in jsondecode(p.policy).Statement : [for a in flatten([s.Action]) : startswith(a, "iam:") && strcontains(a, "*")] if s.Effect == "Allow"]
    ]))
    error_message = "No wildcard for everything, and none in IAM."
  }
  assert {
    condition = alltrue([for sid, conditions in {
      MakeKeys             = { "aws:RequestedRegion" = "eu-central-1", "aws:RequestTag/product" = "orders", "aws:RequestTag/environment" = "prod" }
      KeepKeys             = { "aws:RequestedRegion" = "eu-central-1", "aws:ResourceTag/product" = "orders", "aws:ResourceTag/environment" = "prod" }
      MakeNetwork          = { "aws:RequestedRegion" = "eu-central-1", "aws:RequestTag/product" = "orders", "aws:RequestTag/environment" = "prod" }
      KeepNetwork          = { "aws:RequestedRegion" = "eu-central-1", "aws:ResourceTag/product" = "orders", "aws:ResourceTag/environment" = "prod" }
      AskForCertificates   = { "aws:RequestedRegion" = "eu-central-1", "aws:RequestTag/product" = "orders", "aws:RequestTag/environment" = "prod" }
      KeepCertificates     = { "aws:RequestedRegion" = "eu-central-1", "aws:ResourceTag/product" = "orders", "aws:ResourceTag/environment" = "prod" }
      KeepCodeSigning      = { "aws:RequestedRegion" = "eu-central-1", "aws:ResourceTag/product" = "orders", "aws:ResourceTag/environment" = "prod" }
      MapQueuesToFunctions = { "aws:RequestedRegion" = "eu-central-1" }
      } : one(flatten([for p in aws_iam_policy.deploy : [for s in jsondecode(p.policy).Statement : s.Condition.StringEquals if s.Sid == sid]])) == conditions
    ])
    error_message = "What has no name is made with the pipeline's tags, and changed only with them."
  }
  assert {
    condition = alltrue([for sid in ["MapQueuesToFunctions", "KeepMappings"] :
      one([for s in jsondecode(aws_iam_policy.deploy["unnamed"].policy).Statement : s.Condition.ArnLike if s.Sid == sid]) == { "lambda:FunctionArn" = "arn:aws:lambda:eu-central-1:111122223333:function:prod-orders-*" }
    ])
    error_message = "Queues invoke the pipeline's functions alone."
  }
  assert {
    condition = one([for s in jsondecode(aws_iam_policy.deploy["keys"].policy).Statement : s.Condition if s.Sid == "GrantKeysToServices"]) == { Bool = { "kms:GrantIsForAWSResource" = "true" } } && (
      one([for s in jsondecode(aws_iam_policy.deploy["keys"].policy).Statement : contains(s.Action, "kms:ScheduleKeyDeletion") && s.Effect == "Deny" && length(s.Resource) == 2 if s.Sid == "HandsOffBootstrapsKeys"])
    )
    error_message = "Only services are granted keys, and bootstrap's are not delivery's."
  }
  assert {
    condition = { for s in jsondecode(aws_iam_policy.deploy["others"].policy).Statement : s.Sid => s.Condition if s.Effect == "Deny" && contains(s.Action, "kms:TagResource") && contains(s.Action, "ec2:CreateTags") } == {
      AnotherProduct     = { Null = { "aws:ResourceTag/product" = "false" }, StringNotEquals = { "aws:ResourceTag/product" = "orders" } }
      AnotherEnvironment = { Null = { "aws:ResourceTag/environment" = "false" }, StringNotEquals = { "aws:ResourceTag/environment" = "prod" } }
    }
    error_message = "Nothing of another pipeline is made this one's by tagging it."
  }
  assert {
    condition = alltrue(flatten([for p in aws_iam_policy.deploy : [for s in jsondecode(p.policy).Statement : [for a in flatten([s.Action]) :
      s.Sid == "ByName" || !strcontains(a, "*")] if s.Effect == "Allow"
    ]])) && !contains(flatten([for p in aws_iam_policy.deploy : [for s in jsondecode(p.policy).Statement : s.Action]]), "acm:ExportCertificate")
    error_message = "Wildcards in actions are for what has the pipeline's name."
  }
  assert {
    condition = one([for s in jsondecode(aws_iam_policy.deploy["roles"].policy).Statement : s.Condition if s.Sid == "RolesWithinTheBoundary"]) == {
      StringEquals = { "iam:PermissionsBoundary" = "arn:aws:iam::111122223333:policy/prod-orders-boundary" }
    }
    error_message = "Roles are made within the boundary, or not at all."
  }
  assert {
    condition = toset(one([for s in jsondecode(aws_iam_policy.deploy["roles"].policy).Statement : s.Resource if s.Sid == "HandsOffOneself"])) == toset([
      "arn:aws:iam::111122223333:role/prod-orders-deploy", "arn:aws:iam::111122223333:role/prod-orders-plan",
    ])
    error_message = "Delivery cannot change itself."
  }
  assert {
    condition     = aws_iam_policy.boundary.name == "prod-orders-boundary" && !anytrue(flatten([for s in jsondecode(aws_iam_policy.boundary.policy).Statement : [for a in s.Action : strcontains(a, "*") || startswith(a, "iam:") || startswith(a, "sts:")]]))
    error_message = "The boundary names every action; roles and credentials are not among them."
  }

  assert {
    condition = toset([for r in jsondecode(aws_iam_policy.boundary.policy).Statement[0].Resource : r if strcontains(r, ":secretsmanager:")]) == toset([
      for name in ["prod-orders-*", "prod-orders/*", "orders/*", "rds!cluster-*", "orders/slack-??????", "orders/pagerduty-??????"] : "arn:aws:secretsmanager:eu-central-1:111122223333:secret:${name}"
    ])
    error_message = "No role reads a secret of anybody else's."
  }

  # Clients

  assert {
    condition     = aws_cognito_user_pool.this[0].admin_create_user_config[0].allow_admin_create_user_only && aws_cognito_user_pool.this[0].deletion_protection == "ACTIVE"
    error_message = "Nobody signs up, and nobody deletes the pool by mistake."
  }
  assert {
    condition     = aws_cognito_resource_server.this[0].identifier == "https://orders.example.com" && one(aws_cognito_resource_server.this[0].scope).scope_name == "events.write"
    error_message = "Tokens are for sending events to the domain."
  }
  assert {
    condition = output.identity.issuer == "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI" && output.identity.scope == "https://orders.example.com/events.write" && (
      output.jwks_uri == "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI/.well-known/jwks.json"
    )
    error_message = "The service is told how to check a token."
  }
}

run "subjects_with_numbers" {
  command = plan
  variables {
    environment          = "prod"
    github_owner_id      = "123456"
    github_repository_id = "456789"
  }

  assert {
    condition = { for name, r in aws_iam_role.github : name => jsondecode(r.assume_role_policy).Statement[0].Condition.StringEquals["token.actions.githubusercontent.com:sub"] } == {
      deploy = ["repo:tracehaul/tracehaul:environment:prod", "repo:tracehaul@123456/tracehaul@456789:environment:prod"]
      plan = [
        "repo:tracehaul/tracehaul:pull_request", "repo:tracehaul/tracehaul:ref:refs/heads/main",
        "repo:tracehaul@123456/tracehaul@456789:pull_request", "repo:tracehaul@123456/tracehaul@456789:ref:refs/heads/main",
      ]
    }
    error_message = "With numbers, both forms of a subject are trusted, and nothing else is."
  }
}

run "prod_beside_another" {
  command = plan
  variables {
    environment       = "prod"
    first_in_account  = false
    github_repository = "shop/orders"
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.github) == 0 && length(aws_cloudwatch_log_resource_policy.spans) == 0 && local.subjects.deploy[0] == "repo:shop/orders:environment:prod"
    error_message = "What an account has once is not made twice."
  }
}

run "people_and_a_collector" {
  command = plan
  variables {
    environment     = "prod"
    login_client_id = "1h57kf5cpq17m0eml12example"
  }

  override_module {
    target = module.pipeline
    outputs = {
      settings = {
        product   = "orders", environment = "prod", region = "eu-central-1", repository = "https://git.example.com/orders"
        service   = { name = "intake" }, topic = { event = "order" }
        edge      = { domain = "orders.example.com", authentication = "cognito" }
        telemetry = { export = "collector" }
      }
      names = {
        prefix  = "other-orders", cluster = "prod-orders", load_balancer = "prod-orders-intake", access_log_prefix = "prod-orders-access-logs"
        service = { name = "prod-orders-intake", repository = "prod-orders-intake" }
      }
      tags = {}
    }
  }
  # Not on GitHub, and nobody said where.
  expect_failures = [aws_iam_role.github]

  assert {
    condition     = output.identity.login_client_id == "1h57kf5cpq17m0eml12example"
    error_message = "People log in through the load balancer's client."
  }
  assert {
    condition     = length(local.described_pools.plan) == 0 && join(",", local.described_pools.deploy) == "arn:aws:cognito-idp:eu-central-1:111122223333:userpool/eu-central-1_AbCdEfGhI"
    error_message = "Who configures the login describes its client: delivery, of this pool."
  }
  assert {
    condition     = one([for s in jsondecode(aws_iam_policy.boundary.policy).Statement : s.Resource if s.Sid == "ClientOfTheLogin"]) == "arn:aws:cognito-idp:eu-central-1:111122223333:userpool/eu-central-1_AbCdEfGhI"
    error_message = "So may ECS, if its role has the right."
  }
  assert {
    condition     = keys(aws_ecr_repository.this) == ["collector", "service"] && aws_ecr_repository.this["collector"].name == "other-orders-collector"
    error_message = "The collector's image has a repository."
  }
  assert {
    condition = alltrue([for r in aws_ecr_repository.this :
      r.image_tag_mutability == "IMMUTABLE" && r.image_scanning_configuration[0].scan_on_push && r.encryption_configuration[0].encryption_type == "KMS" && r.encryption_configuration[0].kms_key == module.artifact_key.arn
    ])
    error_message = "It is kept as the service's is: tags never move, images are scanned and encrypted."
  }
  assert {
    condition     = keys(output.repository_urls) == ["collector", "service"] && keys(aws_ecr_lifecycle_policy.this) == ["collector", "service"]
    error_message = "Service is told where it is, and old images go."
  }
  assert {
    condition = one([for s in jsondecode(aws_iam_policy.deploy["artifacts"].policy).Statement : s.Resource if s.Sid == "PushImages"]) == [
      "arn:aws:ecr:eu-central-1:111122223333:repository/other-orders-collector", "arn:aws:ecr:eu-central-1:111122223333:repository/prod-orders-intake",
    ]
    error_message = "Delivery pushes to both."
  }
}

run "bad_variables" {
  command = plan
  variables {
    environment       = "prod"
    github_repository = "https://github.com/tracehaul/tracehaul"
    role_arn          = "admin"
    github_owner_id   = "tracehaul"
    login_client_id   = "load-balancer"
  }
  expect_failures = [var.github_repository, var.role_arn, var.github_owner_id, var.login_client_id]
}

run "one_number_of_two" {
  command = plan
  variables {
    environment          = "prod"
    github_repository_id = "456789"
  }
  expect_failures = [var.github_owner_id]
}

run "a_number_that_is_none" {
  command = plan
  variables {
    environment          = "prod"
    github_owner_id      = "123456"
    github_repository_id = "*"
  }
  expect_failures = [var.github_repository_id]
}
