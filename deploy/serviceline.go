package deploy

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// line says how far a deployment is.
func (w *serviceWatch) line(r *Result, d *types.ServiceDeployment) string {
	parts := []string{string(d.Status)}
	if d.LifecycleStage != "" {
		parts[0] += " " + string(d.LifecycleStage)
	}
	if r.Cause != "" {
		return parts[0] + ": on the way back, ended " + r.because()
	}
	share, known := w.share(d)
	if known {
		parts = append(parts, percent(share)+" of requests go to the new version")
	}
	if t := d.TargetServiceRevision; t != nil {
		parts = append(parts, fmt.Sprintf("%d of %s run", t.RunningTaskCount, plural(int(t.RequestedTaskCount), "new task", "new tasks")))
	}
	if left := w.left(d, share); left != "" {
		parts = append(parts, left)
	}
	return parts[0] + ": " + strings.Join(parts[1:], ", ")
}

// share is the part of requests that the new version gets, if it is known.
func (w *serviceWatch) share(d *types.ServiceDeployment) (float64, bool) {
	if t := d.TargetServiceRevision; t != nil && t.RequestedProductionTrafficWeight != nil {
		return *t.RequestedProductionTrafficWeight, true
	}
	return 0, false
}

// left says how long the bake times will still take. ECS does not say when a stage
// began: if that was before the first look, it is less.
func (w *serviceWatch) left(d *types.ServiceDeployment, share float64) string {
	c := d.DeploymentConfiguration
	if c == nil || (c.Strategy != types.DeploymentStrategyCanary && c.Strategy != types.DeploymentStrategyBlueGreen) {
		return ""
	}
	var canary, bake time.Duration
	if c.BakeTimeInMinutes != nil {
		bake = time.Duration(*c.BakeTimeInMinutes) * time.Minute
	}
	if c.Strategy == types.DeploymentStrategyCanary && c.CanaryConfiguration != nil && c.CanaryConfiguration.CanaryBakeTimeInMinutes != nil {
		canary = time.Duration(*c.CanaryConfiguration.CanaryBakeTimeInMinutes) * time.Minute
	}
	passed := func(what string) time.Duration { return w.Now().Sub(w.first(what)) }
	switch d.LifecycleStage {
	case types.ServiceDeploymentLifecycleStageCleanUp:
		return ""
	case types.ServiceDeploymentLifecycleStageBakeTime:
		return "about " + minutes(max(bake-passed("bake"), 0)) + " left"
	case types.ServiceDeploymentLifecycleStagePostProductionTrafficShift:
		return "about " + minutes(bake) + " left"
	default:
	}
	if share > 0 && share < 100 {
		return "about " + minutes(max(canary-passed("canary"), 0)+bake) + " left"
	}
	if share == 100 {
		return "about " + minutes(bake) + " left"
	}
	return "more than " + minutes(canary+bake) + " left"
}
