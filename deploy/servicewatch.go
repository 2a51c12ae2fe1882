package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/tracehaul/tracehaul/alarms"
)

// settleTime is how long ECS may take to list as current what it has called
// successful: old tasks end at leisure.
const settleTime = 2 * time.Minute

// serviceWatch looks at a deployment of the service.
type serviceWatch struct {
	*deployer

	want  Want
	began time.Time
	fixed map[string]Revision  // whose images do not change any more
	names map[string]string    // of all revisions
	seen  map[string]time.Time // when a stage was first seen

	rolling bool // a deployment has begun that is not listed yet
}

func newServiceWatch(d *deployer, want Want) *serviceWatch {
	return &serviceWatch{deployer: d, want: want, began: d.Now(), fixed: map[string]Revision{}, names: map[string]string{}, seen: map[string]time.Time{}}
}

func (w *serviceWatch) look(ctx context.Context, r *Result) (string, error) {
	list, err := w.deployments(ctx, w.Since)
	if isCode(err, "ServiceNotFoundException", "ClusterNotFoundException") {
		return "", fmt.Errorf("there is no service %s in the cluster %s of %s", w.pipeline.ServiceName(), w.pipeline.ClusterName(), w.pipeline.Region)
	}
	if err != nil {
		return "", err
	}
	own, err := w.own(ctx, list)
	if err != nil {
		return "", err
	}
	r.Deployment = Deployment{}
	if own < 0 {
		return w.unstarted(ctx, r, list)
	}
	d, err := w.describe(ctx, aws.ToString(list[own].ServiceDeploymentArn))
	if err != nil {
		return "", err
	}
	account(r, d)
	if own > 0 {
		r.Deployment.NewerID = aws.ToString(list[0].ServiceDeploymentArn)
		r.Deployment.NewerOf = w.names[aws.ToString(list[0].TargetServiceRevisionArn)]
	}
	return w.judge(ctx, r, d)
}

// own finds the newest deployment of what is wanted, or returns -1.
func (w *serviceWatch) own(ctx context.Context, list []types.ServiceDeploymentBrief) (int, error) {
	list = list[:min(len(list), maxDescribed)]
	var unknown []string
	for i := range list {
		if arn := aws.ToString(list[i].TargetServiceRevisionArn); arn != "" && !has(w.fixed, arn) && !slices.Contains(unknown, arn) {
			unknown = append(unknown, arn)
		}
	}
	fresh, err := w.revisions(ctx, unknown, w.want.Version != "")
	if err != nil {
		return -1, err
	}
	for _, r := range fresh {
		w.fixed[r.ARN], w.names[r.ARN] = r, r.String()
	}
	own := slices.IndexFunc(list, func(b types.ServiceDeploymentBrief) bool {
		r, ok := w.fixed[aws.ToString(b.TargetServiceRevisionArn)]
		return ok && r.is(w.want)
	})
	for _, r := range fresh {
		if slices.ContainsFunc(r.Images, func(i Image) bool { return i.Digest == "" }) || len(r.Images) == 0 {
			delete(w.fixed, r.ARN) // ECS finds digests out a little later
		}
	}
	return own, nil
}

func has[V any](set map[string]V, key string) bool {
	_, ok := set[key]
	return ok
}

func (w *serviceWatch) describe(ctx context.Context, arn string) (*types.ServiceDeployment, error) {
	out, err := w.ecs.DescribeServiceDeployments(ctx, &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: []string{arn}})
	if err != nil {
		return nil, err
	}
	if len(out.ServiceDeployments) == 0 {
		return nil, fmt.Errorf("ecs:DescribeServiceDeployments knows nothing of %s, which ecs:ListServiceDeployments lists", arn)
	}
	return &out.ServiceDeployments[0], nil
}

// account takes over what ECS says of a deployment.
func account(r *Result, d *types.ServiceDeployment) {
	r.Deployment = Deployment{
		ID: aws.ToString(d.ServiceDeploymentArn), Status: string(d.Status), Stage: string(d.LifecycleStage), Reason: oneLine(aws.ToString(d.StatusReason)),
		Began: aws.ToTime(d.CreatedAt).UTC(),
	}
	switch {
	case d.FinishedAt != nil:
		r.Deployment.Ended = d.FinishedAt.UTC()
	case d.StoppedAt != nil:
		r.Deployment.Ended = d.StoppedAt.UTC()
	}
	if d.Rollback != nil {
		r.Deployment.Rollback = aws.ToString(d.Rollback.ServiceRevisionArn)
		if reason := oneLine(aws.ToString(d.Rollback.Reason)); reason != "" {
			r.Deployment.Reason = reason
		}
	}
}

// current fills in which revisions serve: those that are to have tasks. Others may
// have some that end at leisure.
func (w *serviceWatch) current(ctx context.Context, r *Result) error {
	s, err := w.service(ctx)
	if err != nil {
		return err
	}
	if s == nil {
		return fmt.Errorf("there is no service %s any more", w.pipeline.ServiceName())
	}
	w.rolling = slices.ContainsFunc(s.Deployments, func(d types.Deployment) bool { return d.RolloutState == types.DeploymentRolloutStateInProgress })
	tasks := map[string]int{}
	var arns []string
	for _, c := range s.CurrentServiceRevisions {
		if c.RequestedTaskCount > 0 {
			arns = append(arns, aws.ToString(c.Arn))
			tasks[aws.ToString(c.Arn)] = int(c.RunningTaskCount)
		}
	}
	if r.Serving, err = w.revisions(ctx, arns, w.want.Version != ""); err != nil {
		return err
	}
	if len(r.Serving) < len(arns) {
		return errors.New("ecs:DescribeServiceRevisions does not know all revisions that ecs:DescribeServices calls current")
	}
	for i := range r.Serving {
		r.Serving[i].Tasks = tasks[r.Serving[i].ARN]
	}
	return nil
}

// serves reports whether what is wanted serves, and nothing else.
func (w *serviceWatch) serves(r *Result) bool {
	return len(r.Serving) > 0 && !slices.ContainsFunc(r.Serving, func(s Revision) bool { return s.Tasks == 0 || !s.is(w.want) })
}

// unstarted judges a deploy of which there is no deployment.
func (w *serviceWatch) unstarted(ctx context.Context, r *Result, list []types.ServiceDeploymentBrief) (string, error) {
	if err := w.current(ctx, r); err != nil {
		return "", err
	}
	running := slices.IndexFunc(list, func(b types.ServiceDeploymentBrief) bool { return slices.Contains(ongoing(), b.Status) })
	waited := w.Now().Sub(w.began)
	switch {
	case running < 0 && !w.rolling && w.serves(r):
		r.end(OutcomeServing, "it serves, and no deployment was needed")
		return "", nil
	case waited >= w.Start:
		text := "nothing has begun to deploy it in " + minutes(waited)
		if running >= 0 {
			r.Deployment.NewerID = aws.ToString(list[running].ServiceDeploymentArn)
			text += ", another deployment runs"
		}
		r.end(OutcomeFailed, text, "; ", r.serves(), ": did the deploy change the service?")
		return "", nil
	case running >= 0:
		return "waiting for a deployment of " + w.want.String() + " to begin; another one is " + string(list[running].Status), nil
	}
	return "waiting for a deployment of " + w.want.String() + " to begin", nil
}

// judge gives a deployment that has ended its outcome, and any other its line.
func (w *serviceWatch) judge(ctx context.Context, r *Result, d *types.ServiceDeployment) (string, error) {
	w.blame(r, d)
	if slices.Contains(ongoing(), d.Status) {
		if r.Deployment.NewerID != "" && r.Cause == "" {
			return "", w.superseded(ctx, r)
		}
		return w.line(r, d), nil
	}
	if err := w.current(ctx, r); err != nil {
		return "", err
	}
	serving := r.serves()
	switch {
	case d.Status == types.ServiceDeploymentStatusSuccessful:
		return w.successful(r, d), nil
	case d.Status == types.ServiceDeploymentStatusRollbackFailed:
		r.Runbook = alarms.RunbookURL(w.pipeline, servicePage)
		r.end(OutcomeFailed, "ended ", r.because(), ", and ECS could not roll it back; ", serving)
	case d.Status == types.ServiceDeploymentStatusRollbackSuccessful && r.Cause == CausePerson:
		r.end(OutcomeStopped, "neither an alarm nor the circuit breaker nor a hook ended it, so somebody did; ", serving, " again")
	case d.Status == types.ServiceDeploymentStatusRollbackSuccessful:
		r.end(OutcomeRolledBack, "rolled back ", r.because(), "; ", serving, " again")
	case d.Status == types.ServiceDeploymentStatusStopped && r.Cause != "" && r.Cause != CausePerson:
		r.end(OutcomeFailed, "stopped ", r.because(), " without a rollback; ", serving)
	case d.Status == types.ServiceDeploymentStatusStopped && r.Deployment.NewerID != "":
		return "", w.superseded(ctx, r)
	case d.Status == types.ServiceDeploymentStatusStopped:
		r.end(OutcomeStopped, "somebody stopped it; ", serving)
	default:
		r.end(OutcomeFailed, "ended as ", string(d.Status), ", which is new; ", serving)
	}
	return "", nil
}

func (w *serviceWatch) superseded(ctx context.Context, r *Result) error {
	if len(r.Serving) == 0 {
		if err := w.current(ctx, r); err != nil {
			return err
		}
	}
	r.Cause = ""
	r.end(OutcomeSuperseded, r.newer(), " has taken its place; ", r.serves())
	return nil
}

// successful does not believe it before it has seen what serves.
func (w *serviceWatch) successful(r *Result, d *types.ServiceDeployment) string {
	if why := unwatched(d.Alarms); why != "" {
		r.Unwatched = true
		r.note("ECS looked at no alarm while it deployed: " + why)
	}
	switch {
	case w.serves(r):
		if r.Deployment.NewerID != "" {
			r.note(r.newer() + " has begun since")
		}
		r.end(OutcomeServing, r.Serving[0].String(), ", and nothing else")
	case r.Deployment.NewerID != "":
		r.end(OutcomeSuperseded, "it was deployed, and ", r.newer(), " has taken its place; ", r.serves())
	case w.Now().Sub(w.first("settle")) < settleTime:
		return "SUCCESSFUL, and still " + r.serves()
	default:
		r.end(OutcomeFailed, "ECS calls it SUCCESSFUL, and yet ", r.serves())
	}
	return ""
}

// unwatched says why no alarm could have rolled a deployment back. Empty if one
// could. (Amazon ECS API reference, ServiceDeploymentAlarms.)
func unwatched(a *types.ServiceDeploymentAlarms) string {
	switch {
	case a == nil || len(a.AlarmNames) == 0:
		return "the service names none"
	case a.Status == types.ServiceDeploymentRollbackMonitorsStatusDisabled:
		return "they are switched off, or one of them was on when it began"
	}
	return ""
}

// first is when something was first seen.
func (w *serviceWatch) first(what string) time.Time {
	at, ok := w.seen[what]
	if !ok {
		at = w.Now()
		w.seen[what] = at
	}
	return at
}
