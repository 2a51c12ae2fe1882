// Command observe is what this team calls in place of `tracehaul generate` and
// `tracehaul alarms test`: the same, with a signal, an alarm and a row of its own.
// It runs beside tracehaul.yaml.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/scenario"
	"github.com/tracehaul/tracehaul/dashboards"
	"github.com/tracehaul/tracehaul/generate"
	"github.com/tracehaul/tracehaul/pipeline"
	ps "github.com/tracehaul/tracehaul/pipeline/signal"
)

// stuck is all that there is to say of the signal: Terraform, the boards, the
// runbook, the list of runbooks, queries and scenarios have it from here.
var stuck = alarms.Alarm{
	Key: "refunds-stuck", Title: "Refunds are stuck", Hop: ps.HopConsumer,
	Severity: pipeline.SeverityTicket, Runbook: "refunds-stuck.md",
	Meaning: "More than ten refunds wait for their payment.",
	Metric: &alarms.Metric{
		Inputs: []alarms.Input{{ID: "waiting", Signal: ps.Signal{
			ID: "refunds.waiting", Hop: ps.HopConsumer, Title: "Refunds that wait", Meaning: "Good is under ten.",
			Metric:    ps.Metric{Namespace: "Shop", Name: "RefundsWaiting"},
			Statistic: "Maximum", Unit: ps.UnitCount, Absent: ps.AbsentFault, // it is reported every minute
		}}},
		Threshold: 10, Period: 5 * time.Minute, Periods: 3,
	},
}

// withOurs are the kit's alarms and ours.
func withOurs(p *pipeline.Pipeline) (*alarms.Set, error) { return alarms.For(p, stuck) }

// row is one more on the board of consumers; without it the alarm has its graph
// on the board of alarms all the same.
func row(set *alarms.Set) []dashboards.Row {
	watched, _ := set.Find(stuck.Key) // with its name in CloudWatch
	return []dashboards.Row{{Board: pipeline.BoardConsumers, Title: "Refunds", Panels: []dashboards.Panel{{
		Key: "refunds-stuck", Title: "Refunds that wait",
		Description: "Refunds without a payment, the most of 5 minutes. Good is under ten. More: is the bank's gateway there?",
		Queries:     []dashboards.Query{dashboards.Watched(watched, "waiting")},
	}}}}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "observe:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	files := generate.Config{Alarms: withOurs, Rows: row}
	switch {
	case len(args) == 1 && args[0] == "generate":
		changed, err := generate.Write(files)
		for _, path := range changed.Removed {
			fmt.Fprintln(os.Stdout, "removed", path)
		}
		for _, path := range changed.Written {
			fmt.Fprintln(os.Stdout, path)
		}
		return err
	case len(args) == 1 && args[0] == "check":
		stale, err := generate.Stale(files)
		if err == nil && len(stale) > 0 {
			err = fmt.Errorf("not up to date, run observe generate: %v", stale)
		}
		return err
	case len(args) > 1 && args[0] == "test":
		return scenario.Main(ctx, os.Stdout, scenario.Options{Config: scenario.Config{Description: "tracehaul.yaml", Alarms: withOurs}, Paths: args[1:]})
	default:
		return fmt.Errorf("%q: want generate, check, or test and scenarios", args)
	}
}
