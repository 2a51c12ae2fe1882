package doctor

import (
	"context"
	"maps"
	"slices"

	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// Check looks at one thing that is deployed.
type Check struct {
	ID   string
	Hop  signal.Hop
	What string // what is looked at, and why
	Page string // in docs, that helps if it fails

	local bool     // whether the local pipeline has it
	needs []string // clients
	look  func(ctx context.Context, e *exam) ([]Finding, error)
}

// Names of what checks need.
const (
	needSNS        = "SNS"
	needSQS        = "SQS"
	needECS        = "ECS"
	needLambda     = "Lambda"
	needCloudWatch = "CloudWatch"
	needLogs       = "CloudWatch Logs"
	needELB        = "Elastic Load Balancing"
	needRDS        = "RDS"
	needGrafana    = "Grafana's token"
)

// Checks are all checks of what is deployed, in the order of the way.
func Checks() []Check {
	return slices.Concat(balancerChecks, serviceChecks, topicChecks, queueChecks, consumerChecks, databaseChecks, alarmChecks, logChecks, dashboardChecks)
}

// has reports whether what a check needs is there.
func (e *exam) has(need string) bool {
	c := e.Clients
	return map[string]bool{
		needSNS: c.SNS != nil, needSQS: c.SQS != nil, needECS: c.ECS != nil, needLambda: c.Lambda != nil, needCloudWatch: c.CloudWatch != nil,
		needLogs: c.Logs != nil, needELB: c.ELB != nil, needRDS: c.RDS != nil, needGrafana: e.GrafanaToken != "" && e.Grafana != "",
	}[need]
}

// leftOut says why a check is not made, or nothing.
func (e *exam) leftOut(c *Check) string {
	if e.Local && (!c.local || slices.Contains(c.needs, needGrafana) && e.Grafana == "") {
		return "the local pipeline has no such thing"
	}
	for _, need := range c.needs {
		if !e.has(need) && need != needGrafana && e.NoAWS != nil {
			return "AWS cannot be asked"
		}
		if !e.has(need) {
			return need + " is not given"
		}
	}
	return ""
}

// checkAll makes the checks, one after the other.
func (e *exam) checkAll(ctx context.Context) (findings []Finding, out []LeftOut) {
	if e.NoAWS != nil {
		f := unknown(e.NoAWS)
		f.Check, f.Hop, f.Mend, f.Page = "aws", signal.HopService, "give credentials by the standard AWS_* variables", "docs/doctor.md#permissions"
		findings = append(findings, f)
	}
	all := Checks()
	for i := range all {
		c := &all[i]
		if why := e.leftOut(c); why != "" {
			j := slices.IndexFunc(out, func(l LeftOut) bool { return l.Why == why })
			if j < 0 {
				j = len(out)
				out = append(out, LeftOut{Why: why})
			}
			out[j].Checks = append(out[j].Checks, c.ID)
			continue
		}
		e.progress(checking, "check "+c.ID)
		findings = append(findings, e.check(ctx, c)...)
	}
	return findings, out
}

// check makes one check. One that found nothing to say found nothing wrong, and
// has nothing to look at here either.
func (e *exam) check(ctx context.Context, c *Check) []Finding {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	findings, err := c.look(ctx, e)
	if err != nil {
		findings = append(findings, unknown(err))
	}
	for i := range findings {
		f := &findings[i]
		f.Check, f.Hop = c.ID, c.Hop
		if f.Verdict == OK || f.Verdict == Unknown {
			continue
		}
		if f.Page == "" {
			f.Page = c.Page
		}
		if f.Why == "" {
			f.Why = c.What
		}
	}
	return findings
}

// good is what is as it should be.
func good(subject, found string) Finding {
	return Finding{Verdict: OK, Subject: subject, Found: found}
}

// compare is a fault where something is not what it should be.
func compare(subject, what, found, want, mend string) Finding {
	if found == want {
		return good(subject, what+" is "+found)
	}
	return Finding{Verdict: Fault, Subject: subject, Found: what + " is " + orNothing(found), Want: orNothing(want), Mend: mend}
}

func orNothing(s string) string {
	if s == "" {
		return "not set"
	}
	return s
}

// keys are those of both, in order.
func keys(a, b map[string]any) []string {
	all := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(all)
	return slices.Compact(all)
}
