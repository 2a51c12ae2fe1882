package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/deploy"
	"github.com/tracehaul/tracehaul/pipeline"
)

type deployCmd struct {
	Preflight deployPreflightCmd `cmd:"" help:"Refuse a deploy that no alarm would watch, or while another one is under way."`
	Verdict   deployVerdictCmd   `cmd:"" help:"Wait for a deployment, and say what became of it: what serves, and which alarm rolled it back."`
	Annotate  deployAnnotateCmd  `cmd:"" help:"Mark a deploy in Grafana, once."`
}

const deployHelp = "Credentials and endpoints come from the standard AWS_* variables, the region from the description. " +
	"Where GITHUB_STEP_SUMMARY and GITHUB_OUTPUT are set, a summary and outputs are appended there. "

// deployFlags are those of all commands of a deploy.
type deployFlags struct {
	pipelineFlags
	jsonFlag
}

// codeDeployFlags say what moves the aliases of consumers.
type codeDeployFlags struct {
	Application string `help:"CodeDeploy's application for consumers. Defaults to the function's name." name:"codedeploy-application" placeholder:"NAME"`
	Group       string `help:"Its deployment group. Defaults to the function's name."                   name:"codedeploy-group"       placeholder:"NAME"`
}

// config makes the clients of the pipeline's region.
func (f codeDeployFlags) config(ctx context.Context, p *pipeline.Pipeline) (deploy.Config, error) {
	set, err := alarms.For(p)
	if err != nil {
		return deploy.Config{}, err
	}
	c, err := loadAWS(ctx, p.Region, 6)
	if err != nil {
		return deploy.Config{}, err
	}
	return deploy.Config{Alarms: set, AWS: c, Application: f.Application, Group: f.Group}, checkCredentials(ctx, c.Credentials)
}

type deployPreflightCmd struct {
	deployFlags
	codeDeployFlags
	Component []string `complete:"component" help:"A component to be deployed: the service or a consumer. Defaults to all." placeholder:"NAME"`
}

// Help is shown by --help below the line about the command.
func (deployPreflightCmd) Help() string {
	return deployHelp + "Outputs: refused, alarms (those that are on), since (for the verdict)." + `

Examples:
  tracehaul deploy preflight -e prod
  tracehaul deploy preflight -e prod --component intake --json
  tracehaul deploy preflight -e prod --codedeploy-group live`
}

func (c deployPreflightCmd) Run(ctx context.Context, env environment) error {
	p, err := c.load()
	if err != nil {
		return err
	}
	if err := knownComponents(p, c.Component); err != nil {
		return err
	}
	config, err := c.config(ctx, p)
	if err != nil {
		return err
	}
	w := startProgress(env.err, "looking at alarms and at what is deployed")
	r, err := deploy.Preflight(ctx, config, c.Component...)
	w.done()
	if err != nil {
		return noReport(env, p.Prefix()+": no preflight", err)
	}
	if err := printDeploy(env, c.JSON, r); err != nil {
		return err
	}
	if r.Refused {
		return errors.New("the deploy is refused")
	}
	return nil
}

type deployVerdictCmd struct {
	deployFlags
	codeDeployFlags
	Component       string   `complete:"component"                                                                                                                                                  help:"The component that is deployed. Defaults to the service or, with --function-version, to the only consumer." placeholder:"NAME"`
	TaskDefinition  string   `help:"The task definition that was requested of the service: its ARN, or FAMILY:REVISION."                                                                            placeholder:"ARN"`
	Image           string   `help:"The image that was requested of the service: a digest (sha256:...), or a whole reference."                                                                      placeholder:"DIGEST"`
	ServiceVersion  string   `help:"The service.version that was requested of the service: an image's tag, or in the task definition's environment."                                                placeholder:"SHA"`
	FunctionVersion string   `help:"The version of the function that was requested of a consumer."                                                                                                  placeholder:"N"`
	RequireAlarms   bool     `help:"Fail, too, if the service was deployed and ECS looked at no alarm meanwhile."`
	Since           moment   `help:"When the deploy began, such as the preflight's output: a time (RFC 3339), or how long ago, such as 2h. Older deployments do not count. Defaults to a week ago." placeholder:"TIME"`
	Timeout         duration `help:"How long to wait. Defaults to the bake times in the description and 25m."                                                                                       placeholder:"DURATION"`
	Start           duration `default:"5m"                                                                                                                                                          help:"How long a deployment may take to appear."                                                                  placeholder:"DURATION"`
	Poll            duration `default:"15s"                                                                                                                                                         help:"How often to look."                                                                                         placeholder:"DURATION"`
}

// Help is shown by --help below the line about the command.
func (deployVerdictCmd) Help() string {
	return deployHelp + "Outputs: outcome (serving, rolled-back, stopped, failed, superseded or timed-out), cause, alarms, unwatched, text." + `

Examples:
  tracehaul deploy verdict -e prod --task-definition prod-orders-intake:42
  tracehaul deploy verdict -e prod --service-version 4f2a1c9 --require-alarms
  tracehaul deploy verdict -e prod --component ledger --function-version 17 \
    --since 2026-11-26T03:00:00Z --timeout 45m --json`
}

func (c deployVerdictCmd) Run(ctx context.Context, env environment) error {
	p, err := c.load()
	if err != nil {
		return err
	}
	name, err := c.component(p)
	if err != nil {
		return err
	}
	want, err := c.want(name, name != p.Service.Name)
	if err != nil {
		return err
	}
	if c.RequireAlarms && name != p.Service.Name {
		return usageError("--require-alarms: want it for the service alone: whether CodeDeploy looks at alarms, the preflight says")
	}
	config, err := c.config(ctx, p)
	if err != nil {
		return err
	}
	config.Since, config.Timeout, config.Start, config.Poll, config.Progress = c.Since.Time, c.Timeout.Duration, c.Start.Duration, c.Poll.Duration, env.err
	r, err := deploy.Verdict(ctx, config, name, want)
	if err != nil {
		return noReport(env, p.Name(name)+": no verdict", err)
	}
	if err := printDeploy(env, c.JSON, r); err != nil {
		return err
	}
	switch r.Outcome {
	case deploy.OutcomeServing:
		if c.RequireAlarms && r.Unwatched {
			return errors.New("what was requested serves, but no alarm watched how it was deployed")
		}
		return nil
	case deploy.OutcomeTimedOut:
		return codedError{errors.New("the deployment has not ended"), exitWaiting}
	default:
		return errors.New("what was requested does not serve")
	}
}

// want is what was requested of a component. The error is in the words of flags.
func (c deployVerdictCmd) want(component string, consumer bool) (deploy.Want, error) {
	want := deploy.Want{TaskDefinition: c.TaskDefinition, Image: c.Image, Version: c.ServiceVersion, FunctionVersion: c.FunctionVersion}
	var errs []error
	for _, f := range []struct {
		flag, value string
		alone       deploy.Want
	}{
		{"task-definition", c.TaskDefinition, deploy.Want{TaskDefinition: c.TaskDefinition}},
		{"image", c.Image, deploy.Want{Image: c.Image}},
		{"function-version", c.FunctionVersion, deploy.Want{FunctionVersion: c.FunctionVersion}},
	} {
		if f.value == "" {
			continue
		}
		if err := f.alone.Validate(f.flag == "function-version"); err != nil {
			errs = append(errs, fmt.Errorf("--%s: %w", f.flag, err))
		}
	}
	ofService := c.TaskDefinition != "" || c.Image != "" || c.ServiceVersion != ""
	switch {
	case consumer && (ofService || c.FunctionVersion == ""):
		errs = append(errs, fmt.Errorf("for the consumer %s: want --function-version, and neither --task-definition, --image nor --service-version", component))
	case !consumer && (!ofService || c.FunctionVersion != ""):
		errs = append(errs, fmt.Errorf("for the service %s: want --task-definition, --image or --service-version, and no --function-version", component))
	}
	if len(errs) > 0 {
		return want, codedError{errors.Join(errs...), exitUsage}
	}
	return want, nil
}

// component is the one that is meant.
func (c deployVerdictCmd) component(p *pipeline.Pipeline) (string, error) {
	switch {
	case c.Component != "":
		return c.Component, knownComponents(p, []string{c.Component})
	case c.FunctionVersion == "":
		return p.Service.Name, nil
	case len(p.Consumers) == 1:
		return p.Consumers[0].Name, nil
	}
	return "", usageError("there are %d consumers: say by --component which one is meant", len(p.Consumers))
}

func knownComponents(p *pipeline.Pipeline, names []string) error {
	for _, name := range names {
		if name != p.Service.Name && p.Consumer(name) == nil {
			return usageError("--component %s: want one of %v", name, deploy.Components(p))
		}
	}
	return nil
}

// deployReport is what a command has found out.
type deployReport interface {
	WriteText(w io.Writer) error
	Markdown() string
	Outputs() []deploy.Output
}

// printDeploy prints a report, and tells GitHub.
func printDeploy(env environment, asJSON bool, r deployReport) error {
	tellGitHub(env, r.Markdown(), r.Outputs())
	if !asJSON {
		return r.WriteText(env.out)
	}
	return encodeJSON(env.out, r)
}

// noReport tells GitHub why there is none.
func noReport(env environment, what string, err error) error {
	tellGitHub(env, "### ❌ "+what+"\n\n~~~\n"+err.Error()+"\n~~~\n\n", nil)
	return err
}
