package deploy

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/codedeploy/types"
)

// functionWatch looks at where a function's alias leads, and at CodeDeploy if that
// is what moves it.
type functionWatch struct {
	*deployer

	function, application, group string

	want    Want
	began   time.Time
	targets map[string]string // of deployments, which do not change
	settled time.Time         // when CodeDeploy was first seen to be done
	moved   time.Time         // when the wanted version was first seen to get messages
}

func newFunctionWatch(d *deployer, function string, want Want) *functionWatch {
	application, group := d.codeDeploy(function)
	return &functionWatch{deployer: d, function: function, application: application, group: group, want: want, began: d.Now(), targets: map[string]string{}}
}

func (w *functionWatch) look(ctx context.Context, r *Result) (string, error) {
	var err error
	if r.Serving, err = w.shares(ctx, w.function); err != nil {
		return "", err
	}
	if len(r.Serving) == 0 {
		return "", fmt.Errorf("there is no function %s with an alias %s in %s", w.function, Alias, w.pipeline.Region)
	}
	if w.moved.IsZero() && w.share(r) > 0 {
		w.moved = w.Now()
	}
	list, err := w.moves(ctx, w.application, w.group, w.Since)
	if isMissingGroup(err) {
		r.note("CodeDeploy has no deployment group " + w.application + "/" + w.group + ": the alias is all there is to see")
		return w.byHand(r), nil
	}
	if err != nil {
		return "", err
	}
	own, err := w.own(ctx, list)
	if err != nil {
		return "", err
	}
	if own < 0 {
		return w.unstarted(r, list), nil
	}
	w.account(r, list, own)
	return w.judge(ctx, r, &list[own])
}

// share is the percentage of the invocations that the wanted version gets.
func (w *functionWatch) share(r *Result) float64 {
	for _, s := range r.Serving {
		if s.FunctionVersion == w.want.FunctionVersion {
			return s.Percent
		}
	}
	return 0
}

// serves reports whether what is wanted serves, and nothing else.
func (w *functionWatch) serves(r *Result) bool { return len(r.Serving) == 1 && w.share(r) == 100 }

// own finds the newest deployment to the wanted version, or returns -1. A rollback
// is a deployment as well, of an older one.
func (w *functionWatch) own(ctx context.Context, list []types.DeploymentInfo) (int, error) {
	looked := 0
	for i := range list {
		if list[i].Creator == types.DeploymentCreatorCodeDeployRollback || looked == maxCandidates {
			continue
		}
		looked++
		id := aws.ToString(list[i].DeploymentId)
		version, ok := w.targets[id]
		if !ok {
			var err error
			if version, err = w.target(ctx, id); err != nil {
				return -1, err
			}
			if version != "" { // it has not begun
				w.targets[id] = version
			}
		}
		if version == w.want.FunctionVersion {
			return i, nil
		}
	}
	return -1, nil
}

// account takes over what CodeDeploy says of a deployment.
func (w *functionWatch) account(r *Result, list []types.DeploymentInfo, own int) {
	d := &list[own]
	r.Deployment = Deployment{ID: aws.ToString(d.DeploymentId), Status: string(d.Status), Began: aws.ToTime(d.CreateTime).UTC()}
	if d.CompleteTime != nil {
		r.Deployment.Ended = d.CompleteTime.UTC()
	}
	if d.ErrorInformation != nil {
		r.Deployment.Reason = oneLine(string(d.ErrorInformation.Code) + ": " + aws.ToString(d.ErrorInformation.Message))
	}
	if d.RollbackInfo != nil {
		r.Deployment.Rollback = aws.ToString(d.RollbackInfo.RollbackDeploymentId)
	}
	for i := range list[:own] {
		if list[i].Creator != types.DeploymentCreatorCodeDeployRollback {
			r.Deployment.NewerID = aws.ToString(list[i].DeploymentId)
			if version := w.targets[r.Deployment.NewerID]; version != "" {
				r.Deployment.NewerOf = "function version " + version
			}
			break
		}
	}
	w.blame(r, d)
}

// blame finds out what ended a deployment. CodeDeploy names alarms in a sentence
// only.
func (w *functionWatch) blame(r *Result, d *types.DeploymentInfo) {
	r.Cause, r.Alarms = "", []Alarm{}
	if d.Status != types.DeploymentStatusFailed && d.Status != types.DeploymentStatusStopped {
		return
	}
	r.Cause = CauseOther
	if d.ErrorInformation == nil {
		if d.Status == types.DeploymentStatusStopped {
			r.Cause = CausePerson
		}
		return
	}
	switch d.ErrorInformation.Code {
	case types.ErrorCodeAlarmActive:
		r.Cause = CauseAlarm
		words := strings.FieldsFunc(aws.ToString(d.ErrorInformation.Message), func(c rune) bool { return strings.ContainsRune(" ,;<>[]()\"'\n\t", c) })
		for _, name := range w.rollbackNames(r.Component) {
			if slices.ContainsFunc(words, func(word string) bool { return strings.TrimSuffix(word, ".") == name }) {
				r.Alarms = append(r.Alarms, w.known(name))
			}
		}
	case types.ErrorCodeManualStop:
		r.Cause = CausePerson
	case types.ErrorCodeHookExecutionFailure:
		r.Cause = CauseHook
	default:
	}
}

// unstarted judges a deploy of which there is no deployment.
func (w *functionWatch) unstarted(r *Result, list []types.DeploymentInfo) string {
	running := slices.IndexFunc(list, func(d types.DeploymentInfo) bool { return !over(d.Status) })
	waited := w.Now().Sub(w.began)
	switch {
	case running < 0 && w.serves(r):
		r.end(OutcomeServing, "it serves, and no deployment was needed")
	case waited >= w.Start:
		text := "nothing has begun to deploy it in " + minutes(waited)
		if running >= 0 {
			r.Deployment.NewerID = aws.ToString(list[running].DeploymentId)
			text += ", another deployment runs"
		}
		r.end(OutcomeFailed, text, "; ", r.serves(), ": did the deploy change the function?")
	case running >= 0:
		return "waiting for a deployment of " + w.want.String() + " to begin; another one is " + string(list[running].Status)
	}
	return "waiting for a deployment of " + w.want.String() + " to begin"
}

// judge gives a deployment that has ended its outcome, and any other its line.
func (w *functionWatch) judge(ctx context.Context, r *Result, d *types.DeploymentInfo) (string, error) {
	switch d.Status {
	case types.DeploymentStatusSucceeded:
		return w.succeeded(r), nil
	case types.DeploymentStatusFailed, types.DeploymentStatusStopped:
		return w.ended(ctx, r)
	default:
		return fmt.Sprintf("%s: %s of messages go to the new version%s", d.Status, percent(w.share(r)), w.left(r)), nil
	}
}

// left says how long the canary will still take.
func (w *functionWatch) left(r *Result) string {
	bake := w.pipeline.Deploy.CanaryBake
	if s := w.share(r); bake == 0 || s == 0 || s == 100 {
		return ""
	}
	return ", about " + minutes(max(bake-w.Now().Sub(w.moved), 0)) + " left"
}

func (w *functionWatch) succeeded(r *Result) string {
	switch {
	case w.serves(r):
		if r.Deployment.NewerID != "" {
			r.note(r.newer() + " has begun since")
		}
		r.end(OutcomeServing, r.Serving[0].String(), ", and nothing else")
	case r.Deployment.NewerID != "":
		r.end(OutcomeSuperseded, "it was deployed, and ", r.newer(), " has taken its place; ", r.serves())
	case w.settled.IsZero() || w.Now().Sub(w.settled) < settleTime:
		if w.settled.IsZero() {
			w.settled = w.Now()
		}
		return "Succeeded, and still " + r.serves()
	default:
		r.end(OutcomeFailed, "CodeDeploy calls it Succeeded, and yet ", r.serves())
	}
	return ""
}

// ended judges a deployment that did not get to its end. Its rollback is another
// one.
func (w *functionWatch) ended(ctx context.Context, r *Result) (string, error) {
	back := types.DeploymentStatus("")
	if r.Deployment.Rollback != "" {
		info, err := w.move(ctx, r.Deployment.Rollback)
		if err != nil {
			return "", err
		}
		if back = info.Status; !over(back) {
			return string(back) + ": on the way back, ended " + r.because(), nil
		}
	}
	stays := w.share(r) > 0
	switch {
	case back != "" && back != types.DeploymentStatusSucceeded:
		r.end(OutcomeFailed, "ended ", r.because(), ", and its rollback ", r.Deployment.Rollback, " is ", string(back), "; ", r.serves())
	case stays && r.Deployment.NewerID != "":
		r.end(OutcomeSuperseded, r.newer(), " has taken its place; ", r.serves())
	case stays:
		r.end(OutcomeFailed, "ended ", r.because(), ", and nothing took it back: ", r.serves())
	case r.Cause == CausePerson:
		r.end(OutcomeStopped, "somebody stopped it; ", r.serves(), " again")
	default:
		r.end(OutcomeRolledBack, "rolled back ", r.because(), "; ", r.serves(), " again")
	}
	return "", nil
}

// byHand judges by the alias alone.
func (w *functionWatch) byHand(r *Result) string {
	share := w.share(r)
	switch {
	case w.serves(r):
		r.end(OutcomeServing, r.Serving[0].String(), ", and nothing else")
	case share > 0:
		return percent(share) + " of messages go to the new version" + w.left(r)
	case !w.moved.IsZero():
		r.Cause, r.Deployment.Began = CauseOther, w.moved
		r.end(OutcomeRolledBack, "it got messages from ", moment(w.moved), " on, and gets none any more; ", r.serves(), " again")
	case w.Now().Sub(w.began) >= w.Start:
		r.end(OutcomeFailed, "nothing has moved the alias ", Alias, " to it in ", minutes(w.Now().Sub(w.began)), "; ", r.serves(), ": did the deploy change the function?")
	default:
		return "waiting for the alias " + Alias + " to move to " + w.want.String()
	}
	return ""
}
