package deploy

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline"
)

// watch looks at the deployment of one component.
type watch interface {
	// look brings the result up to date, and gives it an outcome once there is
	// one. The line says how far it is.
	look(ctx context.Context, r *Result) (line string, err error)
}

// maxFailures is how many looks in a row may fail for a passing reason.
const maxFailures = 5

// Verdict waits until it is known what became of the deploy of a component, or
// until the timeout. A deploy that failed is a result; an error is that nothing
// can be said of it, such as a missing permission.
//
// It may be asked again: what has ended has the same verdict for a week, and one
// that timed out goes on.
func Verdict(ctx context.Context, c Config, name string, want Want) (*Result, error) {
	d, err := newDeployer(c)
	if err != nil {
		return nil, err
	}
	part, err := d.component(name)
	if err != nil {
		return nil, err
	}
	if err := want.Validate(part.consumer != nil); err != nil {
		return nil, err
	}
	r := &Result{
		Pipeline: d.pipeline.Prefix(), Component: name, Requested: want,
		Serving: []Revision{}, Alarms: []Alarm{}, Notes: []string{}, Dashboard: d.pipeline.DashboardURL(pipeline.BoardDeploy),
	}
	var w watch
	if part.consumer == nil {
		r.Subject = d.pipeline.ServiceName()
		w = newServiceWatch(d, want)
	} else {
		r.Subject = part.consumer.FunctionName()
		w = newFunctionWatch(d, r.Subject, want)
	}
	if err := d.wait(ctx, w, r); err != nil {
		return nil, fmt.Errorf("verdict on %s: %w", r.Subject, explain(err))
	}
	return r, nil
}

// wait looks until there is an outcome.
func (d *deployer) wait(ctx context.Context, w watch, r *Result) error {
	began := d.Now()
	deadline := began.Add(d.Timeout)
	p := progress{d: d, since: began}
	for failures := 0; ; {
		line, err := w.look(ctx, r)
		switch {
		case err == nil:
			failures = 0
		case ctx.Err() != nil:
			return ctx.Err()
		case !passing(ctx, err):
			return err
		default:
			if failures++; failures >= maxFailures {
				return fmt.Errorf("%d looks in a row failed: %w", failures, explain(err))
			}
			line = oneLine(explain(err).Error()) + "; looking again"
		}
		now := d.Now()
		if err == nil && r.Outcome == "" && !now.Before(deadline) {
			d.timedOut(r, line)
		}
		if r.Outcome != "" {
			r.Seconds = int(now.Sub(began).Seconds())
			return d.complete(ctx, r)
		}
		p.say(now, line)
		if err := d.sleep(ctx, min(d.Poll, max(deadline.Sub(now), time.Millisecond))); err != nil {
			return err
		}
	}
}

// timedOut is the verdict on what still goes on. A rollback is one before it has
// ended.
func (d *deployer) timedOut(r *Result, line string) {
	switch r.Cause {
	case "":
		r.end(OutcomeTimedOut, "no end after ", minutes(d.Timeout), ": ", line)
	case CausePerson:
		r.end(OutcomeStopped, "somebody stopped it; the rollback has not ended after ", minutes(d.Timeout))
	default:
		r.end(OutcomeRolledBack, "rolled back ", r.because(), "; the rollback has not ended after ", minutes(d.Timeout))
	}
}

// complete adds what helps the reader of a verdict that is none of success.
func (d *deployer) complete(ctx context.Context, r *Result) error {
	if r.Outcome == OutcomeServing || r.Outcome == OutcomeSuperseded {
		return nil
	}
	if r.Runbook == "" {
		r.Runbook = alarms.RunbookURL(d.pipeline, rollbackPage)
	}
	asks := r.Cause == CauseAlarm || r.Cause == CauseOther
	if !asks || r.Deployment.Began.IsZero() {
		return nil
	}
	to := r.Deployment.Ended
	if to.IsZero() {
		to = d.Now()
	}
	named := r.AlarmNames()
	// An alarm that goes on is noticed a little later, and one that nobody named
	// went on before the end.
	found, err := d.triggered(ctx, r.Component, named, r.Deployment.Began.Add(-time.Minute), to.Add(time.Minute))
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.note("when and why the alarm went on is not known: " + oneLine(explain(err).Error()))
	}
	if len(named) == 0 && len(found) > 0 {
		r.note("alarms that were on in that time: " + alarmNames(found))
	}
	if len(found) > 0 {
		r.Alarms = found
	}
	return nil
}

func alarmNames(all []Alarm) string {
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = a.Name
	}
	return strings.Join(names, ", ")
}

// because names what ended a deployment.
func (r *Result) because() string {
	switch r.Cause {
	case CauseAlarm:
		switch len(r.Alarms) {
		case 0:
			return "by an alarm"
		case 1:
			return "by the alarm " + r.Alarms[0].Name
		}
		return "by the alarms " + alarmNames(r.Alarms)
	case CauseCircuitBreaker:
		return "by the circuit breaker: tasks did not start, or were not healthy"
	case CauseHook:
		return "by a lifecycle hook"
	case CausePerson:
		return "by somebody"
	case CauseOther:
	}
	return "(" + r.Deployment.Reason + ")"
}

// progress writes a line when it differs from the last one, and every minute.
type progress struct {
	d     *deployer
	since time.Time
	line  string
	at    time.Time
}

func (p *progress) say(now time.Time, line string) {
	if line == p.line && now.Sub(p.at) < time.Minute {
		return
	}
	p.line, p.at = line, now
	fmt.Fprintf(p.d.Progress, "%s %s\n", now.UTC().Format("15:04:05"), line)
}
