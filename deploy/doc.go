// Package deploy guards the deploys of a pipeline: it refuses one that nobody
// would watch, waits for one that runs, and says what became of it.
//
// Start from [Preflight], before, and [Verdict], after. What deploys says at best
// that a deployment was rolled back, not by which alarm, and nothing where it does
// not wait; and that a deployment was successful does not say that an alarm watched
// it. So a verdict compares what serves with what was requested ([Want]), names the
// alarm, and says if there was none. [Annotate] writes the deploy into Grafana.
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
// Of this module it imports alarms and pipeline.
package deploy
