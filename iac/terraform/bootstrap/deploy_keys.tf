# What delivery may do with keys. They have no names, but the tags that every module
# sets. That a tag counts may take KMS five minutes ("ABAC for AWS KMS", developer
# guide): what is done at once with a new key, and harms none, asks for no tags.
locals {
  kms_keys = "${local.arn}:kms:${local.here}:key/*"

  deploy_keys = [
    {
      # To make a key is to tag it, and to give it its policy; no later change of a
      # policy has tags in its request. Another pipeline's keys are not tagged anew:
      # see deploy_others.
      Sid       = "MakeKeys"
      Effect    = "Allow"
      Action    = ["kms:CreateKey", "kms:TagResource", "kms:PutKeyPolicy"]
      Resource  = "*"
      Condition = { StringEquals = local.becomes_ours }
    },
    {
      Sid       = "KeepKeys"
      Effect    = "Allow"
      Action    = ["kms:PutKeyPolicy", "kms:TagResource", "kms:UntagResource", "kms:UpdateKeyDescription", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion", "kms:UpdateAlias", "kms:DeleteAlias"]
      Resource  = local.kms_keys
      Condition = { StringEquals = local.is_ours }
    },
    {
      Sid      = "SetUpKeys"
      Effect   = "Allow"
      Action   = ["kms:EnableKeyRotation", "kms:CreateAlias"]
      Resource = local.kms_keys
    },
    {
      Sid      = "NameKeys"
      Effect   = "Allow"
      Action   = ["kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"]
      Resource = "${local.arn}:kms:${local.here}:alias/${local.prefix}-*"
    },
    {
      # A database, a table, a function: the service that keeps it is granted the key.
      Sid       = "GrantKeysToServices"
      Effect    = "Allow"
      Action    = ["kms:CreateGrant"]
      Resource  = local.kms_keys
      Condition = { Bool = { "kms:GrantIsForAWSResource" = "true" } }
    },
    {
      # Encrypting resources needs the keys of the pipeline; its messages and
      # secrets stay out of reach: see no-data.
      Sid       = "UseKeysThroughServices"
      Effect    = "Allow"
      Action    = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext", "kms:DescribeKey"]
      Resource  = local.kms_keys
      Condition = { StringEquals = { "kms:ViaService" = [for service in ["rds", "secretsmanager", "s3", "ecr", "lambda", "dynamodb"] : "${service}.${local.region}.amazonaws.com"] } }
    },
    {
      # Bootstrap's keys have the same tags, and are an administrator's.
      Sid      = "HandsOffBootstrapsKeys"
      Effect   = "Deny"
      Action   = ["kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey", "kms:TagResource", "kms:UntagResource", "kms:UpdateAlias", "kms:DeleteAlias", "kms:CreateGrant"]
      Resource = [module.state_key.arn, module.artifact_key.arn]
    },
  ]
}
