# ECS shifts the weights of the rule; an apply must not shift them back. The rule
# is applied here with what it needs, and planned again while a target group is
# replaced: the new group would come into the forwarding, if that were not
# ignored.
mock_provider "aws" {
  source = "../modules/mocks"
}

variables {
  environment  = "dev"
  state_bucket = "orders-state"
  image_tag    = "0123456789abcdef0123456789abcdef01234567"
}

override_data {
  target = data.terraform_remote_state.bootstrap
  values = {
    outputs = {
      repository_urls = { service = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/dev-orders-intake" }
      identity        = { issuer = "https://issuer.example.com", jwks_uri = "https://issuer.example.com/keys", scope = "events.write" }
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
      topic_arn       = "arn:aws:sns:eu-central-1:111122223333:dev-orders-order"
      message_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/messages"
    }
  }
}

override_resource {
  target = aws_lb_target_group.this["a"]
  values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/before/1" }
}

# The forwarding is the only action, or the second.
run "made" {
  plan_options {
    target = [aws_lb_listener_rule.events]
  }

  assert {
    condition     = { for g in aws_lb_listener_rule.events.action[0].forward[0].target_group : g.arn => g.weight }["arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/before/1"] == 100
    error_message = "The first group has all requests."
  }
}

run "shifted" {
  command = plan

  plan_options {
    target  = [aws_lb_listener_rule.events]
    replace = [aws_lb_target_group.this["a"]]
  }

  assert {
    condition     = { for g in aws_lb_listener_rule.events.action[0].forward[0].target_group : g.arn => g.weight }["arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/before/1"] == 100
    error_message = "Terraform leaves the forwarding alone."
  }
}

run "made_with_a_check_before" {
  variables { verify_at_load_balancer = true }

  plan_options {
    target  = [aws_lb_listener_rule.events]
    replace = [aws_lb_listener_rule.events]
  }

  assert {
    condition     = [for a in aws_lb_listener_rule.events.action : a.type] == ["jwt-validation", "forward"]
    error_message = "The check comes first."
  }
}

run "shifted_with_a_check_before" {
  command = plan
  variables { verify_at_load_balancer = true }

  plan_options {
    target  = [aws_lb_listener_rule.events]
    replace = [aws_lb_target_group.this["a"]]
  }

  assert {
    condition     = { for g in aws_lb_listener_rule.events.action[1].forward[0].target_group : g.arn => g.weight }["arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/before/1"] == 100
    error_message = "Terraform leaves the forwarding alone, wherever it stands."
  }
}
