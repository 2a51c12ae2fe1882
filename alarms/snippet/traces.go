package snippet

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// balancerComponent names the load balancer in traces, as Terraform has it.
const balancerComponent = "load-balancer"

// spans are those of one component in this environment that fulfil conditions.
func (s Set) spans(ask, component string, conditions ...string) Snippet {
	all := append([]string{
		fmt.Sprintf("resource.%s = %q", otelsemconv.ServiceNameKey, s.pipeline.TelemetryName(component)),
		fmt.Sprintf("resource.%s = %q", otelsemconv.DeploymentEnvironmentNameKey, s.pipeline.Environment),
	}, conditions...)
	return Snippet{Ask: ask, Language: TraceQL, Text: "{ " + strings.Join(all, " && ") + " }"}
}

// OfBalancer tells whether a query is for spans of the load balancer.
func (s Set) OfBalancer(q Snippet) bool {
	return q.Language == TraceQL && strings.Contains(q.Text, strconv.Quote(s.pipeline.TelemetryName(balancerComponent)))
}

// Failing are traces that failed in any of the pipeline's programs.
func (s Set) Failing() Snippet {
	return Snippet{Ask: "Which traces fail?", Language: TraceQL, Text: fmt.Sprintf("{ resource.%s =~ %q && resource.%s = %q && %s }",
		otelsemconv.ServiceNameKey, s.pipeline.TelemetryName(".+"), otelsemconv.DeploymentEnvironmentNameKey, s.pipeline.Environment, failed)}
}

const failed = "status = error"

// FailingRequests are traces that failed in the service.
func (s Set) FailingRequests() Snippet {
	return s.spans("Which traces fail in the service?", s.pipeline.Service.Name, failed)
}

// SlowRequests are those that took longer than the objective says.
func (s Set) SlowRequests() Snippet {
	return s.spans("Which requests are slow?", s.pipeline.Service.Name, "kind = server", longer(s.pipeline.Objectives.Latency))
}

// SlowPublishes are calls of SNS that took longer than the objective of the whole
// request says.
func (s Set) SlowPublishes() Snippet {
	return s.spans("Is it the publish that is slow?", s.pipeline.Service.Name, "kind = producer", longer(s.pipeline.Objectives.Latency))
}

// Unreached are requests that failed at the load balancer: no service saw them.
func (s Set) Unreached() Snippet {
	return s.spans("Which requests did no service see?", balancerComponent, attribute(semconv.ALBTargetReachedKey)+" = false", failed)
}

// RefusedRequests are those that were answered with 4XX, as the load balancer saw
// them.
func (s Set) RefusedRequests() Snippet {
	status := attribute(otelsemconv.HTTPResponseStatusCodeKey)
	return s.spans("Which requests are answered with 4XX?", balancerComponent, status+" >= 400", status+" < 500")
}

// BlockedRequests are those that the firewall had rejected.
func (s Set) BlockedRequests() Snippet {
	return s.spans("Which requests did the firewall block?", balancerComponent, fmt.Sprintf("%s = %q", attribute(otelsemconv.ErrorTypeKey), semconv.ErrorALBFirewallBlocked))
}

// FaultyLines are spans of the load balancer that lack what could not be read.
func (s Set) FaultyLines() Snippet {
	return s.spans("Which spans lack something?", balancerComponent, attribute(semconv.ALBFaultyFieldsKey)+" != nil")
}

// FailingMessages are messages that a consumer could not store.
func (s Set) FailingMessages(c *pipeline.Consumer) Snippet {
	return s.spans("Which traces fail in "+c.Name+"?", c.Name, failed)
}

// LongWaits are messages that waited in a consumer's queue for longer than the
// freshness objective says.
func (s Set) LongWaits(c *pipeline.Consumer) Snippet {
	return s.spans("Which messages waited for long?", c.Name, fmt.Sprintf("name = %q", "wait "+c.QueueName()), longer(s.pipeline.Objectives.Freshness))
}

// SlowStatements are statements of a consumer that took longer than a second.
func (s Set) SlowStatements(c *pipeline.Consumer) Snippet {
	return s.spans("Which statements are slow?", c.Name, "kind = client", attribute(otelsemconv.DBSystemNameKey)+` = "postgresql"`, longer(time.Second))
}

// attribute is one of a span's.
func attribute[K ~string](key K) string { return "span." + string(key) }

// longer is a condition on how long a span took.
func longer(d time.Duration) string {
	return "duration > " + strconv.FormatFloat(float64(d)/float64(time.Millisecond), 'f', -1, 64) + "ms"
}
