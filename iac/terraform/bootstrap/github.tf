# Workflows of the repository get short-lived credentials for a role; there are no
# access keys.
locals {
  github_host       = "token.actions.githubusercontent.com"
  github_repository = coalesce(var.github_repository, try(regex("^https://github\\.com/([^/]+/[^/]+)$", local.settings.repository)[0], null), "-")

  oidc_provider_arn = "arn:${local.partition}:iam::${local.account}:oidc-provider/${local.github_host}"

  # What a subject begins with. Those of repositories that are made, renamed or
  # moved after 15 July 2026 have the numbers of owner and repository in them, as a
  # name may have another owner tomorrow ("Immutable subject claims for GitHub
  # Actions OIDC tokens", GitHub changelog, 23 April 2026). With the numbers both
  # forms are trusted, so that a repository may change from one to the other.
  github_ids = var.github_owner_id == null || var.github_repository_id == null ? [] : [[var.github_owner_id, var.github_repository_id]]
  github_subjects = concat(["repo:${local.github_repository}"], [
    for ids in local.github_ids : "repo:${replace(local.github_repository, "/", "@${ids[0]}/")}@${ids[1]}"
  ])

  # Who may take a role, by what GitHub says of the workflow.
  subjects = {
    # Jobs of the GitHub environment of this name: its rules say who approves,
    # and from which branch.
    deploy = [for subject in local.github_subjects : "${subject}:environment:${local.settings.environment}"]
    # Pull requests of the repository itself, as those of forks get no token; and
    # the main branch, on which it is looked for drift at night.
    plan = flatten([for subject in local.github_subjects : ["${subject}:pull_request", "${subject}:ref:refs/heads/main"]])
  }
}

resource "aws_iam_openid_connect_provider" "github" {
  count = var.first_in_account ? 1 : 0

  url            = "https://${local.github_host}"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "github" {
  for_each = local.subjects

  name                 = "${local.prefix}-${each.key}"
  description          = "Workflows of ${local.github_repository}: ${each.key} ${local.prefix}."
  max_session_duration = 2 * 60 * 60

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Federated = local.oidc_provider_arn }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = {
        "${local.github_host}:aud" = "sts.amazonaws.com"
        "${local.github_host}:sub" = each.value
      } }
    }]
  })

  depends_on = [aws_iam_openid_connect_provider.github]

  lifecycle {
    precondition {
      condition     = local.github_repository != "-"
      error_message = "tracehaul.yaml has no repository on github.com: set github_repository."
    }
  }
}

# To plan, everything that was made is read.
resource "aws_iam_role_policy_attachment" "read" {
  for_each = aws_iam_role.github

  role       = each.value.name
  policy_arn = "arn:${local.partition}:iam::aws:policy/ReadOnlyAccess"
}

locals {
  migrate_arns = [for suffix in ["", ":*"] : "arn:${local.partition}:lambda:${local.region}:${local.account}:function:${local.prefix}-migrate${suffix}"]

  read_state = [
    {
      Sid      = "ListStates"
      Effect   = "Allow"
      Action   = ["s3:ListBucket"]
      Resource = module.state.arn
    },
    {
      Sid      = "ReadStates"
      Effect   = "Allow"
      Action   = ["s3:GetObject"]
      Resource = "${module.state.arn}/*"
    },
    {
      Sid      = "DecryptStates"
      Effect   = "Allow"
      Action   = ["kms:Decrypt"]
      Resource = module.state_key.arn
    },
  ]
}

# A plan of a pull request takes no lock: terraform plan -lock=false.
resource "aws_iam_role_policy" "plan" {
  name = "state"
  role = aws_iam_role.github["plan"].id

  policy = jsonencode({ Version = "2012-10-17", Statement = local.read_state })
}
