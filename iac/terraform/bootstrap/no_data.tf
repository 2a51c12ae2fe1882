# What was made, not what flows through it: neither role reads an event, a row, a
# log line or a secret. ReadOnlyAccess does, for most services of AWS. What of it
# reads data is denied by name: the list was made from version 188, of 21 July 2026,
# and is compared with it by a test of internal/policy. AWS adds to that policy
# without asking: go through it again now and then.
locals {
  # Of the services that the pipeline is made of.
  pipeline_data = [
    "sns:Publish", "sqs:ReceiveMessage", "sqs:SendMessage", "sqs:PurgeQueue", "sqs:StartMessageMoveTask",
    "logs:GetLogEvents", "logs:FilterLogEvents", "logs:StartQuery", "logs:StartLiveTail", "logs:GetLogRecord", "logs:GetLogObject", "logs:GetQueryResults", "logs:GetScheduledQueryHistory", "logs:GetLookupTable", "logs:ListAnomalies", "logs:Unmask",
    "secretsmanager:*SecretValue",
    "ssm:GetParameter*", "ssm:StartSession", "ssm:GetAccessToken", "ssm:GetCommandInvocation", "ssm:GetAutomationExecution", "ssm:ListCommandInvocations",
    "dynamodb:*GetItem", "dynamodb:*PutItem", "dynamodb:*UpdateItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:PartiQL*", "dynamodb:GetRecords", "dynamodb:GetShardIterator",
    "rds-db:connect", "rds:Download*", "ecs:ExecuteCommand", "lambda:GetDurableExecution*",
    "xray:BatchGetTraces", "xray:BatchGetTraceSummaryById", "xray:GetTraceSummaries", "xray:StartTraceRetrieval", "xray:ListRetrievedTraces",
    "cognito-idp:ListUserPoolClientSecrets", "cognito-idp:AdminGet*", "cognito-idp:AdminList*", "cognito-idp:GetUser", "cognito-idp:GetUserAttributeVerificationCode", "cognito-idp:GetTokensFromRefreshToken", "cognito-idp:GetDevice", "cognito-idp:ListDevices", "cognito-idp:ListUsers*", "cognito-idp:CreateUserPoolClient", "cognito-idp:UpdateUserPoolClient",
  ]

  # Of those that an account may have besides.
  other_data = [
    "athena:GetQueryResults*", "athena:GetCalculation*", "athena:GetSession*",
    "bedrock-agentcore:GetEvent", "bedrock-agentcore:GetMemoryRecord", "bedrock-agentcore:ListEvents", "bedrock-agentcore:ListMemoryRecords",
    "cassandra:Select", "chime:GetChannelMessage*", "chime:ListChannelMessages", "cleanrooms:GetProtectedQuery",
    "cloudtrail:GetEventDataStoreData", "cloudtrail:GetQueryResults",
    "codeartifact:GetAuthorizationToken", "codeartifact:GetPackageVersionAsset", "codeartifact:ReadFromRepository",
    "codecommit:BatchGetCommits", "codecommit:GetBlob", "codecommit:GetComment*", "codecommit:GetDifferences", "codecommit:GetFile", "codecommit:GetFolder", "codecommit:GitPull",
    "cognito-identity:GetCredentialsForIdentity", "cognito-identity:GetOpenIdToken*", "cognito-sync:ListRecords", "cognito-sync:QueryRecords",
    "connect:GetFederationToken", "datapipeline:QueryObjects", "dax:*GetItem", "dax:Query", "dax:Scan",
    "ec2:GetConsole*", "ec2:GetPasswordData", "ec2:DescribeInstanceAttribute", "ec2messages:GetMessages", "gamelift:GetComputeAuthToken",
    "glue:GetStatement", "healthlake:Search*", "healthlake:ReadResource", "iot:GetRetainedMessage", "iot:GetThingShadow",
    "iotanalytics:GetDatasetContent", "iotanalytics:SampleChannelData", "iotsitewise:*Propert*Value*", "kendra:Query",
    "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesisvideo:Get*", "lex:GetSession", "license-manager:GetAccessToken",
    "lightsail:GetBucketAccessKeys", "lightsail:GetContainerLog", "lightsail:GetRelationalDatabaseLogEvents", "lightsail:GetRelationalDatabaseMasterUserPassword",
    "mediapackagev2:GetObject", "mediastore:GetObject", "mobiletargeting:GetUserEndpoints", "qldb:GetBlock", "qldb:GetRevision", "rum:GetAppMonitorData",
    "s3-object-lambda:GetObject*", "s3-outposts:GetObject*", "s3:GetDataAccess", "s3express:CreateSession", "s3tables:GetTableData",
    "s3vectors:GetVectors", "s3vectors:ListVectors", "s3vectors:QueryVectors", "sdb:GetAttributes", "sdb:Select",
    "ses:GetArchive*", "ses:GetContact", "ses:ListContacts", "states:DescribeExecution", "states:GetExecutionHistory",
    "storagegateway:DescribeChapCredentials", "swf:GetWorkflowExecutionHistory", "workdocs:GetDocument*",
  ]

  # By whom, of which user pools a client may be described, which tells its secret.
  # Who gives a load balancer a login by Cognito is asked for that right
  # ("Authenticate users using an Application Load Balancer", Elastic Load Balancing):
  # delivery, for the pool of the pipeline. Third parties' clients are in another kind
  # of pool: with jwt, nobody describes one.
  described_pools = { for name in keys(local.subjects) : name => name == "deploy" && local.authentication == "cognito" ? aws_cognito_user_pool.this[*].arn : [] }
}

resource "aws_iam_role_policy" "no_data" {
  for_each = aws_iam_role.github

  name = "no-data"
  role = each.value.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "NoData"
        Effect   = "Deny"
        Action   = concat(local.pipeline_data, local.other_data)
        Resource = "*"
      },
      {
        Sid         = "NoSecretsOfClients"
        Effect      = "Deny"
        Action      = ["cognito-idp:DescribeUserPoolClient"]
        NotResource = concat(["${local.arn}:cognito-idp:${local.here}:userpool/none"], local.described_pools[each.key])
      },
      {
        Sid         = "NoOtherFiles"
        Effect      = "Deny"
        Action      = ["s3:GetObject*"]
        NotResource = ["${module.state.arn}/*", "${module.packages.arn}/*"]
      },
      {
        # Roles that may read are nobody's of a workflow.
        Sid      = "NobodyElse"
        Effect   = "Deny"
        Action   = ["sts:AssumeRole"]
        Resource = "*"
      },
      {
        # The migrations are invoked by delivery; consumers by their queues alone.
        Sid         = "NoOtherInvocations"
        Effect      = "Deny"
        Action      = ["lambda:InvokeFunction", "lambda:InvokeAsync"]
        NotResource = local.migrate_arns
      },
    ]
  })
}
