# What delivery may change of that which has no name of ours, or none when it is
# made. The actions are written out. Where the Service Authorization Reference
# knows tags, those that every module sets (default_tags) tell what is ours.
locals {
  in_region = { "aws:RequestedRegion" = local.region }

  # The tags by which two pipelines in an account differ.
  own_tags = { product = local.settings.product, environment = local.settings.environment }

  is_ours      = merge(local.in_region, { for key, value in local.own_tags : "aws:ResourceTag/${key}" => value })
  becomes_ours = merge(local.in_region, { for key, value in local.own_tags : "aws:RequestTag/${key}" => value })

  deploy_unnamed = [
    {
      # They take no resource: the reference names none, and AWS compares them with *.
      Sid    = "TakeNoResource"
      Effect = "Allow"
      Action = [
        "ecs:DeregisterTaskDefinition",
        # Asked of who gives a load balancer its web ACL ("AssociateWebACL", AWS WAF).
        "elasticloadbalancing:SetWebAcl",
        # Of a web ACL's logs.
        "logs:CreateLogDelivery", "logs:GetLogDelivery", "logs:UpdateLogDelivery", "logs:DeleteLogDelivery", "logs:ListLogDeliveries",
        "logs:PutResourcePolicy", "logs:DeleteResourcePolicy", "logs:DescribeResourcePolicies",
        "sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Unsubscribe",
      ]
      Resource  = "*"
      Condition = { StringEquals = local.in_region }
    },
    {
      # The reference names a resource; the services ask for * all the same.
      Sid    = "AskedForAll"
      Effect = "Allow"
      Action = [
        # "You must have the cloudwatch:PutCompositeAlarm permission that is scoped to
        # *" ("PutCompositeAlarm", Amazon CloudWatch API reference).
        "cloudwatch:PutCompositeAlarm",
        # Application Auto Scaling tries its caller's rights with alarms that have no
        # name, and refuses a policy if one is missing ("Permissions validation for
        # Application Auto Scaling API calls on target resources", user guide).
        "cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms",
        # Until lately they took no resource.
        "ecs:CreateCluster", "ecs:RegisterTaskDefinition",
      ]
      Resource  = "*"
      Condition = { StringEquals = local.in_region }
    },
    {
      # A target's name is drawn by lots.
      Sid    = "Scaling"
      Effect = "Allow"
      Action = [
        "application-autoscaling:RegisterScalableTarget", "application-autoscaling:DeregisterScalableTarget", "application-autoscaling:PutScalingPolicy", "application-autoscaling:DeleteScalingPolicy",
        "application-autoscaling:TagResource", "application-autoscaling:UntagResource", "application-autoscaling:ListTagsForResource",
      ]
      Resource = "${local.arn}:application-autoscaling:${local.here}:scalable-target/*"
    },
    {
      Sid      = "Sampling"
      Effect   = "Allow"
      Action   = ["xray:CreateSamplingRule", "xray:UpdateSamplingRule", "xray:DeleteSamplingRule", "xray:TagResource", "xray:UntagResource"]
      Resource = "${local.arn}:xray:${local.here}:sampling-rule/${local.prefix}"
    },
    {
      Sid       = "AskForCertificates"
      Effect    = "Allow"
      Action    = ["acm:RequestCertificate"]
      Resource  = "*"
      Condition = { StringEquals = local.becomes_ours }
    },
    {
      Sid       = "KeepCertificates"
      Effect    = "Allow"
      Action    = ["acm:DeleteCertificate", "acm:UpdateCertificateOptions", "acm:RemoveTagsFromCertificate"]
      Resource  = "${local.arn}:acm:${local.here}:certificate/*"
      Condition = { StringEquals = local.is_ours }
    },
    {
      Sid      = "MapQueuesToFunctions"
      Effect   = "Allow"
      Action   = ["lambda:CreateEventSourceMapping"]
      Resource = "*"
      Condition = {
        StringEquals = local.in_region
        ArnLike      = { "lambda:FunctionArn" = "${local.arn}:lambda:${local.here}:function:${local.prefix}-*" }
      }
    },
    {
      Sid       = "KeepMappings"
      Effect    = "Allow"
      Action    = ["lambda:GetEventSourceMapping", "lambda:UpdateEventSourceMapping", "lambda:DeleteEventSourceMapping"]
      Resource  = "${local.arn}:lambda:${local.here}:event-source-mapping:*"
      Condition = { ArnLike = { "lambda:FunctionArn" = "${local.arn}:lambda:${local.here}:function:${local.prefix}-*" } }
    },
    {
      Sid       = "MakeCodeSigning"
      Effect    = "Allow"
      Action    = ["lambda:CreateCodeSigningConfig"]
      Resource  = "*"
      Condition = { StringEquals = local.becomes_ours }
    },
    {
      # A function gets it, too: that right is asked for both.
      Sid       = "KeepCodeSigning"
      Effect    = "Allow"
      Action    = ["lambda:UpdateCodeSigningConfig", "lambda:DeleteCodeSigningConfig", "lambda:PutFunctionCodeSigningConfig"]
      Resource  = "${local.arn}:lambda:${local.here}:code-signing-config:*"
      Condition = { StringEquals = local.is_ours }
    },
    {
      # What is made with tags is made by who may tag it; while it is being made, it
      # has none.
      Sid    = "TagThem"
      Effect = "Allow"
      Action = ["acm:AddTagsToCertificate", "lambda:TagResource", "lambda:UntagResource"]
      Resource = [
        "${local.arn}:acm:${local.here}:certificate/*",
        "${local.arn}:lambda:${local.here}:event-source-mapping:*",
        "${local.arn}:lambda:${local.here}:code-signing-config:*",
      ]
    },
    {
      # Route 53 is nowhere in particular.
      Sid       = "OneName"
      Effect    = "Allow"
      Action    = ["route53:ChangeResourceRecordSets"]
      Resource  = "${local.arn}:route53:::hostedzone/*"
      Condition = { "ForAllValues:StringLike" = { "route53:ChangeResourceRecordSetsNormalizedRecordNames" = [local.settings.edge.domain, "*.${local.settings.edge.domain}"] } }
    },
    {
      # An interface endpoint with private names gets a zone, which EC2 ties to the
      # VPC for its caller ("CreateVpcEndpoint", Service Authorization Reference).
      Sid      = "NamesOfEndpoints"
      Effect   = "Allow"
      Action   = ["route53:AssociateVPCWithHostedZone"]
      Resource = "${local.arn}:route53:::hostedzone/*"
    },
  ]

  # What may be done before something has tags is done to nothing that has another
  # pipeline's: nobody makes it theirs by tagging it anew.
  deploy_others = [for key, value in local.own_tags : {
    Sid    = "Another${title(key)}"
    Effect = "Deny"
    Action = [
      "acm:AddTagsToCertificate", "lambda:TagResource", "lambda:UntagResource",
      "ec2:CreateTags", "ec2:DeleteTags", "ec2:*NetworkAcl*", "ec2:*SecurityGroup*",
      "kms:CreateAlias", "kms:CreateGrant", "kms:Decrypt", "kms:EnableKeyRotation", "kms:Encrypt", "kms:GenerateDataKey*", "kms:TagResource",
    ]
    Resource = "*"
    Condition = {
      Null            = { "aws:ResourceTag/${key}" = "false" }
      StringNotEquals = { "aws:ResourceTag/${key}" = value }
    }
  }]
}
