run "dev" {
  command = plan
  variables { environment = "dev" }

  assert {
    condition     = output.names.topic == "dev-orders-order" && output.names.consumers.ledger.dlq == "dev-intake-order-ledger-dlq"
    error_message = "Names are those of package pipeline."
  }
  assert {
    condition     = output.settings.database.min_acu == 0 && output.settings.consumers.ledger.visibility_timeout_seconds == 181
    error_message = "Settings have their defaults, derived ones included."
  }
  assert {
    condition     = output.tags == tomap({ cost-centre = "4711", product = "orders", environment = "dev", owner = "team-orders" })
    error_message = "Tags: those of the description, and product, environment and owner."
  }
  assert {
    condition     = output.service_environment.OTEL_TRACES_SAMPLER_ARG == "1"
    error_message = "dev keeps every trace."
  }
}

run "prod" {
  command = plan
  variables { environment = "prod" }

  assert {
    condition     = output.settings.service.max_tasks == 30 && output.settings.consumers.ledger.batch_size == 100
    error_message = "The environment's file is merged setting by setting."
  }
  assert {
    condition     = output.service_environment.OTEL_TRACES_SAMPLER_ARG == "0.1"
    error_message = "prod keeps a tenth of the traces."
  }
  assert {
    condition = output.service_environment == output.function_environment && output.service_environment == tomap({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT  = "https://xray.eu-central-1.amazonaws.com/v1/traces"
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT = "https://monitoring.eu-central-1.amazonaws.com/v1/metrics"
      OTEL_EXPORTER_OTLP_COMPRESSION      = "gzip"
      OTEL_LOGS_EXPORTER                  = "none"
      OTEL_TRACES_SAMPLER                 = "parentbased_traceidratio"
      OTEL_TRACES_SAMPLER_ARG             = "0.1"
      LOG_LEVEL                           = "info"
    })
    error_message = "Telemetry goes to CloudWatch directly."
  }
  assert {
    condition     = output.rollback_alarms.ledger == ["prod-orders-rollback-ledger-errors", "prod-orders-rollback-ledger-items"]
    error_message = "A consumer's deploy is watched by its own alarms."
  }
  assert {
    condition     = length(output.rollback_alarms.intake) == 5 && alltrue([for name in output.rollback_alarms.intake : startswith(name, "prod-orders-rollback-")])
    error_message = "The service's deploy is watched by the alarms of the edge."
  }
}

run "no_such_environment" {
  command = plan
  variables { environment = "moon" }
  expect_failures = [var.environment]
}

# The fixture's JSON forgets that its environment has other batches and a larger
# database, and still has a consumer that is gone.
run "not_generated" {
  command = plan
  variables {
    environment = "live"
    root        = "tests/fixture"
  }
  expect_failures = [output.settings]

  assert {
    condition     = local.stale == tolist(["consumers.books.batch_size", "consumers.ghost", "database.max_acu"])
    error_message = "Found ${jsonencode(local.stale)}."
  }
  assert {
    condition     = local.rollback_alarms.till == ["live-shop-rollback-5xx"] && local.rollback_alarms.books == []
    error_message = "Alarms are resolved by their references."
  }
  assert {
    condition     = output.service_environment.OTEL_EXPORTER_OTLP_ENDPOINT == "http://localhost:4318"
    error_message = "With a collector, the service sends to it."
  }
  assert {
    condition     = output.function_environment.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT == "https://xray.eu-west-1.amazonaws.com/v1/traces"
    error_message = "A function has no collector beside it."
  }
}
