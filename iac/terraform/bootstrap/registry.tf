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

# A rollback goes a few versions back, and verifies what it goes back to. To a
# lifecycle policy a version is several images, which it cannot tell apart
# (aws/containers-roadmap#2613): the image itself, the index that names it, its
# signature, its SBOM, and what lists the two where a registry does not. Most of them
# have no tag, so that "what is untagged and old" would be the signatures of all but
# the newest versions: there is no such rule, and halves of failed pushes go with the
# rest.
locals {
  kept_versions      = 100
  images_per_version = 5
}

resource "aws_ecr_lifecycle_policy" "this" {
  for_each = aws_ecr_repository.this

  repository = each.value.name

  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "The last ${local.kept_versions} versions, with signatures and SBOMs."
      selection    = { tagStatus = "any", countType = "imageCountMoreThan", countNumber = local.kept_versions * local.images_per_version }
      action       = { type = "expire" }
    }]
  })
}
