package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/tracehaul/tracehaul/internal/trace"
	"github.com/tracehaul/tracehaul/pipeline"
)

type pipelineCmd struct {
	Check pipelineCheckCmd `cmd:"" help:"Check the description and those of all environments beside it."`
	Names pipelineNamesCmd `cmd:"" help:"Print every name that is made from the description."`
	Env   pipelineEnvCmd   `cmd:"" help:"Print the names as shell variables, for the commands in the runbooks."`
	Show  pipelineShowCmd  `cmd:"" help:"Print the description as JSON, with every default and name filled in."`
}

type pipelineCheckCmd struct {
	fileFlag
	jsonFlag
}

// Help is shown by --help below the line about the command.
func (pipelineCheckCmd) Help() string {
	return `Every mistake is named at once, with its file and line. What may stand in a description is in docs/pipeline.md. Addresses that are an example's, such as orders.example.com, are no mistake, as demo runs with them; a note on stderr names them, since nothing can be deployed there.

Examples:
  tracehaul pipeline check
  tracehaul pipeline check -f ../orders/tracehaul.yaml --json`
}

// checkedPipeline is an environment that is in order, in JSON.
type checkedPipeline struct {
	Environment string `json:"environment"`
	Prefix      string `json:"prefix"`
	Consumers   int    `json:"consumers"`
	Names       int    `json:"names"`

	Placeholders []string `json:"placeholders,omitempty"` // settings with an example's address
}

func (c pipelineCheckCmd) Run(env environment) error {
	all, err := pipeline.LoadAll(c.File)
	if err != nil {
		return err
	}
	checked := make([]checkedPipeline, len(all))
	for i, p := range all {
		checked[i] = checkedPipeline{p.Environment, p.Prefix(), len(p.Consumers), len(p.Names()), p.Placeholders()}
	}
	if c.JSON {
		return encodeJSON(env.out, checked)
	}
	for _, p := range checked {
		fmt.Fprintf(env.out, "%s: %s, %s\n", p.Prefix, trace.Counted(p.Consumers, "consumer"), trace.Counted(p.Names, "name"))
	}
	for _, p := range checked {
		if len(p.Placeholders) > 0 {
			fmt.Fprintf(env.err, "%s: %s cannot be deployed before these are yours instead of an example's: %s\n", toolName, p.Prefix, strings.Join(p.Placeholders, ", "))
		}
	}
	return nil
}

type pipelineNamesCmd struct {
	pipelineFlags
	jsonFlag
}

// Help is shown by --help below the line about the command.
func (pipelineNamesCmd) Help() string {
	return `Examples:
  tracehaul pipeline names
  tracehaul pipeline names -e prod --json`
}

// namedThing is a name that is made from the description, in JSON.
type namedThing struct {
	Key  string `json:"key"`
	Kind string `json:"kind"`
	Name string `json:"name"`
}

func (c pipelineNamesCmd) Run(env environment) error {
	p, err := c.load()
	if err != nil {
		return err
	}
	if c.JSON {
		names := make([]namedThing, 0, len(p.Names()))
		for _, n := range p.Names() {
			names = append(names, namedThing{n.Key, string(n.Kind), n.Value})
		}
		return encodeJSON(env.out, names)
	}
	w := tabwriter.NewWriter(env.out, 0, 0, 2, ' ', 0)
	for _, n := range p.Names() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", n.Key, n.Kind, n.Value)
	}
	return w.Flush()
}

type pipelineShowCmd struct{ pipelineFlags }

// Help is shown by --help below the line about the command.
func (pipelineShowCmd) Help() string {
	return `It is what Terraform and the notifier read.

Examples:
  tracehaul pipeline show -e prod > pipeline.json`
}

func (c pipelineShowCmd) Run(env environment) error {
	p, err := c.load()
	if err != nil {
		return err
	}
	b, err := p.Resolved()
	if err != nil {
		return err
	}
	_, err = env.out.Write(b)
	return err
}

type pipelineEnvCmd struct {
	pipelineFlags
	jsonFlag
	Consumer string `complete:"consumer" help:"The consumer that QUEUE, FUNCTION and so on are of. Defaults to the first." placeholder:"NAME" short:"c"`
}

// Help is shown by --help below the line about the command.
func (pipelineEnvCmd) Help() string {
	return `Examples:
  eval "$(tracehaul pipeline env -e prod)"
  eval "$(tracehaul pipeline env -e prod -c ledger)"
  tracehaul pipeline env -e prod --json`
}

func (c pipelineEnvCmd) Run(env environment) error {
	p, err := c.load()
	if err != nil {
		return err
	}
	consumer := &p.Consumers[0]
	if c.Consumer != "" {
		if consumer, err = consumerNamed(p, c.Consumer, "--consumer "+c.Consumer); err != nil {
			return err
		}
	}
	if c.JSON {
		variables := map[string]string{}
		for _, v := range runbookVariables(p, consumer) {
			variables[v.name] = v.value
		}
		return encodeJSON(env.out, variables)
	}
	for _, v := range runbookVariables(p, consumer) {
		fmt.Fprintf(env.out, "export %s='%s'\n", v.name, v.value) // a name has no quotes
	}
	return nil
}

// shellVariable is a name that the runbooks' commands use.
type shellVariable struct{ name, value string }

func runbookVariables(p *pipeline.Pipeline, c *pipeline.Consumer) []shellVariable {
	groups := p.TargetGroupNames()
	return []shellVariable{
		{"AWS_REGION", p.Region},
		{"PREFIX", p.Prefix()},
		{"DOMAIN", p.Edge.Domain},
		{"CLUSTER", p.ClusterName()},
		{"SERVICE", p.ServiceName()},
		{"SERVICE_LOGS", pipeline.LogGroupName(pipeline.KindService, p.ServiceName())},
		{"LOAD_BALANCER", p.LoadBalancerName()},
		{"TARGET_GROUP_A", groups[0]},
		{"TARGET_GROUP_B", groups[1]},
		{"TOPIC", p.TopicName()},
		{"QUEUE", c.QueueName()},
		{"DLQ", c.DLQName()},
		{"UNDELIVERED", c.UndeliveredName()},
		{"FUNCTION", c.FunctionName()},
		{"FUNCTION_LOGS", pipeline.LogGroupName(pipeline.KindFunction, c.FunctionName())},
		{"DATABASE", p.DatabaseName()},
		{"ALARM_TOPIC_PAGE", p.AlarmTopicName(pipeline.SeverityPage)},
		{"ALARM_TOPIC_TICKET", p.AlarmTopicName(pipeline.SeverityTicket)},
		{"ALARM_TOPIC_NOTICE", p.AlarmTopicName(pipeline.SeverityNotice)},
		{"ALARM_TOPIC_WATCHDOG", p.WatchdogTopicName()},
		{"ALBSPANS", p.ALBSpansName()},
		{"ALBSPANS_LOGS", pipeline.LogGroupName(pipeline.KindFunction, p.ALBSpansName())},
		{"NOTIFIER", p.NotifierName()},
		{"NOTIFIER_LOGS", pipeline.LogGroupName(pipeline.KindFunction, p.NotifierName())},
		{"NOTIFIER_DLQ", p.NotifierDLQName()},
		{"NOTIFIER_TABLE", p.NotifierTableName()},
	}
}
