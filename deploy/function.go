package deploy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

const (
	maxBatch      = 25 // CodeDeploy API reference, BatchGetDeployments: deploymentIds
	maxCandidates = 10 // deployments whose target is looked up
)

// underway are the states that CodeDeploy lists of deployments that have not
// ended. (API reference, ListDeployments: includeOnlyStatuses.)
func underway() []types.DeploymentStatus {
	return []types.DeploymentStatus{types.DeploymentStatusCreated, types.DeploymentStatusQueued, types.DeploymentStatusInProgress, types.DeploymentStatusReady}
}

// over reports whether a deployment has ended.
func over(s types.DeploymentStatus) bool {
	return s == types.DeploymentStatusSucceeded || s == types.DeploymentStatusFailed || s == types.DeploymentStatusStopped
}

// shares are where a function's alias leads: versions, two at most, and the
// percentage of the invocations that each gets. None if there is no such alias.
// (Lambda API reference, AliasRoutingConfiguration.)
func (d *deployer) shares(ctx context.Context, function string) ([]Revision, error) {
	out, err := d.lambda.GetAlias(ctx, &lambda.GetAliasInput{FunctionName: &function, Name: aws.String(Alias)})
	if isCode(err, "ResourceNotFoundException") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	main := Revision{FunctionVersion: aws.ToString(out.FunctionVersion), Percent: 100}
	all := []Revision{main}
	if out.RoutingConfig != nil {
		for version, weight := range out.RoutingConfig.AdditionalVersionWeights {
			if weight > 0 {
				share := float64(int(weight*10000+0.5)) / 100
				all[0].Percent -= share
				all = append(all, Revision{FunctionVersion: version, Percent: share})
			}
		}
	}
	return all, nil
}

// functionBefore is what Lambda and CodeDeploy say about a deploy that has not
// begun.
func (d *deployer) functionBefore(ctx context.Context, c component) (watched, []Finding, error) {
	function := c.consumer.FunctionName()
	application, group := d.codeDeploy(function)
	w := watched{by: "CodeDeploy", subject: application + "/" + group}
	shares, err := d.shares(ctx, function)
	if err != nil {
		return w, nil, err
	}
	var findings []Finding
	switch {
	case len(shares) == 0:
		findings = append(findings, Finding{
			Kind: findingFirst, Subject: function, Text: "there is no such function yet, or it has no alias " + Alias + ": the first deployment has nothing to be rolled back to",
		})
	case len(shares) > 1:
		findings = append(findings, Finding{
			Kind: findingInProgress, Subject: function, Refuses: true,
			Text: fmt.Sprintf("the alias %s is moving already: %s and %s get messages: wait for the end, or move it back", Alias, shares[0], shares[1]),
		})
	}
	out, err := d.codedeploy.GetDeploymentGroup(ctx, &codedeploy.GetDeploymentGroupInput{ApplicationName: &application, DeploymentGroupName: &group})
	if isMissingGroup(err) {
		return w, append(findings, Finding{
			Kind: findingUnwatched, Subject: function,
			Text: "CodeDeploy has no deployment group " + w.subject + ": if the alias is moved by hand, no alarm rolls it back",
		}), nil
	}
	if err != nil {
		return w, nil, err
	}
	w.exists = true
	w.names, w.off = groupAlarms(out.DeploymentGroupInfo)
	running, err := d.moves(ctx, application, group, time.Time{}, underway()...)
	if err != nil {
		return w, nil, err
	}
	for i := range running {
		findings = append(findings, Finding{
			Kind: findingInProgress, Subject: function, Refuses: true,
			Text: fmt.Sprintf("a deployment runs already (%s, since %s, %s): wait for its end, or stop it",
				running[i].Status, moment(aws.ToTime(running[i].CreateTime)), aws.ToString(running[i].DeploymentId)),
		})
	}
	return w, findings, nil
}

// isMissingGroup reports whether CodeDeploy has nothing to do with a function.
func isMissingGroup(err error) bool {
	return isCode(err, "ApplicationDoesNotExistException", "DeploymentGroupDoesNotExistException")
}

func groupAlarms(g *types.DeploymentGroupInfo) (names []string, off string) {
	if g == nil || g.AlarmConfiguration == nil || !g.AlarmConfiguration.Enabled {
		return nil, "CodeDeploy looks at no alarms: unless this deploy switches them on, they roll nothing back"
	}
	for _, a := range g.AlarmConfiguration.Alarms {
		names = append(names, aws.ToString(a.Name))
	}
	if b := g.AutoRollbackConfiguration; b == nil || !b.Enabled || !slices.Contains(b.Events, types.AutoRollbackEventDeploymentStopOnAlarm) {
		off = "CodeDeploy stops a deployment when an alarm goes on, and does not roll it back (DEPLOYMENT_STOP_ON_ALARM is off): " +
			"unless this deploy changes that, the new version keeps its share of messages"
	}
	return names, off
}

// moves returns the deployments of a group since a time, the newest first: all,
// unless some states are named.
func (d *deployer) moves(ctx context.Context, application, group string, since time.Time, states ...types.DeploymentStatus) ([]types.DeploymentInfo, error) {
	in := &codedeploy.ListDeploymentsInput{ApplicationName: &application, DeploymentGroupName: &group, IncludeOnlyStatuses: states}
	if !since.IsZero() {
		in.CreateTimeRange = &types.TimeRange{Start: &since}
	}
	var ids []string
	for pages := codedeploy.NewListDeploymentsPaginator(d.codedeploy, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		ids = append(ids, page.Deployments...)
	}
	var all []types.DeploymentInfo
	for chunk := range slices.Chunk(ids, maxBatch) {
		out, err := d.codedeploy.BatchGetDeployments(ctx, &codedeploy.BatchGetDeploymentsInput{DeploymentIds: chunk})
		if err != nil {
			return nil, err
		}
		all = append(all, out.DeploymentsInfo...)
	}
	slices.SortStableFunc(all, func(a, b types.DeploymentInfo) int { return aws.ToTime(b.CreateTime).Compare(aws.ToTime(a.CreateTime)) })
	return all, nil
}

// target is the version that a deployment moves the alias to. Empty if it has not
// begun.
func (d *deployer) target(ctx context.Context, deployment string) (string, error) {
	listed, err := d.codedeploy.ListDeploymentTargets(ctx, &codedeploy.ListDeploymentTargetsInput{DeploymentId: &deployment})
	if isCode(err, "DeploymentNotStartedException") {
		return "", nil
	}
	if err != nil || len(listed.TargetIds) == 0 {
		return "", err
	}
	out, err := d.codedeploy.BatchGetDeploymentTargets(ctx, &codedeploy.BatchGetDeploymentTargetsInput{DeploymentId: &deployment, TargetIds: listed.TargetIds})
	if err != nil {
		return "", err
	}
	for _, t := range out.DeploymentTargets {
		if t.LambdaTarget != nil && t.LambdaTarget.LambdaFunctionInfo != nil {
			return aws.ToString(t.LambdaTarget.LambdaFunctionInfo.TargetVersion), nil
		}
	}
	return "", nil
}

// move returns one deployment.
func (d *deployer) move(ctx context.Context, id string) (*types.DeploymentInfo, error) {
	out, err := d.codedeploy.BatchGetDeployments(ctx, &codedeploy.BatchGetDeploymentsInput{DeploymentIds: []string{id}})
	if err != nil {
		return nil, err
	}
	if len(out.DeploymentsInfo) == 0 {
		return nil, fmt.Errorf("codedeploy:BatchGetDeployments knows nothing of %s", id)
	}
	return &out.DeploymentsInfo[0], nil
}
