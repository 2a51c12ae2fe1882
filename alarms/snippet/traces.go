package snippet

import (
	"time"

	otelsemconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Failing are traces that failed in any of the pipeline's programs.
func (s Set) Failing() Snippet {
	return s.spans("Which traces fail?", s.ofAll(), failed)
}

// FailingRequests are traces that failed in the service.
func (s Set) FailingRequests() Snippet {
	return s.spans("Which traces fail in the service?", s.of(s.pipeline.Service.Name), failed)
}

// SlowRequests are those that took longer than the objective says.
func (s Set) SlowRequests() Snippet {
	return s.spans("Which requests are slow?", s.of(s.pipeline.Service.Name), kind("server"), longer(s.pipeline.Objectives.Latency))
}

// SlowPublishes are calls of SNS that took longer than the objective of the whole
// request says.
func (s Set) SlowPublishes() Snippet {
	return s.spans("Which calls to SNS are slow?", s.of(s.pipeline.Service.Name), kind("producer"), longer(s.pipeline.Objectives.Latency))
}

// Unreached are requests that failed at the load balancer: no service saw them.
func (s Set) Unreached() Snippet {
	return s.balancerSpans("Which requests never reached the service?", unreached, failed)
}

// RefusedRequests are those that were answered with 4XX, as the load balancer saw
// them.
func (s Set) RefusedRequests() Snippet {
	return s.balancerSpans("Which requests are answered with 4XX?", number(otelsemconv.HTTPResponseStatusCodeKey, ">= 400"), number(otelsemconv.HTTPResponseStatusCodeKey, "< 500"))
}

// BlockedRequests are those that the firewall had rejected.
func (s Set) BlockedRequests() Snippet {
	return s.balancerSpans("Which requests did the firewall block?", is(otelsemconv.ErrorTypeKey, semconv.ErrorALBFirewallBlocked))
}

// FaultyLines are spans of the load balancer that lack what could not be read.
func (s Set) FaultyLines() Snippet {
	return s.balancerSpans("Which spans lack fields?", hasSome(semconv.ALBFaultyFieldsKey))
}

// FailingMessages are messages that a consumer could not store.
func (s Set) FailingMessages(c *pipeline.Consumer) Snippet {
	return s.spans("Which traces fail in "+c.Name+"?", s.of(c.Name), failed)
}

// LongWaits are messages that waited in a consumer's queue for longer than the
// freshness objective says.
func (s Set) LongWaits(c *pipeline.Consumer) Snippet {
	return s.spans("Which messages waited for long?", s.of(c.Name), named("wait "+c.QueueName()), longer(s.pipeline.Objectives.Freshness))
}

// SlowStatements are statements of a consumer that took longer than a second.
func (s Set) SlowStatements(c *pipeline.Consumer) Snippet {
	return s.spans("Which statements are slow?", s.of(c.Name), kind("client"), is(otelsemconv.DBSystemNameKey, "postgresql"), longer(time.Second))
}

// balancerSpans are those of the load balancer; nothing where nobody makes them.
func (s Set) balancerSpans(ask string, conditions ...condition) Snippet {
	if !s.pipeline.Edge.ALBSpans {
		return Snippet{}
	}
	return s.spans(ask, s.of(pipeline.LoadBalancerComponent), conditions...)
}
