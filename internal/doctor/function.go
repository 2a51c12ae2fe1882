package doctor

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/tracehaul/tracehaul/deploy"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

var consumerChecks = []Check{
	{
		ID: "event-source", Hop: signal.HopConsumer, needs: []string{needLambda, needSQS}, Page: "docs/runbooks/queue-age.md",
		What: "Lambda takes messages out of the queue for the alias " + deploy.Alias + ", and nobody else does",
		look: eachMapping(lookMapping),
	},
	{
		ID: "batch-item-failures", Hop: signal.HopConsumer, needs: []string{needLambda, needSQS}, Page: "docs/runbooks/item-failures.md",
		What: "the event source mapping takes the function's report of which messages failed (ReportBatchItemFailures): without, a batch with a failure counts as done, and what failed is lost",
		look: eachMapping(lookItemFailures),
	},
	{
		ID: "batch", Hop: signal.HopConsumer, needs: []string{needLambda, needSQS}, Page: "docs/runbooks/concurrency.md",
		What: "batches and concurrency are those of the description",
		look: eachMapping(lookBatch),
	},
	{
		ID: "function", Hop: signal.HopConsumer, needs: []string{needLambda}, Page: "docs/runbooks/consumer.md",
		What: "the function behind the alias is active and has the time and memory of the description: the visibility timeout counts on it",
		look: lookFunctions,
	},
	{
		ID: "function-tracing", Hop: signal.HopConsumer, needs: []string{needLambda}, Page: "docs/doctor.md#lambdas-own-tracing",
		What: "Lambda's own tracing is PassThrough: spans come from the program, in the trace of the message; active tracing begins traces of its own, which hang together with nothing",
		look: eachFunction(lookTracing),
	},
	{
		ID: "function-telemetry", Hop: signal.HopConsumer, needs: []string{needLambda}, Page: "docs/doctor.md#sampling",
		What: "the function samples and propagates as the description says, and as the service does: or traces end half-way",
		look: eachFunction(lookFunctionTelemetry),
	},
}

// function is what is behind the alias of a consumer's function.
func (e *exam) function(ctx context.Context, c *pipeline.Consumer) (*lambda.GetFunctionConfigurationOutput, error) {
	return remember(e, "function "+c.Name, func() (*lambda.GetFunctionConfigurationOutput, error) {
		return e.Clients.Lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: aws.String(c.FunctionName()), Qualifier: aws.String(deploy.Alias)})
	})
}

// eachFunction looks at what is behind the alias of every consumer's function.
func eachFunction(look func(context.Context, *exam, *pipeline.Consumer, *lambda.GetFunctionConfigurationOutput) ([]Finding, error)) func(context.Context, *exam) ([]Finding, error) {
	return func(ctx context.Context, e *exam) (findings []Finding, err error) {
		for c := range e.consumers() {
			f, err := e.function(ctx, c)
			if isCode(err, "ResourceNotFoundException") {
				continue // another check says so
			}
			if err != nil {
				return findings, err
			}
			some, err := look(ctx, e, c, f)
			findings = append(findings, some...)
			if err != nil {
				return findings, err
			}
		}
		return findings, nil
	}
}

// mappings are the event source mappings of a queue, and the one of the alias.
type mappings struct {
	own    *lambdatypes.EventSourceMappingConfiguration // nil if there is none
	others []string                                     // ARNs of what else takes messages out
}

func eachMapping(look func(*pipeline.Consumer, mappings) []Finding) func(context.Context, *exam) ([]Finding, error) {
	return func(ctx context.Context, e *exam) (findings []Finding, err error) {
		for c := range e.consumers() {
			queue, err := e.queueOnce(ctx, c.QueueName())
			if err != nil {
				return findings, err
			}
			if queue == nil { // another check says so
				continue
			}
			m, err := e.mappingsOf(ctx, c, queue[string(sqstypes.QueueAttributeNameQueueArn)])
			if err != nil {
				return findings, err
			}
			findings = append(findings, look(c, m)...)
		}
		return findings, nil
	}
}

func (e *exam) mappingsOf(ctx context.Context, c *pipeline.Consumer, queue string) (mappings, error) {
	return remember(e, "mappings of "+queue, func() (m mappings, err error) {
		own := ":function:" + c.FunctionName() + ":" + deploy.Alias
		for pages := lambda.NewListEventSourceMappingsPaginator(e.Clients.Lambda, &lambda.ListEventSourceMappingsInput{EventSourceArn: &queue}); pages.HasMorePages(); {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return m, err
			}
			for i := range page.EventSourceMappings {
				if s := &page.EventSourceMappings[i]; strings.HasSuffix(aws.ToString(s.FunctionArn), own) {
					m.own = s
				} else {
					m.others = append(m.others, aws.ToString(s.FunctionArn))
				}
			}
		}
		return m, nil
	})
}

// passing are states of an event source mapping that end in Enabled by themselves.
var passing = []string{"Creating", "Enabling", "Updating"}

func lookMapping(c *pipeline.Consumer, m mappings) (findings []Finding) {
	switch {
	case m.own == nil:
		findings = append(findings, Finding{Verdict: Fault, Subject: c.FunctionName(), Found: "no event source mapping from " + c.QueueName() + " to " + deploy.Alias, Want: "one", Mend: applyEvents})
	case slices.Contains(passing, aws.ToString(m.own.State)):
		findings = append(findings, Finding{
			Verdict: Warning, Subject: c.FunctionName(), Found: "the event source mapping is " + aws.ToString(m.own.State), Want: "Enabled", Mend: "look again in a minute",
		})
	case aws.ToString(m.own.State) != "Enabled":
		findings = append(findings, Finding{
			Verdict: Fault, Subject: c.FunctionName(), Found: "the event source mapping is " + aws.ToString(m.own.State) + ": " + aws.ToString(m.own.StateTransitionReason), Want: "Enabled",
			Why:  "nobody takes messages out of the queue: somebody switched it off, or Lambda has, as it may not read the queue",
			Mend: "aws lambda update-event-source-mapping --enabled --uuid " + aws.ToString(m.own.UUID),
		})
	default:
		findings = append(findings, good(c.FunctionName(), "its event source mapping is Enabled"))
	}
	for _, other := range m.others {
		findings = append(findings, Finding{
			Verdict: Fault, Subject: c.QueueName(), Found: other + " takes messages out of it, too", Want: "one consumer for each queue",
			Why: "each message goes to one of the two: the other has no row of it", Mend: "give it a queue of its own: docs/add-a-consumer.md",
		})
	}
	return findings
}

func lookItemFailures(c *pipeline.Consumer, m mappings) []Finding {
	if m.own == nil {
		return nil
	}
	if slices.Contains(m.own.FunctionResponseTypes, lambdatypes.FunctionResponseTypeReportBatchItemFailures) {
		return []Finding{good(c.FunctionName(), "it reports batch item failures")}
	}
	return []Finding{{Verdict: Fault, Subject: c.FunctionName(), Found: "FunctionResponseTypes has no ReportBatchItemFailures", Want: "ReportBatchItemFailures", Mend: applyEvents}}
}

func lookBatch(c *pipeline.Consumer, m mappings) []Finding {
	if m.own == nil {
		return nil
	}
	var concurrency int32
	if s := m.own.ScalingConfig; s != nil {
		concurrency = aws.ToInt32(s.MaximumConcurrency)
	}
	name := c.FunctionName()
	findings := []Finding{
		compare(name, "the batch size", strconv.Itoa(int(aws.ToInt32(m.own.BatchSize))), strconv.Itoa(c.BatchSize), applyEvents),
		compare(name, "the batch window", (time.Duration(aws.ToInt32(m.own.MaximumBatchingWindowInSeconds)) * time.Second).String(), c.BatchWindow.String(), applyEvents),
		compare(name, "the maximum concurrency", number(concurrency), strconv.Itoa(c.MaxConcurrency), applyEvents),
	}
	for i := range findings { // messages arrive all the same
		if findings[i].Verdict != OK {
			findings[i].Verdict = Warning
		}
	}
	return findings
}

// number is empty for what is not set.
func number(n int32) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(int(n))
}

// lookFunctions says so, too, if there is none.
func lookFunctions(ctx context.Context, e *exam) (findings []Finding, err error) {
	for c := range e.consumers() {
		if _, err := e.function(ctx, c); isCode(err, "ResourceNotFoundException") {
			findings = append(findings, Finding{
				Verdict: Fault, Subject: c.FunctionName(), Found: "there is no such function, or it has no alias " + deploy.Alias, Want: "one with the alias", Mend: applyEvents,
			})
		}
	}
	more, err := eachFunction(lookFunction)(ctx, e)
	return append(findings, more...), err
}

func lookFunction(_ context.Context, _ *exam, c *pipeline.Consumer, f *lambda.GetFunctionConfigurationOutput) ([]Finding, error) {
	name := c.FunctionName()
	findings := []Finding{compare(name, "the state", string(f.State), string(lambdatypes.StateActive), "see "+aws.ToString(f.StateReason))}
	if f.State == lambdatypes.StateInactive { // it has not run for long, and wakes up with the next message
		findings[0].Verdict = OK
	}
	timeout := compare(name, "the timeout", (time.Duration(aws.ToInt32(f.Timeout)) * time.Second).String(), c.Timeout.String(), applyEvents)
	memory := compare(name, "the memory", fmt.Sprintf("%d MB", aws.ToInt32(f.MemorySize)), fmt.Sprintf("%d MB", c.MemoryMB), applyEvents)
	if memory.Verdict != OK {
		memory.Verdict = Warning
	}
	return append(findings, timeout, memory), nil
}

func lookTracing(_ context.Context, _ *exam, c *pipeline.Consumer, f *lambda.GetFunctionConfigurationOutput) ([]Finding, error) {
	mode := string(lambdatypes.TracingModePassThrough)
	if f.TracingConfig != nil {
		mode = string(f.TracingConfig.Mode)
	}
	finding := compare(c.FunctionName(), "Lambda's own tracing", mode, string(lambdatypes.TracingModePassThrough), applyEvents)
	if finding.Verdict != OK {
		finding.Verdict = Warning
	}
	return []Finding{finding}, nil
}

func lookFunctionTelemetry(ctx context.Context, e *exam, c *pipeline.Consumer, f *lambda.GetFunctionConfigurationOutput) ([]Finding, error) {
	own := settings{}
	if f.Environment != nil {
		if e := f.Environment.Error; e != nil { // of the key that they are encrypted with
			return nil, fmt.Errorf("the variables of %s cannot be read: %s", c.FunctionName(), aws.ToString(e.Message))
		}
		own = f.Environment.Variables
	}
	findings := e.judgeTelemetry(c.FunctionName(), own, applyEvents)
	if !e.has(needECS) {
		return findings, nil
	}
	service, err := e.serviceSettings(ctx)
	if err != nil || service == nil { // another check says so
		return findings, nil //nolint:nilerr // that of the service
	}
	return append(findings, disagreement(c.FunctionName(), own, e.pipeline.ServiceName(), service)...), nil
}
