package cost

import (
	"fmt"
	"math"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/internal/price"
	"github.com/tracehaul/tracehaul/pipeline"
)

// Deployment is what costs something.
type Deployment struct {
	Pipeline  *pipeline.Pipeline
	Alarms    alarms.Cost
	Inventory Inventory
	Traffic   Traffic
}

// Line is what one part costs.
type Line struct {
	Part    string
	Made    string  // of what
	Dollars float64 // a month
}

// Estimate returns what a deployment costs a month, part by part.
func Estimate(d Deployment) []Line {
	e := estimator{Deployment: d, p: d.Pipeline}
	e.Traffic = e.Traffic.WithDefaults()
	e.events = e.Traffic.EventsPerSecond * secondsInMonth
	e.requests = e.events / e.Traffic.EventsPerRequest
	e.tasks = float64(e.p.Service.MinTasks)
	if target := e.p.Service.TargetRequestsPerMinute; target > 0 {
		e.tasks = max(e.tasks, math.Ceil(e.requests/minutesInMonth/float64(target)))
	}
	e.edge()
	e.compute()
	e.albSpans()
	e.messages()
	e.database()
	e.network()
	e.telemetry()
	e.rest()
	return e.lines
}

// Total is what all lines come to.
func Total(lines []Line) (dollars float64) {
	for _, l := range lines {
		dollars += l.Dollars
	}
	return dollars
}

type estimator struct {
	Deployment

	p                *pipeline.Pipeline
	events, requests float64 // a month
	tasks            float64
	lines            []Line
}

func (e *estimator) add(part string, dollars float64, made string, args ...any) {
	e.lines = append(e.lines, Line{part, fmt.Sprintf(made, args...), dollars})
}

func (e *estimator) edge() {
	// Of the dimensions of a capacity unit the largest is paid for. There are few
	// rules, and connections that last.
	perHour := (e.events*Measured.EventBody + e.requests*(requestHead+responseBytes)) / hoursInMonth
	units := max(perHour/capacityUnitBytes, 0)
	if e.requests > 0 {
		units = max(units, newConnections/capacityUnitNew)
	}
	e.add("ALB", hoursInMonth*(price.LoadBalancerHour+units*priceCapacityUnitHour), "1 load balancer, %.2g LCU", units)
	if e.p.Edge.WAF {
		rules := float64(e.Inventory.FirewallRules)
		e.add("WAF", priceFirewall+rules*priceFirewallRule+e.requests*priceFirewallRequest, "1 web ACL, %.0f rules, %s", rules, many(e.requests, "request"))
	}
}

func (e *estimator) compute() {
	s := e.p.Service
	cpu, memory := price.ARMCPUHour, price.ARMMemoryHour
	if s.Architecture == "x86_64" {
		cpu, memory = price.X86CPUHour, price.X86MemoryHour
	}
	vcpus, gigabytes := float64(s.CPU)/1024, float64(s.MemoryMiB)/1024
	e.add("Fargate", e.tasks*hoursInMonth*(vcpus*cpu+gigabytes*memory), "%s of %g vCPU, %g GB", many(e.tasks, "task"), vcpus, gigabytes)

	dollars, invocations := 0., 0.
	for i := range e.p.Consumers {
		c := &e.p.Consumers[i]
		second := price.ARMGBSecond
		if c.Architecture == "x86_64" {
			second = price.X86GBSecond
		}
		n := e.invocations(c)
		invocations += n
		dollars += n * (price.Invocation + invocationSeconds*float64(c.MemoryMB)/1024*second)
	}
	e.add("Lambda", dollars, "%s of %g s", many(invocations, "invocation"), invocationSeconds)
}

// invocations are those of a consumer in a month.
func (e *estimator) invocations(c *pipeline.Consumer) float64 {
	return e.events / float64(min(c.BatchSize, Measured.EventsOfInvocation))
}

func (e *estimator) messages() {
	e.add("SNS", e.requests*price.Publish, "%s", many(e.requests, "call"))
	// Delivered one by one, received and deleted by tens.
	consumers := float64(len(e.p.Consumers))
	requests := consumers * (e.events*(1+2/messagesInRequest) + pollers*secondsInMonth/pollSeconds)
	e.add("SQS", requests*price.QueueRequest, "%s", many(requests, "request"))
}

func (e *estimator) database() {
	if e.p.DatabaseName() == "" {
		return
	}
	d := e.p.Database
	capacity, instances := d.MinACU, float64(1+d.Readers)
	if e.events > 0 {
		capacity = max(capacity, 0.5) // it does not pause
	}
	e.add("Aurora, capacity", instances*capacity*hoursInMonth*price.CapacityHour, "%.0f × %g ACU", instances, capacity)
	stored, writes := e.events*Measured.Row/gigabyte, e.events*Measured.Row*logOfRow/ioBytes
	e.add("Aurora, storage and I/O", stored*priceStorageGB+writes*priceIO, "%.0f GB, the rows of one month; %s", stored, many(writes, "write"))
}

func (e *estimator) network() {
	zones := float64(e.p.Network.Zones)
	with := zones
	if e.Traffic.EndpointZones > 0 {
		with = min(with, float64(e.Traffic.EndpointZones))
	}
	n := float64(e.Inventory.Endpoints)
	e.add("VPC endpoints", n*with*hoursInMonth*price.EndpointHour+e.requests*publishBytes/gigabyte*priceEndpointGB, "%.0f, in %s", n, many(with, "zone"))
	e.add("Public addresses", zones*hoursInMonth*priceAddressHour, "%.0f, of the load balancer", zones)
	out, between := e.requests*responseBytes/gigabyte, e.events*Measured.Row/gigabyte*2/3
	e.add("Data transfer", out*priceOutGB+between*priceBetweenZonesGB, "%.0f GB of answers, %.0f GB between zones", out, between)
}

func (e *estimator) rest() {
	e.add("KMS", float64(e.Inventory.Keys)*priceKey, "%s", many(float64(e.Inventory.Keys), "key"))
	secrets := e.secrets()
	e.add("Secrets Manager", float64(secrets)*priceSecret, "%s", many(float64(secrets), "secret"))
	if e.p.Edge.Authentication == "jwt" {
		tokens := 0.
		if e.events > 0 {
			tokens = e.Traffic.Clients * tokensInHour * hoursInMonth
		}
		e.add("Cognito", e.Traffic.Clients*priceClient+tokens*priceToken, "%s, %s", many(e.Traffic.Clients, "client"), many(tokens, "token"))
	}
	if e.p.Edge.Domain != "" {
		e.add("Route 53", priceHostedZone, "1 hosted zone, which you have")
	}
	logs := e.requests * accessLogLine / gigabyte * days(e.p.Edge.LogRetention) / daysInMonth
	e.add("ECR and S3", imagesGB*priceImageGB+logs*priceObjectGB+e.files()*pricePut, "%.0f GB of images, %.0f GB of access logs", imagesGB, logs)
}

// secrets are the database owner's, that of consumers with a password, and those
// that routing names.
func (e *estimator) secrets() int {
	names := map[string]bool{}
	if e.p.Routing.HeartbeatSecret != "" {
		names[e.p.Routing.HeartbeatSecret] = true
	}
	for _, d := range e.p.Routing.Destinations {
		names[d.Secret] = true
	}
	n := len(names)
	if e.p.DatabaseName() != "" {
		n++
		if e.p.Database.Authentication == "secret" {
			n++
		}
	}
	return n
}

// many is a number of things.
func many(n float64, thing string) string {
	if n != 1 {
		thing += "s"
	}
	if n >= million/10 {
		return fmt.Sprintf("%.3g million %s", n/million, thing)
	}
	return fmt.Sprintf("%.0f %s", n, thing)
}
