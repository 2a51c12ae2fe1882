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
	return `It prints each file that it writes, and "removed FILE" for each that an earlier run made and this one does not.

A list beside the description, tracehaul.generated.txt for tracehaul.yaml, says which files those are: commit it, and if it conflicts in a merge, keep the lines of both sides. No other file is ever removed, and whatever the list says, these stay: the description, environments/*.yaml, the runbooks, and files that are neither .json, .md, .env nor .yaml.

Runbooks that are kept elsewhere are not asked for: "runbooks" in the description is then an address outside of its repository, and there is no directory of them here.

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
