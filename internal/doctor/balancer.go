package doctor

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// keepAlive is how long the service keeps a connection that nobody uses: the
// default of service.Config.IdleTimeout. The load balancer must be the first to
// close it, or it sends a request into one that is being closed.
const keepAlive = 75 * time.Second

var balancerChecks = []Check{
	{
		ID: "targets", Hop: signal.HopEdge, needs: []string{needELB}, Page: "docs/runbooks/no-healthy-hosts.md",
		What: "the load balancer has healthy targets, and no others",
		look: lookTargets,
	},
	{
		ID: "access-logs", Hop: signal.HopEdge, needs: []string{needELB}, Page: "docs/albspans.md",
		What: "the load balancer writes its access log: its spans are made of that, and requests that reached no target are nowhere else",
		look: lookAccessLogs,
	},
	{
		ID: "idle-timeout", Hop: signal.HopEdge, needs: []string{needELB}, Page: "docs/runbooks/elb-5xx.md",
		What: "the load balancer closes a connection that nobody uses before the service does, after " + keepAlive.String() + ": or a request is sent into one that is just being closed, and is answered with 502",
		look: lookIdleTimeout,
	},
}

// balancer is nil if there is none.
func (e *exam) balancer(ctx context.Context) (*elbtypes.LoadBalancer, error) {
	return remember(e, "load balancer", func() (*elbtypes.LoadBalancer, error) {
		out, err := e.Clients.ELB.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{Names: []string{e.pipeline.LoadBalancerName()}})
		if isCode(err, "LoadBalancerNotFound") || err == nil && len(out.LoadBalancers) == 0 {
			return nil, nil //nolint:nilnil // there is none
		}
		if err != nil {
			return nil, err
		}
		return &out.LoadBalancers[0], nil
	})
}

// balancerAttributes are nil if there is no load balancer.
func (e *exam) balancerAttributes(ctx context.Context) (map[string]string, error) {
	return remember(e, "load balancer's attributes", func() (map[string]string, error) {
		b, err := e.balancer(ctx)
		if err != nil || b == nil {
			return nil, err
		}
		out, err := e.Clients.ELB.DescribeLoadBalancerAttributes(ctx, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: b.LoadBalancerArn})
		if err != nil {
			return nil, err
		}
		all := map[string]string{}
		for _, a := range out.Attributes {
			all[aws.ToString(a.Key)] = aws.ToString(a.Value)
		}
		return all, nil
	})
}

// targetGroups are those of the two names that are there.
func (e *exam) targetGroups(ctx context.Context) ([]elbtypes.TargetGroup, error) {
	return remember(e, "target groups", func() ([]elbtypes.TargetGroup, error) {
		names := e.pipeline.TargetGroupNames()
		out, err := e.Clients.ELB.DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{Names: names[:]})
		if isCode(err, "TargetGroupNotFound") {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return out.TargetGroups, nil
	})
}

// suffix is the end of an ARN of Elastic Load Balancing by which metrics know it.
func suffix(arn string) string {
	_, end, _ := strings.Cut(arn, ":loadbalancer/")
	if end == "" {
		if _, group, ok := strings.Cut(arn, ":targetgroup/"); ok {
			end = "targetgroup/" + group
		}
	}
	return end
}

func lookTargets(ctx context.Context, e *exam) (findings []Finding, err error) {
	b, err := e.balancer(ctx)
	if err != nil {
		return nil, err
	}
	if b == nil {
		return []Finding{{Verdict: Fault, Subject: e.pipeline.LoadBalancerName(), Found: "there is no such load balancer", Want: "a load balancer", Mend: applyService}}, nil
	}
	groups, err := e.targetGroups(ctx)
	if err != nil {
		return nil, err
	}
	healthy := 0
	for i := range groups {
		g := &groups[i]
		out, err := e.Clients.ELB.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: g.TargetGroupArn})
		if err != nil {
			return findings, err
		}
		for _, t := range out.TargetHealthDescriptions {
			if t.TargetHealth == nil || t.Target == nil {
				continue
			}
			switch t.TargetHealth.State {
			case elbtypes.TargetHealthStateEnumHealthy:
				healthy++
			case elbtypes.TargetHealthStateEnumUnhealthy:
				findings = append(findings, Finding{
					Verdict: Warning, Subject: aws.ToString(g.TargetGroupName), Want: "healthy",
					Found: fmt.Sprintf("%s is unhealthy: %s", aws.ToString(t.Target.Id), strings.TrimSpace(string(t.TargetHealth.Reason)+" "+aws.ToString(t.TargetHealth.Description))),
					Mend:  "look at the task's log: /readyz says why",
				})
			default: // it comes, goes, or is not used
			}
		}
	}
	if healthy == 0 {
		return append(findings, Finding{Verdict: Fault, Subject: e.pipeline.LoadBalancerName(), Found: "no target is healthy", Want: "one at least", Mend: "look at the tasks of " + e.pipeline.ServiceName()}), nil
	}
	return append(findings, good(e.pipeline.LoadBalancerName(), "healthy targets: "+strconv.Itoa(healthy))), nil
}

func lookAccessLogs(ctx context.Context, e *exam) ([]Finding, error) {
	all, err := e.balancerAttributes(ctx)
	if err != nil || all == nil {
		return nil, err
	}
	f := compare(e.pipeline.LoadBalancerName(), "access_logs.s3.enabled", orFalse(all["access_logs.s3.enabled"]), "true", applyService)
	if f.Verdict != OK && !e.pipeline.Edge.ALBSpans {
		f.Verdict = Warning
	}
	return []Finding{f}, nil
}

func lookIdleTimeout(ctx context.Context, e *exam) ([]Finding, error) {
	all, err := e.balancerAttributes(ctx)
	if err != nil || all == nil {
		return nil, err
	}
	name, text := e.pipeline.LoadBalancerName(), all["idle_timeout.timeout_seconds"]
	n, err := strconv.Atoi(text)
	if err != nil {
		return nil, fmt.Errorf("idle_timeout.timeout_seconds is %q", text)
	}
	if has := time.Duration(n) * time.Second; has >= keepAlive {
		return []Finding{{Verdict: Fault, Subject: name, Found: "the idle timeout is " + has.String(), Want: "less than " + keepAlive.String() + ", such as 1m0s", Mend: applyService}}, nil
	}
	return []Finding{good(name, "the idle timeout is "+text+" s, the service's "+keepAlive.String())}, nil
}
