// Package deploy guards the deploys of a pipeline: it refuses one that nobody
// would watch, waits for one that runs, and says what became of it.
//
// Start from [Preflight], before, and [Verdict], after:
//
//	set, err := alarms.For(p)
//	c := deploy.Config{Alarms: set, AWS: cfg}
//	report, err := deploy.Preflight(ctx, c) // if report.Refused, do not deploy
//	result, err := deploy.Verdict(ctx, c, "intake", deploy.Want{Version: commit})
//
// A tool that deploys, such as Terraform, says at best that a deployment was
// rolled back, but not by which alarm; one that does not wait says nothing. And
// a successful deployment may be one that no alarm watched. So a verdict compares
// what serves with what was requested ([Want]), names the alarm, and says if none
// watched. [Annotate] writes the deploy into Grafana.
//
// The service is deployed by ECS, as a canary. A consumer is deployed by moving
// the alias of its function, by CodeDeploy or by hand.
//
// The package changes nothing in AWS. It needs IAM's actions
// cloudwatch:DescribeAlarms and DescribeAlarmHistory; ecs:DescribeServices,
// ListServiceDeployments, DescribeServiceDeployments, DescribeServiceRevisions
// and, to find a version, DescribeTaskDefinition; lambda:GetAlias;
// codedeploy:GetDeploymentGroup, ListDeployments, BatchGetDeployments,
// ListDeploymentTargets and BatchGetDeploymentTargets.
//
// Of this module it imports alarms and pipeline.
package deploy
