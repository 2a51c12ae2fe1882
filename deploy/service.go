package deploy

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const (
	maxDeployments = 100 // ECS API reference, ListServiceDeployments: maxResults
	maxDescribed   = 20  // and DescribeServiceDeployments, DescribeServiceRevisions
)

// ongoing are the states of a deployment that has not ended. (Amazon ECS Developer
// Guide, "View service history using Amazon ECS service deployments".)
func ongoing() []types.ServiceDeploymentStatus {
	return []types.ServiceDeploymentStatus{
		types.ServiceDeploymentStatusPending, types.ServiceDeploymentStatusInProgress, types.ServiceDeploymentStatusStopRequested,
		types.ServiceDeploymentStatusRollbackRequested, types.ServiceDeploymentStatusRollbackInProgress,
	}
}

// service returns the pipeline's service, or nil if there is none yet.
func (d *deployer) service(ctx context.Context) (*types.Service, error) {
	out, err := d.ecs.DescribeServices(ctx, &ecs.DescribeServicesInput{
		Cluster: aws.String(d.pipeline.ClusterName()), Services: []string{d.pipeline.ServiceName()},
	})
	if isCode(err, "ClusterNotFoundException") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for i := range out.Services {
		if s := &out.Services[i]; aws.ToString(s.Status) != "INACTIVE" { // deleted, and still described for a while
			return s, nil
		}
	}
	for _, f := range out.Failures {
		if reason := aws.ToString(f.Reason); reason != "MISSING" {
			return nil, fmt.Errorf("ecs:DescribeServices: %s: %s", aws.ToString(f.Arn), reason)
		}
	}
	return nil, nil
}

// deployments returns the service's deployments since the deploy began, the newest
// first: all, unless some states are named.
func (d *deployer) deployments(ctx context.Context, since time.Time, states ...types.ServiceDeploymentStatus) ([]types.ServiceDeploymentBrief, error) {
	in := &ecs.ListServiceDeploymentsInput{
		Cluster: aws.String(d.pipeline.ClusterName()), Service: aws.String(d.pipeline.ServiceName()),
		Status: states, MaxResults: aws.Int32(maxDeployments),
	}
	if !since.IsZero() {
		in.CreatedAt = &types.CreatedAt{After: &since}
	}
	var all []types.ServiceDeploymentBrief
	for {
		out, err := d.ecs.ListServiceDeployments(ctx, in)
		if err != nil {
			return nil, err
		}
		all = append(all, out.ServiceDeployments...)
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	slices.SortStableFunc(all, func(a, b types.ServiceDeploymentBrief) int {
		return aws.ToTime(b.CreatedAt).Compare(aws.ToTime(a.CreatedAt))
	})
	return all, nil
}

// serviceBefore is what ECS says about a deploy that has not begun.
func (d *deployer) serviceBefore(ctx context.Context, _ component) (watched, []Finding, error) {
	name := d.pipeline.ServiceName()
	w := watched{by: "ECS", subject: name}
	s, err := d.service(ctx)
	if err != nil {
		return w, nil, err
	}
	if s == nil {
		return w, []Finding{{Kind: findingFirst, Subject: name, Text: "there is no such service yet: the first deployment has nothing to be rolled back to"}}, nil
	}
	w.exists = true
	if c := s.DeploymentConfiguration; c == nil || c.Alarms == nil || !c.Alarms.Enable {
		w.off = "ECS looks at no alarms: unless this deploy switches them on, they roll nothing back"
	} else {
		w.names = c.Alarms.AlarmNames
		if !c.Alarms.Rollback {
			w.off = "ECS stops a deployment when an alarm goes on, and does not roll it back: unless this deploy changes that, the new version keeps its share of requests"
		}
	}
	running, err := d.deployments(ctx, time.Time{}, ongoing()...)
	if err != nil {
		return w, nil, err
	}
	var findings []Finding
	for i := range running {
		r := &running[i]
		findings = append(findings, Finding{
			Kind: findingInProgress, Subject: name, Refuses: true,
			Text: fmt.Sprintf("a deployment runs already (%s, since %s, %s): wait for its end, or stop it",
				r.Status, moment(aws.ToTime(r.CreatedAt)), aws.ToString(r.ServiceDeploymentArn)),
		})
	}
	return w, findings, nil
}

// revisions describes service revisions, in the order of their ARNs.
func (d *deployer) revisions(ctx context.Context, arns []string, versions bool) ([]Revision, error) {
	byARN := map[string]Revision{}
	for chunk := range slices.Chunk(arns, maxDescribed) {
		out, err := d.ecs.DescribeServiceRevisions(ctx, &ecs.DescribeServiceRevisionsInput{ServiceRevisionArns: chunk})
		if err != nil {
			return nil, err
		}
		for i := range out.ServiceRevisions {
			s := &out.ServiceRevisions[i]
			r := Revision{ARN: aws.ToString(s.ServiceRevisionArn), TaskDefinition: aws.ToString(s.TaskDefinition)}
			for _, c := range s.ContainerImages {
				r.Images = append(r.Images, Image{aws.ToString(c.ContainerName), aws.ToString(c.Image), aws.ToString(c.ImageDigest)})
			}
			if versions {
				if r.Versions, err = d.versions(ctx, r.TaskDefinition); err != nil {
					return nil, err
				}
			}
			byARN[r.ARN] = r
		}
	}
	all := make([]Revision, 0, len(arns))
	for _, arn := range arns {
		if r, ok := byARN[arn]; ok {
			all = append(all, r)
		}
	}
	return all, nil
}

// versions are those that a task definition's containers give as service.version.
func (d *deployer) versions(ctx context.Context, taskDefinition string) ([]string, error) {
	if known, ok := d.versionsOf[taskDefinition]; ok {
		return known, nil
	}
	out, err := d.ecs.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: &taskDefinition})
	if err != nil {
		return nil, err
	}
	all := []string{}
	if out.TaskDefinition == nil {
		return nil, nil
	}
	for i := range out.TaskDefinition.ContainerDefinitions {
		for _, v := range out.TaskDefinition.ContainerDefinitions[i].Environment {
			if aws.ToString(v.Name) == "OTEL_RESOURCE_ATTRIBUTES" {
				all = append(all, serviceVersions(aws.ToString(v.Value))...)
			}
		}
	}
	d.versionsOf[taskDefinition] = all
	return all, nil
}
