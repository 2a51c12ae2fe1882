mock_provider "aws" {
  source          = "../mocks"
  override_during = plan
}

variables {
  name    = "prod-orders-state-111122223333"
  key_arn = "arn:aws:kms:eu-central-1:111122223333:key/state"
}

run "private_and_encrypted" {
  command = plan

  assert {
    condition = (
      aws_s3_bucket_public_access_block.this.block_public_acls && aws_s3_bucket_public_access_block.this.block_public_policy &&
      aws_s3_bucket_public_access_block.this.ignore_public_acls && aws_s3_bucket_public_access_block.this.restrict_public_buckets &&
      aws_s3_bucket_ownership_controls.this.rule[0].object_ownership == "BucketOwnerEnforced"
    )
    error_message = "Nothing is public, and nothing can be made so."
  }
  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.key_arn
    error_message = "Encrypted with the given key."
  }
  assert {
    condition     = aws_s3_bucket_versioning.this.versioning_configuration[0].status == "Enabled"
    error_message = "Old versions are kept."
  }
  assert {
    condition     = alltrue([for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : s.Effect == "Deny"]) && jsondecode(aws_s3_bucket_policy.this.policy).Statement[0].Condition == { Bool = { "aws:SecureTransport" = "false" } }
    error_message = "TLS only; who reads is decided by IAM."
  }
  assert {
    condition = { for s in jsondecode(aws_s3_bucket_policy.this.policy).Statement : s.Sid => s.Condition if s.Action == "s3:PutObject" && s.Resource == "arn:aws:s3:::prod-orders-state-111122223333/*" } == {
      OnlyKMS         = { Null = { "s3:x-amz-server-side-encryption" = "false" }, StringNotEquals = { "s3:x-amz-server-side-encryption" = "aws:kms" } }
      OnlyThisKey     = { Null = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = "false" }, StringNotEquals = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = "arn:aws:kms:eu-central-1:111122223333:key/state" } }
      NoKeyOfTheirOwn = { Null = { "s3:x-amz-server-side-encryption-customer-algorithm" = "false" } }
    }
    error_message = "Whoever asks for an encryption asks for the bucket's own, or is refused; whoever asks for none gets it."
  }
}

run "bad_variables" {
  command = plan
  variables {
    name             = "My Bucket"
    key_arn          = "AES256"
    old_version_days = 0
  }
  expect_failures = [var.name, var.key_arn, var.old_version_days]
}
