package alarms

import (
	"github.com/tracehaul/tracehaul/internal/figure"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// RequestCount has the requests for which the load balancer chose a target,
// those among them that it answered with 502 or 504 as well. What it answers
// before that (503 without a target, 500 where the firewall or the identity
// provider fails, 561) is not among them: its own 5XX, less 502 and 504, are to
// be added. ("CloudWatch metrics for your Application Load Balancer",
// RequestCount, and "Troubleshoot your Application Load Balancers".)
//
// In a sum of two series, one that is missing counts as 0; where both are there
// is no result. Alarms of one-minute periods rely on it: filled, the minutes that
// CloudWatch does not show yet would count as quiet ones, or as dead ones. Three
// late minutes of five would make one alarm deaf and another go off. ("Using math
// expressions with CloudWatch metrics", CloudWatch user guide.)
const (
	allRequests = "(FILL(requests, 0) + FILL(elb, 0) - FILL(hangups, 0) - FILL(timeouts, 0))"
	elbRate     = "IF(requests + elb > 20, 100 * FILL(elb, 0) / " + allRequests + ", 0)"
	targetRate  = "IF(requests > 20, 100 * FILL(errors, 0) / requests, 0)"
)

// elbInputs are what [elbRate] and [allRequests] are made of.
func elbInputs(e signal.Edge) []Input {
	return []Input{{"elb", e.ELB5XX}, {"hangups", e.ELB502}, {"timeouts", e.ELB504}, {"requests", e.Requests}}
}

func (b *builder) edge() {
	e := b.signals.Edge
	members := []Alarm{
		{
			Key: "no-healthy-hosts", Title: "No task is healthy", Runbook: "no-healthy-hosts.md",
			Meaning: "Neither target group has a task that passes its health check. Without any task, requests are answered with 503; with unhealthy ones, they get whatever those answer.",
			Logs:    b.snippets.Service().Errors,
			Metric: &Metric{
				// At rest one of the two groups reports nothing and counts as 0.
				Inputs:     []Input{{"a", e.TargetGroups[0].HealthyHosts}, {"b", e.TargetGroups[1].HealthyHosts}},
				Expression: "a + b", Comparison: Below, Threshold: 1, Unit: signal.UnitCount,
				Periods: 5, Datapoints: 3, Missing: MissingBreaching,
			},
		},
		{
			Key: "elb-5xx", Title: "The load balancer answers with errors", Runbook: "elb-5xx.md",
			Meaning: "Many requests are answered with 5XX by the load balancer itself: it reaches no task, they hang up or take too long, or the firewall or the identity provider fails.",
			Logs:    b.snippets.Service().Errors,
			Metric: &Metric{
				Inputs:     elbInputs(e),
				Expression: elbRate, Threshold: 5, Unit: signal.UnitPercent, Periods: 5, Datapoints: 3,
			},
		},
	}
	for _, g := range e.TargetGroups {
		members = append(members, Alarm{
			Key: "target-5xx-" + g.Name, Title: "The service answers with errors (target group " + g.Name + ")", Runbook: "target-5xx.md",
			Meaning: "Many requests to the tasks in target group " + g.Name + " are answered with 5XX. Events are refused; clients have to send them again.",
			Logs:    b.snippets.Service().Refusals,
			Metric: &Metric{
				Inputs:     []Input{{"errors", g.Target5XX}, {"requests", g.Requests}},
				Expression: targetRate, Threshold: 5, Unit: signal.UnitPercent, Periods: 5, Datapoints: 3,
			},
		})
	}
	b.page(Alarm{
		Key: "edge", Title: "Requests fail", Hop: signal.HopEdge, Runbook: "edge.md",
		Meaning: "Clients get errors, or no answer. Events that got no 202 are not in the pipeline.",
		Logs:    b.snippets.Service().Refusals,
	}, "service", members...)
	b.edgeTickets(e)
}

func (b *builder) edgeTickets(e signal.Edge) {
	limit := figure.Round(3*b.pipeline.Objectives.Latency.Seconds(), 3)
	b.add(Alarm{
		Key: "client-4xx", Title: "Clients are refused", Hop: signal.HopEdge, Severity: pipeline.SeverityTicket, Runbook: "client-4xx.md",
		Meaning: "Many requests are refused as the client's fault: a client has changed, or what we accept has.",
		Logs:    b.snippets.Service().Clients,
		Metric: &Metric{
			// Most of what the load balancer refuses has no target chosen.
			Inputs:     []Input{{"elb", e.ELB4XX}, {"target", e.Target4XX}, {"requests", e.Requests}},
			Expression: "IF(FILL(requests, 0) + FILL(elb, 0) > 100, 100 * (FILL(target, 0) + FILL(elb, 0)) / (FILL(requests, 0) + FILL(elb, 0)), 0)",
			Threshold:  20, Unit: signal.UnitPercent, Period: minutes(5), Periods: 3,
		},
	})
	b.add(Alarm{
		Key: "latency-p99", Title: "Requests are slow", Hop: signal.HopEdge, Severity: pipeline.SeverityTicket, Runbook: "latency-p99.md",
		Meaning: "The slowest of a hundred requests takes far longer than the objective says.",
		Logs:    b.snippets.Service().Errors,
		Metric: &Metric{
			Inputs:     []Input{{"time", e.ResponseTime}, {"requests", e.Requests}},
			Expression: "IF(FILL(requests, 0) > 100, time, 0)", Threshold: limit, Unit: signal.UnitSeconds, Period: minutes(5), Periods: 3,
		},
	})
	b.add(Alarm{
		Key: "rejected-connections", Title: "The load balancer turns connections away", Hop: signal.HopEdge, Severity: pipeline.SeverityTicket, Runbook: "rejected-connections.md",
		Meaning: "The load balancer has reached its maximum number of connections. Clients cannot connect.",
		// No log has them: there is no request, and no task knows.
		Metric: &Metric{
			// Without the filling, minutes after the last one CloudWatch would
			// go back to older periods, and the alarm would go on and off.
			Inputs:     []Input{{"rejected", e.Rejected}},
			Expression: "FILL(rejected, 0)", Threshold: 10, Unit: signal.UnitCount, Period: minutes(5),
		},
	})
	b.add(Alarm{
		Key: "request-volume", Title: "Far fewer requests than usual", Hop: signal.HopEdge, Severity: pipeline.SeverityTicket, Runbook: "request-volume.md",
		Meaning: "There are far fewer requests than at this hour on other days. Clients cannot reach us, or do not try. What is normal is learned, not a fixed number.",
		Logs:    b.snippets.Service().Clients,
		Metric: &Metric{
			Inputs:     []Input{{"requests", e.Requests}},
			Expression: "FILL(requests, 0)", Comparison: BelowBand, BandWidth: 6, Unit: signal.UnitCount, Period: minutes(5), Periods: 4, Datapoints: 3,
		},
	})
	if e.Blocked != nil {
		b.add(Alarm{
			Key: "waf-blocked", Title: "The firewall blocks far more than usual", Hop: signal.HopEdge, Severity: pipeline.SeverityNotice, Runbook: "waf-blocked.md",
			Meaning: "AWS WAF blocks far more requests than at this hour on other days: an attack, or a rule that blocks customers.",
			Logs:    b.snippets.Blocked(),
			Metric: &Metric{
				Inputs:     []Input{{"blocked", *e.Blocked}},
				Expression: "IF(FILL(blocked, 0) > 500, FILL(blocked, 0), 0)", Comparison: AboveBand, BandWidth: 6, Unit: signal.UnitCount, Period: minutes(5), Periods: 4, Datapoints: 3,
			},
		})
	}
	if e.Spans != nil {
		b.albSpans(e.Spans)
	}
	if e.Certificate != nil {
		b.add(Alarm{
			Key: "certificate", Title: "The certificate expires soon", Hop: signal.HopEdge, Severity: pipeline.SeverityTicket, Runbook: "certificate.md",
			Meaning: "The certificate of the domain expires soon. ACM should have renewed it by now: something keeps it from doing so.",
			// Nothing is reported any more once it has expired: the alarm stays on.
			Metric: &Metric{Inputs: of(*e.Certificate), Comparison: Below, Threshold: 30, Period: minutes(24 * 60), Missing: MissingIgnore},
		})
	}
}

// albSpans tells that the load balancer's spans are not, or not all, there.
func (b *builder) albSpans(s *signal.ALBSpans) {
	logs := b.snippets.ALBSpans()
	b.add(Alarm{
		Key: "spans-lost", Title: "Spans of the load balancer are lost", Hop: signal.HopEdge, Severity: pipeline.SeverityTicket, Runbook: "spans-lost.md",
		Meaning: "Files of the access log were given up: they could not be read, or nobody took their spans. Events are not affected, but traces of that time have no root, and requests that never reached the service are in none. The alarm is on until the files that wait are read again, or removed.",
		Logs:    logs.Complaints,
		Metric: &Metric{
			// What is given up counts as dropped, and waits as a letter. Either
			// may be without the other: a queue that does not take it, and what
			// has waited for long.
			Inputs:     []Input{{"files", s.Dropped}, {"letters", s.Letters}},
			Expression: "FILL(files, 0) + FILL(letters, 0)", Threshold: 0, Unit: signal.UnitCount, Period: minutes(5),
		},
	})
	b.add(Alarm{
		Key: "access-log-unread", Title: "Lines of the access log cannot be read", Hop: signal.HopEdge, Severity: pipeline.SeverityTicket, Runbook: "access-log-unread.md",
		Meaning: "Lines of the load balancer's access log, or some of their fields, cannot be read. Events are not affected, but requests have no span of the load balancer, or one that lacks something. AWS may have changed the format. A file that Lambda tries again counts each time, three times at most.",
		Logs:    logs.Lines,
		Metric: &Metric{
			Inputs:     []Input{{"bad", s.BadLines}, {"faulty", s.FaultyLines}},
			Expression: "FILL(bad, 0) + FILL(faulty, 0)", Threshold: 10, Unit: signal.UnitCount, Period: minutes(15), Periods: 2,
		},
	})
	b.add(b.telemetryDropped("albspans-telemetry-dropped", signal.HopEdge, "function for the load balancer's spans", s.TelemetryDropped, logs.Dropped))
}
