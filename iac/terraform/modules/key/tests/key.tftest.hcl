mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name        = "prod-orders-messages"
  description = "Messages."
}

run "for_one_service" {
  command = plan
  variables {
    statements = [{
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = ["kms:Decrypt"]
      Resource  = "*"
      Condition = { ArnEquals = { "aws:SourceArn" = "arn:aws:sns:eu-central-1:111122223333:orders" } }
    }]
  }

  assert {
    condition     = aws_kms_key.this.enable_key_rotation && aws_kms_key.this.deletion_window_in_days == 30 && aws_kms_alias.this.name == "alias/prod-orders-messages"
    error_message = "The key is rotated, and takes a month to be gone."
  }
  assert {
    condition = [for s in jsondecode(aws_kms_key.this.policy).Statement : s.Principal] == [
      { AWS = "arn:aws:iam::111122223333:root" }, { Service = "sns.amazonaws.com" }
    ]
    error_message = "The account decides, and one service uses it."
  }
}

run "not_for_everybody" {
  command = plan
  variables {
    statements = [{ Effect = "Allow", Principal = "*", Action = ["kms:Decrypt"], Resource = "*" }]
  }
  expect_failures = [var.statements]
}

run "not_without_a_condition" {
  command = plan
  variables {
    statements = [{ Effect = "Allow", Principal = { Service = "sns.amazonaws.com" }, Action = ["kms:Decrypt"], Resource = "*" }]
  }
  expect_failures = [var.statements]
}

run "bad_name" {
  command = plan
  variables { name = "aws/mine" }
  expect_failures = [var.name]
}
