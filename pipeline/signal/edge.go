package signal

import (
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Edge is the load balancer, its certificate and the web application firewall.
//
// Source: "CloudWatch metrics for your Application Load Balancer", Elastic Load
// Balancing user guide. It says of each metric when it is reported.
type Edge struct {
	Requests         Signal // those for which a target was chosen
	ELB5XX           Signal // by the load balancer itself
	ELB502           Signal // of those, the ones of a target that hung up
	ELB504           Signal // of those, the ones of a target that took too long
	ELB4XX           Signal
	Target5XX        Signal
	Target4XX        Signal
	ResponseTime     Signal
	Rejected         Signal
	ConnectionErrors Signal

	// TargetGroups swap roles at every deploy: either may be the canary.
	TargetGroups [2]TargetGroup

	Blocked     *Signal // nil without a firewall
	Certificate *Signal // nil without a domain

	Spans *ALBSpans // nil where the load balancer has none
}

// ALBSpans is the function that makes spans of the access log.
//
// Sources: "Types of metrics for Lambda functions", AWS Lambda developer guide,
// asynchronous invocation metrics: what goes into a dead-letter queue counts as
// dropped, too. "Available CloudWatch metrics for Amazon SQS", SQS developer
// guide.
type ALBSpans struct {
	Invocations Signal
	Errors      Signal
	Dropped     Signal // files that it was told of, and given up
	Letters     Signal // those of them that wait to be read again

	BadLines         Signal
	FaultyLines      Signal
	TelemetryDropped Signal
}

// TargetGroup is one of the two target groups.
type TargetGroup struct {
	Name           string // a or b
	Requests       Signal
	Target5XX      Signal
	HealthyHosts   Signal
	UnhealthyHosts Signal
	ResponseTime   Signal
}

func (c *Catalogue) edge(p *pipeline.Pipeline) Edge {
	alb := source{catalogue: c, prefix: "edge.", hop: HopEdge, namespace: "AWS/ApplicationELB"}.
		with(Dimension{Name: "LoadBalancer", Input: InputLoadBalancer})
	e := Edge{
		Requests: alb.add("requests", "RequestCount", "Sum", UnitCount, AbsentIdle, "Requests",
			"Requests for which the load balancer chose a target. Those that it answered itself are not among them."),
		ELB5XX: alb.add("elb_5xx", "HTTPCode_ELB_5XX_Count", "Sum", UnitCount, AbsentNothing, "5XX by the load balancer",
			"Answers 5XX that the load balancer gave itself: no healthy target, a target that hung up or took too long. Good is none."),
		ELB502: alb.add("elb_502", "HTTPCode_ELB_502_Count", "Sum", UnitCount, AbsentNothing, "502 by the load balancer",
			"Requests whose target hung up or answered with something that is not HTTP. Good is none."),
		ELB504: alb.add("elb_504", "HTTPCode_ELB_504_Count", "Sum", UnitCount, AbsentNothing, "504 by the load balancer",
			"Requests whose target took too long to connect or to answer. Good is none."),
		ELB4XX: alb.add("elb_4xx", "HTTPCode_ELB_4XX_Count", "Sum", UnitCount, AbsentNothing, "4XX by the load balancer",
			"Requests that the load balancer refused itself: malformed, without a valid token, given up by the client."),
		Target5XX: alb.add("target_5xx", "HTTPCode_Target_5XX_Count", "Sum", UnitCount, AbsentNothing, "5XX by the service",
			"Answers 5XX of the service. Good is none; 503 says that it sheds load."),
		Target4XX: alb.add("target_4xx", "HTTPCode_Target_4XX_Count", "Sum", UnitCount, AbsentNothing, "4XX by the service",
			"Requests that the service refused: clients send something else than it takes."),
		ResponseTime: alb.add("response_time", "TargetResponseTime", "p99", UnitSeconds, AbsentIdle, "Response time",
			"Time from the request's leaving the load balancer to the first byte of the answer."),
		Rejected: alb.add("rejected", "RejectedConnectionCount", "Sum", UnitCount, AbsentNothing, "Rejected connections",
			"Connections refused because the load balancer had reached its most. Good is none."),
		ConnectionErrors: alb.add("connection_errors", "TargetConnectionErrorCount", "Sum", UnitCount, AbsentNothing, "Connection errors",
			"Connections to a task that could not be opened. Good is none, but for the moment in which a task ends."),
	}
	for i, input := range []Input{InputTargetGroupA, InputTargetGroupB} {
		name := string("ab"[i])
		group := alb.with(Dimension{Name: "TargetGroup", Input: input})
		group.suffix = "." + name
		of := " of target group " + name
		e.TargetGroups[i] = TargetGroup{
			Name: name,
			Requests: group.add("requests", "RequestCount", "Sum", UnitCount, AbsentIdle, "Requests"+of,
				"Requests that went to this target group. At rest one of the two has them all."),
			Target5XX: group.add("target_5xx", "HTTPCode_Target_5XX_Count", "Sum", UnitCount, AbsentNothing, "5XX"+of,
				"Answers 5XX of the tasks in this target group. Good is none."),
			HealthyHosts: group.add("healthy_hosts", "HealthyHostCount", "Maximum", UnitCount, AbsentIdle, "Healthy tasks"+of,
				"Tasks that pass the health check. At rest one of the two groups has none, and reports nothing."),
			UnhealthyHosts: group.add("unhealthy_hosts", "UnHealthyHostCount", "Maximum", UnitCount, AbsentIdle, "Unhealthy tasks"+of,
				"Tasks that fail the health check. Good is none, but for a task's first seconds."),
			ResponseTime: group.add("response_time", "TargetResponseTime", "p99", UnitSeconds, AbsentIdle, "Response time"+of,
				"Time that the tasks in this target group take to answer."),
		}
	}
	if p.Edge.WAF {
		waf := source{catalogue: c, prefix: "edge.", hop: HopEdge, namespace: "AWS/WAFV2"}.
			with(Dimension{Name: "Region", Value: p.Region}).
			with(Dimension{Name: "Rule", Value: "ALL"}).
			with(Dimension{Name: "WebACL", Value: p.ServiceName()})
		s := waf.add("blocked", "BlockedRequests", "Sum", UnitCount, AbsentNothing, "Requests blocked by the firewall",
			"Requests that AWS WAF blocked. Some are a normal day; a wave is an attack, or a rule that hits customers.")
		e.Blocked = &s
	}
	if p.Edge.Domain != "" {
		acm := source{catalogue: c, prefix: "edge.", hop: HopEdge, namespace: "AWS/CertificateManager"}.
			with(Dimension{Name: "CertificateArn", Input: InputCertificate})
		s := acm.add("certificate_days", "DaysToExpiry", "Minimum", UnitDays, AbsentIdle, "Days until the certificate expires",
			"ACM renews a certificate weeks before its end, as long as the DNS record that proves the domain is there. Once it has expired nothing is reported.")
		e.Certificate = &s
	}
	if p.Edge.ALBSpans {
		e.Spans = c.albSpans(p)
	}
	return e
}

func (c *Catalogue) albSpans(p *pipeline.Pipeline) *ALBSpans {
	name := p.ALBSpansName()
	lambda := source{catalogue: c, prefix: "albspans.", hop: HopEdge, namespace: "AWS/Lambda"}.
		with(Dimension{Name: "FunctionName", Value: name})
	letters := source{catalogue: c, prefix: "albspans.", hop: HopEdge, namespace: "AWS/SQS"}.
		with(Dimension{Name: "QueueName", Value: p.ALBSpansDLQName()})
	lines := logs{
		source{catalogue: c, prefix: "albspans.", hop: HopEdge, namespace: logNamespace(name)},
		pipeline.LogGroupName(pipeline.KindFunction, name),
	}
	return &ALBSpans{
		Invocations: lambda.add("invocations", "Invocations", "Sum", UnitCount, AbsentIdle, "Files of the access log",
			"Times that the function for the load balancer's spans ran: one for each file of the access log, and each try."),
		Errors: lambda.add("errors", "Errors", "Sum", UnitCount, AbsentNothing, "Files not read",
			"Files of the access log that could not be read to their end, or whose spans nobody took, at the first try or the next. Good is none."),
		Dropped: lambda.add("dropped", "AsyncEventsDropped", "Sum", UnitCount, AbsentNothing, "Files given up",
			"Files of the access log that were given up after the last try. Good is none."),
		Letters: letters.add("letters", "ApproximateNumberOfMessagesVisible", "Maximum", UnitCount, AbsentNothing, "Files to be read again",
			"Files of the access log that were given up, and that wait for somebody to have them read again. Good is none."),
		BadLines: lines.sum("bad_lines", "BadLines", semconv.LogAccessLogRead, semconv.LogKeyBad,
			"Lines not read", "Lines of the access log that could not be read: their requests have no span of the load balancer. Good is none."),
		FaultyLines: lines.sum("faulty_lines", "FaultyLines", semconv.LogAccessLogRead, semconv.LogKeyFaulty,
			"Lines read in part", "Lines of the access log with a number or an address that could not be read. Their spans say which. Good is none."),
		TelemetryDropped: lines.sum("telemetry_dropped", "TelemetryDropped", semconv.LogTelemetryDropped, semconv.LogKeyItems,
			"Telemetry dropped", "Spans, data points and log records that the function could not deliver, at one try or another. Good is none: somebody is blind."),
	}
}
