# What delivery may change of the network. Nothing in it has a name, but everything
# is made with tags, and changed or deleted only with ours.
locals {
  ec2 = "${local.arn}:ec2:${local.here}"

  deploy_network = [
    {
      # Only what is made is asked for the tags of the request. What it is made in,
      # such as a subnet's VPC, is asked for its own: see KeepNetwork.
      Sid    = "MakeNetwork"
      Effect = "Allow"
      Action = [
        "ec2:CreateVpc", "ec2:CreateSubnet", "ec2:CreateInternetGateway", "ec2:CreateRouteTable", "ec2:CreateNetworkAcl", "ec2:CreateSecurityGroup",
        "ec2:CreateVpcEndpoint", "ec2:CreateFlowLogs",
      ]
      Resource  = [for kind in ["vpc", "subnet", "internet-gateway", "route-table", "network-acl", "security-group", "vpc-endpoint", "vpc-flow-log"] : "${local.ec2}:${kind}/*"]
      Condition = { StringEquals = local.becomes_ours }
    },
    {
      Sid       = "TagWhatIsMade"
      Effect    = "Allow"
      Action    = ["ec2:CreateTags"]
      Resource  = "${local.ec2}:*/*"
      Condition = { StringLike = { "ec2:CreateAction" = ["Create*", "AuthorizeSecurityGroup*"] } }
    },
    {
      Sid    = "KeepNetwork"
      Effect = "Allow"
      Action = [
        "ec2:ModifyVpcAttribute", "ec2:DeleteVpc",
        "ec2:CreateSubnet", "ec2:ModifySubnetAttribute", "ec2:DeleteSubnet",
        "ec2:AttachInternetGateway", "ec2:DetachInternetGateway", "ec2:DeleteInternetGateway",
        "ec2:CreateRouteTable", "ec2:DeleteRouteTable", "ec2:AssociateRouteTable", "ec2:DisassociateRouteTable", "ec2:ReplaceRouteTableAssociation",
        "ec2:CreateRoute", "ec2:ReplaceRoute", "ec2:DeleteRoute",
        "ec2:CreateNetworkAcl", "ec2:DeleteNetworkAcl", "ec2:CreateSecurityGroup", "ec2:DeleteSecurityGroup",
        "ec2:CreateVpcEndpoint", "ec2:ModifyVpcEndpoint", "ec2:DeleteVpcEndpoints",
        "ec2:CreateFlowLogs", "ec2:DeleteFlowLogs",
        "ec2:CreateTags", "ec2:DeleteTags",
      ]
      Resource  = "${local.ec2}:*/*"
      Condition = { StringEquals = local.is_ours }
    },
    {
      # A VPC comes with a security group and a network ACL, which have no tags until
      # they are emptied (network/vpc.tf); and a security group's rule gets them after
      # it is made. Another pipeline's stay out of reach: see deploy_others.
      Sid    = "AdoptDefaults"
      Effect = "Allow"
      Action = [
        "ec2:CreateTags",
        "ec2:CreateNetworkAclEntry", "ec2:ReplaceNetworkAclEntry", "ec2:DeleteNetworkAclEntry", "ec2:ReplaceNetworkAclAssociation",
        "ec2:AuthorizeSecurityGroupIngress", "ec2:AuthorizeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress", "ec2:RevokeSecurityGroupEgress", "ec2:ModifySecurityGroupRules",
        "ec2:UpdateSecurityGroupRuleDescriptionsIngress", "ec2:UpdateSecurityGroupRuleDescriptionsEgress",
      ]
      Resource = [for kind in ["network-acl", "security-group", "security-group-rule", "subnet"] : "${local.ec2}:${kind}/*"]
    },
  ]
}
