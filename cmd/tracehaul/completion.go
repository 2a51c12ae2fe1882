package main

import (
	"cmp"
	"io"

	"github.com/tracehaul/tracehaul/dashboards/lint"
	"github.com/tracehaul/tracehaul/deadletter"
	"github.com/tracehaul/tracehaul/deploy"
	"github.com/tracehaul/tracehaul/internal/completion"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

type completionCmd struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell to complete in."`
}

// Help is shown by --help below the line about the command.
func (completionCmd) Help() string {
	return `Commands, flags, files, and what the description knows: environments, consumers, queues. Put the line of your shell into ~/.bashrc, into ~/.zshrc after compinit, or into ~/.config/fish/config.fish.

Examples:
  source <(tracehaul completion bash)
  source <(tracehaul completion zsh)
  tracehaul completion fish | source`
}

func (c completionCmd) Run(env environment) error {
	script, err := completion.Script(c.Shell, toolName)
	if err != nil {
		return err
	}
	_, err = io.WriteString(env.out, script)
	return err
}

// completions are what flags with a tag `complete` take. A description that
// cannot be read offers nothing: the command will say why.
var completions = completion.Values{
	"environment": func(g completion.Given) (all []completion.Candidate) {
		environments, err := pipeline.LoadAll(descriptionOf(g))
		if err != nil {
			return nil
		}
		for _, p := range environments {
			all = append(all, completion.Candidate{Word: p.Environment, Help: p.Prefix() + " in " + p.Region})
		}
		return all
	},
	"consumer": func(g completion.Given) (all []completion.Candidate) {
		return consumers(g, func(c *pipeline.Consumer) []completion.Candidate {
			return []completion.Candidate{{Word: c.Name, Help: "reads " + c.QueueName()}}
		})
	},
	"dlq": func(g completion.Given) (all []completion.Candidate) {
		return consumers(g, func(c *pipeline.Consumer) []completion.Candidate {
			return []completion.Candidate{
				{Word: c.DLQName(), Help: "dead letters of " + c.Name},
				{Word: c.UndeliveredName(), Help: "what SNS could not deliver to " + c.QueueName()},
			}
		})
	},
	"queue": func(g completion.Given) (all []completion.Candidate) {
		return consumers(g, func(c *pipeline.Consumer) []completion.Candidate {
			return []completion.Candidate{{Word: c.QueueName(), Help: "what " + c.Name + " reads"}}
		})
	},
	"component": func(g completion.Given) (all []completion.Candidate) {
		p, err := loadPipeline(descriptionOf(g), g["environment"])
		if err != nil {
			return nil
		}
		for _, name := range deploy.Components(p) {
			all = append(all, completion.Candidate{Word: name, Help: p.Name(name)})
		}
		return all
	},
	"reason": func(completion.Given) (all []completion.Candidate) {
		for _, reason := range []string{
			semconv.ReasonMalformed, semconv.ReasonRefused,
			deadletter.ReasonUnsettled, deadletter.ReasonUndelivered, deadletter.ReasonFunction, deadletter.ReasonUnknown,
		} {
			all = append(all, completion.Candidate{Word: reason, Help: deadletter.Why(reason)})
		}
		return all
	},
	"result": func(completion.Given) []completion.Candidate {
		return []completion.Candidate{
			{Word: deploy.ResultStarted, Help: "the deploy begins"},
			{Word: string(deploy.OutcomeServing), Help: "what was requested serves"},
			{Word: string(deploy.OutcomeRolledBack), Help: "an alarm or a failure rolled it back"},
			{Word: string(deploy.OutcomeStopped), Help: "somebody stopped it"},
			{Word: string(deploy.OutcomeFailed), Help: "it failed"},
			{Word: string(deploy.OutcomeSuperseded), Help: "a later deploy took its place"},
			{Word: string(deploy.OutcomeTimedOut), Help: "it has not ended in time"},
		}
	},
	"rule": func(completion.Given) (all []completion.Candidate) {
		for _, r := range lint.Rules() {
			all = append(all, completion.Candidate{Word: r.Name, Help: r.What})
		}
		return all
	},
}

// descriptionOf is the file of the description that a command line is about.
func descriptionOf(g completion.Given) string { return cmp.Or(g["file"], "tracehaul.yaml") }

// consumers are the candidates of every consumer of the environment that is
// meant.
func consumers(g completion.Given, of func(*pipeline.Consumer) []completion.Candidate) (all []completion.Candidate) {
	p, err := loadPipeline(descriptionOf(g), g["environment"])
	if err != nil {
		return nil
	}
	for i := range p.Consumers {
		all = append(all, of(&p.Consumers[i])...)
	}
	return all
}
