# The web ACL is named as the service, and so is its metric: alarms and runbooks
# find it by that.
locals {
  managed_rules = {
    AWSManagedRulesAmazonIpReputationList = { priority = 10, count = [] }
    AWSManagedRulesKnownBadInputsRuleSet  = { priority = 20, count = [] }
    AWSManagedRulesCommonRuleSet          = { priority = 30, count = var.waf_count_rules }
  }
}

resource "aws_wafv2_web_acl" "this" {
  count = local.settings.edge.waf ? 1 : 0

  name        = local.names.service.name
  description = "Guards the load balancer of ${local.names.service.name}."
  scope       = "REGIONAL"

  default_action {
    allow {}
  }

  # Before everything else: a flood costs nothing more.
  rule {
    name     = "rate"
    priority = 0

    action {
      block {}
    }

    statement {
      rate_based_statement {
        limit                 = local.settings.edge.waf_rate_limit
        evaluation_window_sec = 300
        aggregate_key_type    = "IP"
      }
    }

    visibility_config {
      metric_name                = "rate"
      cloudwatch_metrics_enabled = true
      sampled_requests_enabled   = true
    }
  }

  dynamic "rule" {
    for_each = local.managed_rules

    content {
      name     = rule.key
      priority = rule.value.priority

      override_action {
        none {}
      }

      statement {
        managed_rule_group_statement {
          vendor_name = "AWS"
          name        = rule.key

          dynamic "rule_action_override" {
            for_each = rule.value.count

            content {
              name = rule_action_override.value

              action_to_use {
                count {}
              }
            }
          }
        }
      }

      visibility_config {
        metric_name                = rule.key
        cloudwatch_metrics_enabled = true
        sampled_requests_enabled   = true
      }
    }
  }

  visibility_config {
    metric_name                = local.names.service.name
    cloudwatch_metrics_enabled = true
    sampled_requests_enabled   = true
  }
}

resource "aws_wafv2_web_acl_association" "this" {
  count = local.settings.edge.waf ? 1 : 0

  resource_arn = aws_lb.this.arn
  web_acl_arn  = aws_wafv2_web_acl.this[0].arn
}

# Requests that were blocked or counted; those that were let in are in the access
# log. WAF takes log groups of this name only.
resource "aws_cloudwatch_log_group" "waf" {
  count = local.settings.edge.waf ? 1 : 0

  name              = "aws-waf-logs-${local.names.service.name}"
  retention_in_days = local.settings.telemetry.log_retention_days
  kms_key_id        = local.network.log_key_arn
}

resource "aws_wafv2_web_acl_logging_configuration" "this" {
  count = local.settings.edge.waf ? 1 : 0

  resource_arn            = aws_wafv2_web_acl.this[0].arn
  log_destination_configs = [aws_cloudwatch_log_group.waf[0].arn]

  redacted_fields {
    single_header {
      name = "authorization"
    }
  }
  redacted_fields {
    single_header {
      name = "cookie"
    }
  }

  logging_filter {
    default_behavior = "DROP"

    filter {
      behavior    = "KEEP"
      requirement = "MEETS_ANY"

      condition {
        action_condition {
          action = "BLOCK"
        }
      }
      condition {
        action_condition {
          action = "COUNT"
        }
      }
    }
  }
}
