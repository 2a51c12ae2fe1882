package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/tracehaul/tracehaul/generate"
)

type generateCmd struct {
	fileFlag
	jsonFlag
	Check      bool   `help:"Write nothing; fail if a file is not up to date."`
	Terraform  string `default:"iac/terraform/observability/alarms"            help:"Directory for the alarms' Terraform modules, beside the description."          placeholder:"DIR"`
	Pipelines  string `default:"iac/terraform/pipelines"                       help:"Directory for what Terraform reads, beside the description."                   placeholder:"DIR"`
	Dashboards string `default:"iac/terraform/observability/dashboards"        help:"Directory for dashboards and their Terraform modules, beside the description." placeholder:"DIR"`
	Grafana    string `default:"iac/grafana"                                   help:"Directory for what provisions a local Grafana, beside the description."        placeholder:"DIR"`
	Runbooks   string `default:"docs/runbooks"                                 help:"Directory of the runbooks, beside the description."                            placeholder:"DIR"`
	Queries    string `default:"docs/queries"                                  help:"Directory for what to ask in an alarm, beside the description."                placeholder:"DIR"`
}

// Help is shown by --help below the line about the command.
func (generateCmd) Help() string {
	return `It prints the files that it wrote, and "removed FILE" for those that a run before made and that are made no more. Which those are, a list beside the description says, tracehaul.generated.txt for tracehaul.yaml: commit it. When its two sides conflict in a merge, keep the lines of both. Files that it does not name stay where they are, also in these directories; so do, whatever it names, the description, environments/*.yaml, the runbooks, and all but .json, .md, .env and .yaml. Where "runbooks" in the description is an address outside of its repository, and there is no directory of them, they are looked at elsewhere: none is asked for here.

Examples:
  tracehaul generate
  tracehaul generate --check
  tracehaul generate -f ../orders/tracehaul.yaml`
}

func (c generateCmd) Run(env environment) error {
	p := startProgress(env.err, "making the files of every environment")
	config := generate.Config{
		Description: c.File, Terraform: c.Terraform, Pipelines: c.Pipelines, Dashboards: c.Dashboards, Grafana: c.Grafana, Runbooks: c.Runbooks, Queries: c.Queries,
	}
	if c.Check {
		stale, err := generate.Stale(config)
		p.done()
		return c.check(env, stale, err)
	}
	changed, err := generate.Write(config)
	p.done()
	if c.JSON && (err == nil || len(changed.Written)+len(changed.Removed) > 0) {
		changed.Written, changed.Removed = append([]string{}, changed.Written...), append([]string{}, changed.Removed...)
		return errors.Join(err, encodeJSON(env.out, changed))
	}
	for _, file := range changed.Removed {
		fmt.Fprintln(env.out, "removed", file)
	}
	for _, file := range changed.Written {
		fmt.Fprintln(env.out, file)
	}
	return err
}

func (c generateCmd) check(env environment, stale []string, err error) error {
	if err != nil {
		return err
	}
	if c.JSON {
		if err := encodeJSON(env.out, append([]string{}, stale...)); err != nil {
			return err
		}
	}
	if len(stale) > 0 {
		return fmt.Errorf("not up to date, run tracehaul generate:\n  %s", strings.Join(stale, "\n  "))
	}
	return nil
}
