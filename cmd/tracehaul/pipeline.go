package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/tracehaul/tracehaul/pipeline"
)

type pipelineCmd struct {
	Check pipelineCheckCmd `cmd:"" help:"Check the description and those of all environments beside it."`
	Names pipelineNamesCmd `cmd:"" help:"Print every name that is made from the description."`
	Env   pipelineEnvCmd   `cmd:"" help:"Print the names as shell variables, for the commands in the runbooks."`
	Show  pipelineShowCmd  `cmd:"" help:"Print the description as JSON, with every default and name filled in."`
}

// fileArg is the description that a command is about.
type fileArg struct {
	File        string `default:"tracehaul.yaml"                                              arg:""             help:"The pipeline's description." optional:""`
	Environment string `help:"The environment, if it has a file of its own in environments/." placeholder:"NAME" short:"e"`
}

func (a fileArg) load() (*pipeline.Pipeline, error) {
	if a.Environment == "" {
		return pipeline.Load(a.File)
	}
	return pipeline.LoadEnvironment(a.File, a.Environment)
}

type pipelineCheckCmd struct {
	File string `default:"tracehaul.yaml" arg:"" help:"The pipeline's description." optional:""`
}

func (c pipelineCheckCmd) Run(env environment) error {
	all, err := pipeline.LoadAll(c.File)
	if err != nil {
		return err
	}
	for _, p := range all {
		fmt.Fprintf(env.out, "%s: %d consumers, %d names\n", p.Prefix(), len(p.Consumers), len(p.Names()))
	}
	return nil
}

type pipelineNamesCmd struct{ fileArg }

func (c pipelineNamesCmd) Run(env environment) error {
	p, err := c.load()
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(env.out, 0, 0, 2, ' ', 0)
	for _, n := range p.Names() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", n.Key, n.Kind, n.Value)
	}
	return w.Flush()
}

type pipelineShowCmd struct{ fileArg }

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
	fileArg
	Consumer string `help:"The consumer that QUEUE, FUNCTION and so on are of. Defaults to the first." placeholder:"NAME" short:"c"`
}

func (c pipelineEnvCmd) Run(env environment) error {
	p, err := c.load()
	if err != nil {
		return err
	}
	consumer := &p.Consumers[0]
	if c.Consumer != "" {
		if consumer = p.Consumer(c.Consumer); consumer == nil {
			return fmt.Errorf("%q is none of the consumers", c.Consumer)
		}
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
