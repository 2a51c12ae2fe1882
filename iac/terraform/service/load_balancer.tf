resource "aws_lb" "this" {
  name               = local.names.load_balancer
  load_balancer_type = "application"
  internal           = false
  subnets            = local.network.public_subnet_ids
  security_groups    = [local.network.security_group_ids["load-balancer"]]

  # Less than the 75 seconds for which the service keeps a connection, or the
  # load balancer sends a request into one that is just being closed.
  idle_timeout = 60

  drop_invalid_header_fields = true
  desync_mitigation_mode     = "strictest"
  xff_header_processing_mode = "append"
  enable_deletion_protection = var.deletion_protection
  enable_zonal_shift         = true

  access_logs {
    enabled = true
    bucket  = aws_s3_bucket.access_logs.id
  }

  depends_on = [aws_s3_bucket_policy.access_logs]
}

# Two groups, which swap roles at every deploy.
resource "aws_lb_target_group" "this" {
  for_each = local.names.target_groups

  name        = each.value
  vpc_id      = local.network.vpc_id
  target_type = "ip"
  protocol    = "HTTP"
  port        = local.settings.service.port

  deregistration_delay          = local.settings.service.deregistration_delay_seconds
  load_balancing_algorithm_type = "least_outstanding_requests"

  # Asks the task, not SNS: see package service. That it has too much to do is no
  # reason to take it out, as ECS would kill it then: see docs/decisions/0015.
  health_check {
    path                = "/readyz?exclude=overloaded"
    matcher             = "200"
    interval            = 5
    timeout             = 3
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }

  lifecycle {
    precondition {
      condition     = local.settings.service.deregistration_delay_seconds <= local.settings.service.stop_timeout_seconds
      error_message = "service.deregistration_delay_seconds is over stop_timeout_seconds: the load balancer would still send to a task that is killed."
    }
  }
}

locals {
  # Answers for whatever no rule forwards, in the shape of the service's own.
  not_found = jsonencode({ type = "about:blank", title = "Not Found", status = 404, detail = "There is nothing at this address. Events go to /v1/events." })
}

resource "aws_lb_listener" "https" {
  count = local.tls ? 1 : 0

  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = aws_acm_certificate_validation.this[0].certificate_arn

  # TLS 1.3, and 1.2 with forward secrecy and AEAD ciphers.
  ssl_policy = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"

  routing_http_response_server_enabled                         = false
  routing_http_response_strict_transport_security_header_value = "max-age=31536000"

  default_action {
    type = "fixed-response"

    fixed_response {
      status_code  = "404"
      content_type = "application/json"
      message_body = local.not_found
    }
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  dynamic "default_action" {
    for_each = local.tls ? ["redirect"] : []

    content {
      type = "redirect"

      redirect {
        protocol    = "HTTPS"
        port        = "443"
        status_code = "HTTP_301"
      }
    }
  }

  dynamic "default_action" {
    for_each = local.tls ? [] : ["fixed-response"]

    content {
      type = "fixed-response"

      fixed_response {
        status_code  = "404"
        content_type = "application/json"
        message_body = local.not_found
      }
    }
  }
}

# The way of every event: to the tasks, which ask who is there; with
# verify_at_load_balancer this rule asks first. ECS owns the weights of the two
# groups, Terraform sets them once. It is ECS, too, that makes the rule forward and
# nothing else by default: see docs/decisions/0012.
resource "aws_lb_listener_rule" "events" {
  listener_arn = local.tls ? aws_lb_listener.https[0].arn : aws_lb_listener.http.arn
  priority     = 100

  condition {
    path_pattern {
      values = ["/v1/*"]
    }
  }

  dynamic "condition" {
    for_each = local.tls ? [local.domain] : []

    content {
      host_header {
        values = [condition.value]
      }
    }
  }

  # Machines: a token of the user pool, for the scope that lets events in. The
  # load balancer checks signature (RS256), issuer, expiry and scope; the service
  # does so anyway. exp, iss, nbf and iat are checked anyway, and may not be
  # named; there is room for ten claims of ten values of 256 characters
  # ("JwtValidationActionAdditionalClaim", Elastic Load Balancing API).
  dynamic "action" {
    for_each = local.authentication == "jwt" && var.verify_at_load_balancer ? [local.identity] : []

    content {
      type  = "jwt-validation"
      order = 1

      jwt_validation {
        issuer        = action.value.issuer
        jwks_endpoint = action.value.jwks_uri

        additional_claim {
          name   = "scope"
          format = "space-separated-values"
          values = [action.value.scope]
        }
        additional_claim {
          name   = "token_use"
          format = "single-string"
          values = ["access"]
        }
      }
    }
  }

  # People: they log in at the user pool.
  dynamic "action" {
    for_each = local.authentication == "cognito" ? [local.identity] : []

    content {
      type  = "authenticate-cognito"
      order = 1

      authenticate_cognito {
        user_pool_arn              = action.value.user_pool_arn
        user_pool_client_id        = action.value.login_client_id
        user_pool_domain           = action.value.user_pool_domain
        scope                      = "openid email"
        session_timeout            = 8 * 60 * 60
        on_unauthenticated_request = "authenticate"
      }
    }
  }

  action {
    type  = "forward"
    order = var.verify_at_load_balancer && local.authentication != "none" ? 2 : null # alone it has no order that ECS could change

    forward {
      target_group {
        arn    = aws_lb_target_group.this["a"].arn
        weight = 100
      }
      target_group {
        arn    = aws_lb_target_group.this["b"].arn
        weight = 0
      }
    }
  }

  # Where the forwarding stands depends on whether an action comes before it.
  lifecycle {
    ignore_changes = [action[0].forward, action[1].forward]

    precondition {
      condition     = local.authentication != "cognito" || var.verify_at_load_balancer
      error_message = "edge.authentication is cognito: only the load balancer can have people log in, and AWS has documented that ECS cannot deploy by a rule that does. Try it in an environment that may fail, and set verify_at_load_balancer = true if deploys work there: docs/decisions/0012."
    }
    precondition {
      condition     = !var.verify_at_load_balancer || local.authentication == "none" || local.network.reaches.cognito
      error_message = "verify_at_load_balancer is set here and not for network: the load balancer does not reach Cognito, and could check no token. Apply network with it first."
    }
  }
}
