package deploy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// blame finds out what ended a deployment, or is about to.
func (w *serviceWatch) blame(r *Result, d *types.ServiceDeployment) {
	const triggered = types.ServiceDeploymentRollbackMonitorsStatusTriggered
	r.Cause, r.Alarms = "", []Alarm{}
	ended := slices.Contains([]types.ServiceDeploymentStatus{
		types.ServiceDeploymentStatusRollbackRequested, types.ServiceDeploymentStatusRollbackInProgress, types.ServiceDeploymentStatusRollbackSuccessful,
		types.ServiceDeploymentStatusRollbackFailed, types.ServiceDeploymentStatusStopRequested, types.ServiceDeploymentStatusStopped,
	}, d.Status)
	hook := slices.IndexFunc(d.LifecycleHookDetails, func(h types.DeploymentLifecycleHookDetail) bool {
		return h.Status == types.DeploymentLifecycleHookStatusFailed || h.Status == types.DeploymentLifecycleHookStatusTimedOut
	})
	switch {
	case !ended:
	case d.Alarms != nil && (d.Alarms.Status == triggered || len(d.Alarms.TriggeredAlarmNames) > 0):
		r.Cause = CauseAlarm
		for _, name := range alarmList(d.Alarms.TriggeredAlarmNames) {
			r.Alarms = append(r.Alarms, w.known(name))
		}
	case d.DeploymentCircuitBreaker != nil && d.DeploymentCircuitBreaker.Status == triggered:
		r.Cause = CauseCircuitBreaker
		r.note(fmt.Sprintf("%s failed; the circuit breaker's threshold is %d", plural(int(d.DeploymentCircuitBreaker.FailureCount), "task", "tasks"), d.DeploymentCircuitBreaker.Threshold))
	case hook >= 0:
		r.Cause = CauseHook
		r.note("the lifecycle hook " + aws.ToString(d.LifecycleHookDetails[hook].TargetArn) + " is " + string(d.LifecycleHookDetails[hook].Status))
	case d.Status != types.ServiceDeploymentStatusStopRequested && d.Status != types.ServiceDeploymentStatusStopped:
		r.Cause = CausePerson // only StopServiceDeployment is left
	}
}

// alarmList splits names that ECS joins with commas, as its reference says.
func alarmList(names []string) (all []string) {
	for _, n := range names {
		for name := range strings.SplitSeq(n, ",") {
			if name = strings.TrimSpace(name); name != "" && !slices.Contains(all, name) {
				all = append(all, name)
			}
		}
	}
	return all
}
