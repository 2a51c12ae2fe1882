# Without a domain the load balancer speaks HTTP, by its own name: for a first
# look, and with edge.authentication: none only.
locals {
  domain = local.settings.edge.domain
  tls    = local.domain != ""
}

data "aws_route53_zone" "this" {
  count = local.tls ? 1 : 0

  name         = local.settings.edge.hosted_zone
  private_zone = false
}

resource "aws_acm_certificate" "this" {
  count = local.tls ? 1 : 0

  domain_name       = local.domain
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "validation" {
  count = local.tls ? 1 : 0

  zone_id         = data.aws_route53_zone.this[0].zone_id
  name            = one(aws_acm_certificate.this[0].domain_validation_options).resource_record_name
  type            = one(aws_acm_certificate.this[0].domain_validation_options).resource_record_type
  records         = [one(aws_acm_certificate.this[0].domain_validation_options).resource_record_value]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  count = local.tls ? 1 : 0

  certificate_arn         = aws_acm_certificate.this[0].arn
  validation_record_fqdns = [aws_route53_record.validation[0].fqdn]
}

resource "aws_route53_record" "this" {
  count = local.tls ? 1 : 0

  zone_id = data.aws_route53_zone.this[0].zone_id
  name    = local.domain
  type    = "A"

  alias {
    name                   = aws_lb.this.dns_name
    zone_id                = aws_lb.this.zone_id
    evaluate_target_health = true
  }
}
