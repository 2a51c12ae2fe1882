package main

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/dashboards"
	"github.com/tracehaul/tracehaul/dashboards/lint"
	"github.com/tracehaul/tracehaul/pipeline"
)

type dashboardsCmd struct {
	Lint     dashboardsLintCmd     `cmd:"" help:"Check Grafana dashboards: queries, CloudWatch's names, units, layout, links, thresholds."`
	Query    dashboardsQueryCmd    `cmd:"" help:"Run the queries of Grafana dashboards, and see which show data."`
	Recorded dashboardsRecordedCmd `cmd:"" help:"Run the CloudWatch queries of Grafana dashboards against recorded metrics, without an account."`
}

type dashboardsLintCmd struct {
	environmentFlag
	jsonFlag
	Files     []string `arg:""                                                                                              help:"Dashboards as JSON. Links between them must lead to one of these." optional:""        placeholder:"FILE"`
	File      string   `help:"A pipeline's description: thresholds must be those of its alarms, its own metrics are known." placeholder:"FILE"                                                       short:"f"`
	Namespace []string `help:"A CloudWatch namespace of one's own. With a slash at its end: all that begin with it."        placeholder:"NAME"`
	Skip      []string `complete:"rule"                                                                                     help:"A rule to leave out."                                              placeholder:"RULE"`
	Rules     bool     `help:"List the rules, and why each of them is one."`
}

// Help is shown by --help below the line about the command.
func (dashboardsLintCmd) Help() string {
	return `Each finding is a line: the file, the panel, the rule, what is wrong, what would be right, and the place in the JSON.

Examples:
  tracehaul dashboards lint orders.json
  tracehaul dashboards lint -f tracehaul.yaml -e prod boards/*.json
  tracehaul dashboards lint --namespace Shop/ --skip unit orders.json
  tracehaul dashboards lint --rules`
}

func (c dashboardsLintCmd) Run(env environment) error {
	if c.Rules {
		return c.listRules(env)
	}
	if len(c.Files) == 0 {
		return usageError("name the dashboards to check, or --rules")
	}
	o, err := c.options()
	if err != nil {
		return err
	}
	contents, all := make([][]byte, len(c.Files)), c.environments()
	for i, file := range c.Files {
		if contents[i], err = os.ReadFile(file); err != nil {
			return err
		}
		uid := lint.UID(contents[i])
		if err := c.checkEnvironment(all, file, uid); err != nil {
			return err
		}
		if uid != "" {
			o.Dashboards = append(o.Dashboards, uid)
		}
	}
	findings := []lint.Finding{}
	for i, file := range c.Files {
		findings = append(findings, lint.Dashboard(file, contents[i], o)...)
	}
	return c.print(env, findings)
}

// environments are those of the description, or none: where another one has a
// problem, the one that is meant is in order all the same.
func (c dashboardsLintCmd) environments() []*pipeline.Pipeline {
	if c.File == "" {
		return nil
	}
	all, err := pipeline.LoadAll(c.File)
	if err != nil {
		return nil
	}
	return all
}

// checkEnvironment refuses a dashboard of another environment of the description:
// each name and threshold in it would be a finding.
func (c dashboardsLintCmd) checkEnvironment(all []*pipeline.Pipeline, file, uid string) error {
	var of *pipeline.Pipeline // the one with the longest prefix
	for _, p := range all {
		if strings.HasPrefix(uid, p.Prefix()+"-") && (of == nil || len(p.Prefix()) > len(of.Prefix())) {
			of = p
		}
	}
	if of == nil {
		return nil
	}
	meant := cmp.Or(c.Environment, all[0].Environment)
	if of.Environment == meant {
		return nil
	}
	return usageError("%s is a dashboard of %s, and is held against %s: want --environment %s", file, of.Prefix(), meant, of.Environment)
}

// options are what the description and the flags say beside the files.
func (c dashboardsLintCmd) options() (lint.Options, error) {
	o := lint.Options{Skip: c.Skip, Namespaces: make(map[string]lint.Names)}
	for _, name := range c.Namespace {
		o.Namespaces[name] = lint.Names{}
	}
	if c.File == "" {
		if c.Environment != "" {
			return o, usageError("--environment %s: want the description that has it by --file, too", c.Environment)
		}
		return o, nil
	}
	p, err := loadPipeline(c.File, c.Environment)
	if err != nil {
		return o, err
	}
	set, err := alarms.For(p)
	if err != nil {
		return o, err
	}
	known := dashboards.LintOptions(set)
	known.Skip = o.Skip
	maps.Copy(known.Namespaces, o.Namespaces)
	o = known
	root := filepath.Dir(c.File)
	o.Exists = func(file string) bool {
		for _, dir := range []string{".", filepath.Join("docs", "runbooks")} { // an address in the repository, or below that of the runbooks
			if _, err := os.Stat(filepath.Join(root, dir, filepath.FromSlash(file))); err == nil {
				return true
			}
		}
		return false
	}
	return o, nil
}

func (c dashboardsLintCmd) print(env environment, findings []lint.Finding) error {
	if c.JSON {
		if err := encodeJSON(env.out, findings); err != nil {
			return err
		}
	} else {
		for _, f := range findings {
			fmt.Fprintln(env.out, f)
		}
	}
	if len(findings) > 0 {
		return fmt.Errorf("findings in dashboards: %d", len(findings))
	}
	return nil
}

func (c dashboardsLintCmd) listRules(env environment) error {
	if c.JSON {
		return encodeJSON(env.out, lint.Rules())
	}
	w := tabwriter.NewWriter(env.out, 0, 0, 2, ' ', 0)
	for _, r := range lint.Rules() {
		fmt.Fprintf(w, "%s\t%s\n\tWhy: %s.\n", r.Name, r.What, r.Why)
	}
	return w.Flush()
}
