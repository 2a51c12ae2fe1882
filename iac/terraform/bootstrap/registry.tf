# Images, by the SHA of their commit. A tag never moves.
locals {
  repositories = merge(
    { service = local.names.service.repository },
    # The tasks reach no registry but this one: with a sidecar, its image is
    # copied here.
    local.settings.telemetry.export == "collector" ? { collector = "${local.prefix}-collector" } : {},
  )
}

resource "aws_ecr_repository" "this" {
  for_each = local.repositories

  name                 = each.value
  image_tag_mutability = "IMMUTABLE"

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = module.artifact_key.arn
  }
}

# A rollback goes a few versions back, never a hundred.
resource "aws_ecr_lifecycle_policy" "this" {
  for_each = aws_ecr_repository.this

  repository = each.value.name

  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "What no tag points to, such as halves of a failed push."
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 7 }
        action       = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "The last hundred versions."
        selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = 100 }
        action       = { type = "expire" }
      },
    ]
  })
}
