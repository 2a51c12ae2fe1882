// Package deploy guards the deploys of a pipeline: it refuses one that nobody
// would watch, waits for one that runs, and says what became of it.
//
// Start from [Preflight], before, and [Verdict], after. Terraform and the deploy
// action of ECS report success even if the deployment was rolled back, so that a
// verdict trusts neither them nor the status of the deployment alone: it compares
// what serves with what was requested ([Want]), and names the alarm. [Annotate]
// writes the deploy into Grafana.
//
// The service is deployed by ECS, as a canary. A consumer is deployed by moving
// the alias of its function, by CodeDeploy or by hand.
//
// Nothing in AWS is changed. The calls are those of IAM's actions
// cloudwatch:DescribeAlarms and DescribeAlarmHistory; ecs:DescribeServices,
// ListServiceDeployments, DescribeServiceDeployments, DescribeServiceRevisions
// and, to find a version, DescribeTaskDefinition; lambda:GetAlias;
// codedeploy:GetDeploymentGroup, ListDeployments, BatchGetDeployments,
// ListDeploymentTargets and BatchGetDeploymentTargets.
//
// The package imports alarms and pipeline.
package deploy
