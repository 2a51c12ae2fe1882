package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

var queueChecks = []Check{
	{
		ID: "queues", Hop: signal.HopQueue, local: true, needs: []string{needSQS}, Page: "docs/runbooks/queue.md",
		What: "each consumer has its queue, its dead-letter queue, and the one of its subscription",
		look: lookQueues,
	},
	{
		ID: "redrive", Hop: signal.HopQueue, local: true, needs: []string{needSQS}, Page: "docs/runbooks/queue.md",
		What: "what fails too often goes to the dead-letter queue after as many receives as described: without, it comes again until the retention ends, and is gone",
		look: eachQueue(lookRedrive),
	},
	{
		ID: "retention", Hop: signal.HopQueue, local: true, needs: []string{needSQS}, Page: "docs/runbooks/dlq-depth.md",
		What: "the dead-letter queue keeps messages longer than the queue: SQS counts from the first arrival in the queue",
		look: lookRetention,
	},
	{
		ID: "visibility-timeout", Hop: signal.HopQueue, local: true, needs: []string{needSQS}, Page: "docs/runbooks/queue.md",
		What: "messages are hidden for six times as long as the function may take: or they come again while it works on them (AWS Lambda developer guide, \"Using Lambda with Amazon SQS\")",
		look: eachQueue(lookVisibility),
	},
	{
		ID: "dead-letters", Hop: signal.HopQueue, local: true, needs: []string{needSQS}, Page: "docs/dlq.md",
		What: "nothing waits in the dead-letter queues: each is an event that was accepted and has no row",
		look: lookDeadLetters,
	},
}

// eachQueue looks at the queue of every consumer that has one.
func eachQueue(look func(*pipeline.Consumer, map[string]string) []Finding) func(context.Context, *exam) ([]Finding, error) {
	return func(ctx context.Context, e *exam) (findings []Finding, err error) {
		for c := range e.consumers() {
			attributes, err := e.queueOnce(ctx, c.QueueName())
			if err != nil {
				return findings, err
			}
			if attributes != nil {
				findings = append(findings, look(c, attributes)...)
			}
		}
		return findings, nil
	}
}

// lookQueues looks whether they are there.
func lookQueues(ctx context.Context, e *exam) (findings []Finding, err error) {
	for c := range e.consumers() {
		for _, name := range []string{c.QueueName(), c.DLQName(), c.UndeliveredName()} {
			attributes, err := e.queueOnce(ctx, name)
			if err != nil {
				return findings, err
			}
			if attributes == nil {
				findings = append(findings, Finding{Verdict: Fault, Subject: name, Found: "there is no such queue", Want: "a queue", Mend: applyEvents})
				continue
			}
			findings = append(findings, good(name, "there"))
		}
	}
	return findings, nil
}

func lookRedrive(c *pipeline.Consumer, attributes map[string]string) []Finding {
	text := attributes[string(sqstypes.QueueAttributeNameRedrivePolicy)]
	var policy struct {
		Receives json.RawMessage `json:"maxReceiveCount"` // a number, or a text
	}
	_ = json.Unmarshal([]byte(text), &policy)
	target := compare(c.QueueName(), "the dead-letter queue", nameOf(targetOf(text)), c.DLQName(), applyEvents)
	if target.Verdict != OK {
		return []Finding{target}
	}
	return []Finding{target, compare(c.QueueName(), "maxReceiveCount", strings.Trim(string(policy.Receives), `"`), strconv.Itoa(c.MaxReceiveCount), applyEvents)}
}

// seconds is an attribute that is a number of seconds.
func seconds(attributes map[string]string, name sqstypes.QueueAttributeName) time.Duration {
	n, _ := strconv.Atoi(attributes[string(name)])
	return time.Duration(n) * time.Second
}

func lookVisibility(c *pipeline.Consumer, attributes map[string]string) []Finding {
	has, least := seconds(attributes, sqstypes.QueueAttributeNameVisibilityTimeout), 6*c.Timeout
	f := compare(c.QueueName(), "the visibility timeout", has.String(), c.VisibilityTimeout.String(), applyEvents)
	if f.Verdict != OK && has >= least { // it does no harm, and is not what is described
		f.Verdict = Warning
	}
	if has < least {
		f.Want += fmt.Sprintf(", and at least %s: six times the function's %s", least, c.Timeout)
	}
	return []Finding{f}
}

// lookRetention compares that of the queue with those of its two dead-letter
// queues.
func lookRetention(ctx context.Context, e *exam) (findings []Finding, err error) {
	for c := range e.consumers() {
		queue, err := e.queueOnce(ctx, c.QueueName())
		if err != nil {
			return findings, err
		}
		kept := seconds(queue, sqstypes.QueueAttributeNameMessageRetentionPeriod)
		for _, name := range []string{c.DLQName(), c.UndeliveredName()} {
			letters, err := e.queueOnce(ctx, name)
			if err != nil {
				return findings, err
			}
			if queue == nil || letters == nil { // another check says so
				continue
			}
			has := seconds(letters, sqstypes.QueueAttributeNameMessageRetentionPeriod)
			f := compare(name, "the retention", days(has), days(c.DLQRetention), applyEvents)
			switch {
			case has <= kept && c.DLQRetention > c.Retention:
				f = Finding{Verdict: Fault, Subject: name, Found: "the retention is " + days(has) + ", that of the queue " + days(kept), Want: days(c.DLQRetention), Mend: applyEvents}
			case f.Verdict != OK:
				f.Verdict = Warning
			}
			findings = append(findings, f)
		}
	}
	return findings, nil
}

// days is a time that somebody has written in days.
func days(d time.Duration) string {
	if d%(24*time.Hour) == 0 {
		return trace.Counted(int(d/(24*time.Hour)), "day")
	}
	return d.String()
}

// dlq is a command about dead letters, with where SQS is if that is not AWS.
func (e *exam) dlq(what string) string {
	if !e.Local {
		what += " -e " + e.pipeline.Environment
	}
	if client, ok := e.Clients.SQS.(*sqs.Client); ok && e.Local {
		if at := client.Options().BaseEndpoint; at != nil {
			what += " --sqs-endpoint " + *at
		}
	}
	return "tracehaul dlq " + what
}

// lookDeadLetters counts what waits. The doctor's own event may be among it, if
// it was given up meanwhile.
func lookDeadLetters(ctx context.Context, e *exam) (findings []Finding, err error) {
	for c := range e.consumers() {
		for _, name := range []string{c.DLQName(), c.UndeliveredName()} {
			attributes, err := e.queueOnce(ctx, name)
			if err != nil {
				return findings, err
			}
			if attributes == nil { // another check says so
				continue
			}
			n := depthOf(attributes).all()
			if n == 0 {
				findings = append(findings, good(name, "no dead letters"))
				continue
			}
			findings = append(findings, Finding{
				Verdict: Warning, Subject: name, Found: trace.Counted(n, "dead letter"), Want: "none", Mend: e.dlq("ls -q " + name),
			})
		}
	}
	return findings, nil
}
