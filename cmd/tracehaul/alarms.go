package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/scenario"
)

type alarmsCmd struct {
	List alarmsListCmd `cmd:"" help:"List the alarms that are made from the description, with what they cost a month."`
	Test alarmsTestCmd `cmd:"" help:"Play scenarios: see every alarm go off, stay quiet and recover, and who is told."`
}

type alarmsListCmd struct {
	pipelineFlags
	jsonFlag
}

// Help is shown by --help below the line about the command.
func (alarmsListCmd) Help() string {
	return `Examples:
  tracehaul alarms list -e prod
  tracehaul alarms list -e prod --json`
}

// listedAlarm is an alarm in the list's JSON form.
type listedAlarm struct {
	Key       string   `json:"key"`
	Name      string   `json:"name"`
	Title     string   `json:"title"`
	Meaning   string   `json:"meaning"`
	Hop       string   `json:"hop"`
	Severity  string   `json:"severity"`
	Owner     string   `json:"owner"`
	Topics    []string `json:"topics"` // that hear of it; none for a part of another, or of a rollback
	Condition string   `json:"condition"`
	Threshold *float64 `json:"threshold"` // null for a composite, and for a band
	Rollback  string   `json:"rollback"`  // the component whose deploys it rolls back, or empty
	Runbook   string   `json:"runbook"`
	Dashboard string   `json:"dashboard"`
	LogGroup  string   `json:"log_group"`
	Query     string   `json:"query"`
	CostUSD   float64  `json:"cost_usd_per_month"`
}

func (c alarmsListCmd) Run(env environment) error {
	p, err := c.load()
	if err != nil {
		return err
	}
	set, err := alarms.For(p)
	if err != nil {
		return err
	}
	if c.JSON {
		return listJSON(env, set)
	}
	w := tabwriter.NewWriter(env.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ALARM\tSEVERITY\tTOLD TO\tON WHEN\tUSD")
	all := set.Alarms()
	for i := range all {
		a := &all[i]
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%.2f\n", a.Key, a.Severity, toldTo(a), a.Condition(), a.Cost())
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if len(p.Routing.WatchdogEmails) == 0 {
		fmt.Fprintln(env.out, "\nNobody hears of what the watchdog is told: set routing.watchdog_emails.")
	}
	cost := set.Cost()
	_, err = fmt.Fprintf(env.out, "\n%d alarms: %.2f USD a month (metric alarms %.2f, composites %.2f, metrics made of log lines %.2f), without the free tier.\n",
		len(all), cost.Total(), cost.Metrics, cost.Composites, cost.Filters)
	return err
}

type alarmsTestCmd struct {
	fileFlag
	jsonFlag
	Paths   []string `arg:""                                                                                                        help:"Files with scenarios, or directories. Defaults to alarms/scenarios beside the description." optional:"" placeholder:"PATH"`
	Details bool     `help:"Show who is told what in every scenario, not in incidents alone."                                       xor:"level"`
	Quiet   bool     `help:"Show what did not go as expected, and one line."                                                        xor:"level"`
	Mutate  bool     `help:"Break every alarm on purpose, one small fault at a time, and list the faults that no scenario notices."`
}

// Help is shown by --help below the line about the command.
func (alarmsTestCmd) Help() string {
	return `The whole run of the kit's scenarios fails, too, if there is an alarm that none of them tries. How a scenario is written: alarms/scenarios/README.md.

Examples:
  tracehaul alarms test
  tracehaul alarms test --quiet
  tracehaul alarms test --details alarms/scenarios/40-queue.scenario
  tracehaul alarms test --mutate`
}

func (c alarmsTestCmd) Run(ctx context.Context, env environment) error {
	whole := len(c.Paths) == 0 // the kit's: every alarm has to be tried there
	if whole {
		c.Paths = []string{filepath.Join(filepath.Dir(c.File), "alarms", "scenarios")}
	}
	level := scenario.LevelUsual
	switch {
	case c.Details:
		level = scenario.LevelFull
	case c.Quiet:
		level = scenario.LevelBrief
	}
	what := "playing the scenarios"
	if c.Mutate {
		what = "breaking every alarm, and playing the scenarios each time"
	}
	p := startProgress(env.err, what)
	defer p.done()
	return scenario.Main(ctx, p.before(env.out), scenario.Options{
		Config: scenario.Config{Description: c.File, Incomplete: !whole},
		Paths:  c.Paths, Level: level, JSON: c.JSON, Mutate: c.Mutate,
	})
}

func toldTo(a *alarms.Alarm) string {
	switch topics := a.Topics(); {
	case a.Rollback != "":
		return "deploy"
	case len(topics) == 0:
		return "composite"
	default:
		return strings.Join(topics, ",")
	}
}

func listJSON(env environment, set *alarms.Set) error {
	p := set.Pipeline
	list := make([]listedAlarm, 0, len(set.Alarms()))
	for _, a := range set.Alarms() {
		l := listedAlarm{
			Key: a.Key, Name: a.Name, Title: a.Title, Meaning: a.Meaning, Hop: string(a.Hop), Severity: a.Severity, Owner: a.Owner,
			Topics: a.Topics(), Condition: a.Condition(), Rollback: a.Rollback,
			Runbook: alarms.RunbookURL(p, a.Runbook), Dashboard: p.DashboardURL(a.Board),
			LogGroup: a.Logs.Group, Query: a.Logs.Text, CostUSD: a.Cost(),
		}
		if l.Topics == nil {
			l.Topics = []string{}
		}
		if a.Metric != nil && !a.Metric.Comparison.Band() {
			l.Threshold = &a.Metric.Threshold
		}
		list = append(list, l)
	}
	return encodeJSON(env.out, list)
}
