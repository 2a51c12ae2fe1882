package deploy

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tracehaul/tracehaul/pipeline"
)

// Kinds of findings.
const (
	findingAlarmOn      = "alarm-on"      // an alarm is on already
	findingAlarmMissing = "alarm-missing" // there is no alarm of that name
	findingNoAlarms     = "no-alarms"     // no alarm rolls the component back
	findingInProgress   = "in-progress"   // a deployment runs already
	findingUnwatched    = "unwatched"     // what deploys does not look at the alarms
	findingActions      = "actions"       // an alarm tells people
	findingFirst        = "first"         // there is nothing to roll back to
)

// Finding is what is to be known before a deploy.
type Finding struct {
	Kind      string `json:"kind"` // alarm-on, alarm-missing, no-alarms, in-progress, unwatched, actions or first
	Component string `json:"component"`
	Subject   string `json:"subject"` // the name of the alarm, service or function
	Text      string `json:"text"`
	Runbook   string `json:"runbook,omitempty"`
	Refuses   bool   `json:"refuses"` // whether there must be no deploy
}

// Report is what a preflight found.
type Report struct {
	Pipeline   string    `json:"pipeline"` // its prefix
	Components []string  `json:"components"`
	Time       time.Time `json:"time"` // of the deploy's begin: see [Config].Since
	Refused    bool      `json:"refused"`
	Findings   []Finding `json:"findings"`
	Alarms     []Alarm   `json:"alarms"`
	Dashboard  string    `json:"dashboard"`
}

// Preflight looks whether components can be deployed now: all, unless some are
// named. If one of the alarms that would roll a deployment back is on when it
// begins, ECS looks at none of them for as long as it lasts, and ignores without
// a word a name that does not exist; CodeDeploy stops at once. So that refuses a
// deploy, as does another deployment that is under way. Whether it is refused is
// in the report; an error is a call that failed.
//
// (Amazon ECS Developer Guide, "How CloudWatch alarms detect Amazon ECS deployment
// failures".)
func Preflight(ctx context.Context, c Config, components ...string) (*Report, error) {
	d, err := newDeployer(c)
	if err != nil {
		return nil, err
	}
	if len(components) == 0 {
		components = Components(d.pipeline)
	}
	r := &Report{
		Pipeline: d.pipeline.Prefix(), Components: components, Time: d.Now().UTC().Truncate(time.Second),
		Findings: []Finding{}, Alarms: []Alarm{}, Dashboard: d.pipeline.DashboardURL(pipeline.BoardDeploy),
	}
	var errs []error
	for _, name := range components {
		if _, err := d.component(name); err != nil {
			errs = append(errs, err)
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for _, name := range components {
		if err := d.preflight(ctx, name, r); err != nil {
			return nil, fmt.Errorf("preflight of %s: %w", name, explain(err))
		}
	}
	// What refuses comes first.
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		switch {
		case a.Refuses && !b.Refuses:
			return -1
		case b.Refuses && !a.Refuses:
			return 1
		}
		return 0
	})
	r.Refused = len(r.Findings) > 0 && r.Findings[0].Refuses
	return r, nil
}

func (d *deployer) preflight(ctx context.Context, name string, r *Report) error {
	c, err := d.component(name)
	if err != nil {
		return err
	}
	look := d.serviceBefore
	if c.consumer != nil {
		look = d.functionBefore
	}
	watched, findings, err := look(ctx, c)
	if err != nil {
		return err
	}
	own := d.rollbackNames(name)
	names := slices.Clone(own)
	for _, w := range watched.names {
		if !slices.Contains(names, w) {
			names = append(names, w)
		}
	}
	states, err := d.describeAlarms(ctx, names)
	if err != nil {
		return err
	}
	r.Alarms = append(r.Alarms, states...)
	if len(own) == 0 {
		findings = append(findings, Finding{
			Kind: findingNoAlarms, Subject: d.pipeline.Name(name), Refuses: true, Text: "no alarm of the pipeline rolls it back",
		})
	}
	for i := range states {
		findings = append(findings, d.alarmBefore(&states[i], watched.by)...)
	}
	findings = append(findings, watched.compare(own)...)
	for i := range findings {
		findings[i].Component = name
	}
	r.Findings = append(r.Findings, findings...)
	return nil
}

// alarmBefore is what an alarm says about a deploy that has not begun. One
// without data is as good as one that is off: an idle target group reports none.
func (d *deployer) alarmBefore(a *Alarm, by string) (findings []Finding) {
	switch a.State {
	case "":
		findings = append(findings, Finding{
			Kind: findingAlarmMissing, Subject: a.Name, Runbook: a.Runbook, Refuses: true,
			Text: "there is no such alarm, so that it rolls nothing back: apply the alarms first, or take the name out of what " + by + " looks at",
		})
	case stateAlarm:
		text := joined("on since "+moment(a.Since)+" ("+minutes(d.Now().Sub(a.Since))+")", a.Title, a.Reason)
		findings = append(findings, Finding{Kind: findingAlarmOn, Subject: a.Name, Runbook: a.Runbook, Refuses: true, Text: text})
	}
	if len(a.Actions) > 0 {
		findings = append(findings, Finding{
			Kind: findingActions, Subject: a.Name,
			Text: "it has actions (" + strings.Join(a.Actions, ", ") + "): an alarm that rolls back is touchy, and tells nobody by itself",
		})
	}
	return findings
}

// watched is which alarms a service, or a deployment group, is set to look at.
type watched struct {
	by      string // who looks: "ECS"
	subject string // the service, or the group
	exists  bool
	names   []string
	off     string // why nothing happens when one goes on; empty if it does
}

// compare says what is not watched. The deploy may be what changes that.
func (w watched) compare(own []string) []Finding {
	if !w.exists {
		return nil
	}
	if w.off != "" {
		return []Finding{{Kind: findingUnwatched, Subject: w.subject, Text: w.off}}
	}
	missing := slices.DeleteFunc(slices.Clone(own), func(name string) bool { return slices.Contains(w.names, name) })
	if len(missing) == 0 {
		return nil
	}
	return []Finding{{
		Kind: findingUnwatched, Subject: w.subject,
		Text: w.by + " does not look at " + strings.Join(missing, ", ") + ": unless this deploy changes that, they roll nothing back",
	}}
}
