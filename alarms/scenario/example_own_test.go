package scenario_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/scenario"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// The lines until "end" stand in docs/alarms.md as well.
//
// begin

// ourAlarms are the kit's, with one of our own.
func ourAlarms(p *pipeline.Pipeline) (*alarms.Set, error) {
	waiting := signal.Signal{
		ID: "refunds.waiting", Hop: signal.HopConsumer, Title: "Refunds that wait", Meaning: "Good is under ten.",
		Metric:    signal.Metric{Namespace: "Shop", Name: "RefundsWaiting"},
		Statistic: "Maximum", Unit: signal.UnitCount, Absent: signal.AbsentFault, // it is reported every minute
	}
	return alarms.For(p, alarms.Alarm{
		Key: "refunds-stuck", Title: "Refunds are stuck", Hop: signal.HopConsumer,
		Severity: pipeline.SeverityTicket, Runbook: "refunds-stuck.md",
		Meaning: "More than ten refunds wait for their payment.",
		Metric:  &alarms.Metric{Inputs: []alarms.Input{{ID: "waiting", Signal: waiting}}, Threshold: 10, Period: 5 * time.Minute, Periods: 3},
	})
}

// run writes the Terraform module of prod, once every runbook is there and our
// alarm was seen to go off, to stay quiet and to recover.
func run(ctx context.Context, out io.Writer) error {
	p, err := pipeline.LoadEnvironment("tracehaul.yaml", "prod")
	if err != nil {
		return err
	}
	set, err := ourAlarms(p)
	if err != nil {
		return err
	}
	err = errors.Join(
		alarms.CheckRunbooks(os.DirFS("docs/runbooks"), set),
		scenario.Main(ctx, out, scenario.Options{
			Config: scenario.Config{Description: "tracehaul.yaml", Alarms: ourAlarms},
			Paths:  []string{"scenarios"},
		}),
	)
	if err != nil {
		return err
	}
	return os.WriteFile("alarms.tf.json", set.Terraform(), 0o600)
}

// end

// A team's own program: an alarm on a metric of its own, its runbook, its
// scenarios, and the module to deploy.
func ExampleMain() {
	leave := enterTeamsDirectory()
	defer leave()
	var out bytes.Buffer
	if err := run(context.Background(), &out); err != nil {
		fmt.Println(err)
	}
	lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	summary, _, _ := bytes.Cut(lines[len(lines)-1], []byte(";"))
	module, err := os.ReadFile("alarms.tf.json")
	fmt.Printf("%s; the module has the alarm: %v, %v\n", summary, bytes.Contains(module, []byte("prod-orders-refunds-stuck")), err)
	// Output:
	// 2 scenarios, 0 failed; the module has the alarm: true, <nil>
}

// enterTeamsDirectory makes a directory as a team has it, and goes there.
func enterTeamsDirectory() (leave func()) {
	home, err := os.Getwd()
	check(err)
	dir, err := os.MkdirTemp("", "team")
	check(err)
	root := filepath.Join(home, "..", "..")
	for from, to := range map[string]string{
		filepath.Join(root, "docs", "runbooks"):                                  "docs/runbooks",
		filepath.Join(root, "pipeline", "testdata", "reference", "environments"): "environments",
		filepath.Join(home, "testdata/own/scenarios"):                            "scenarios",
	} {
		check(os.CopyFS(filepath.Join(dir, to), os.DirFS(from)))
	}
	for from, to := range map[string]string{
		filepath.Join(root, "pipeline", "testdata", "reference", "tracehaul.yaml"): "tracehaul.yaml",
		filepath.Join(home, "testdata/own/refunds-stuck.md"):                       "docs/runbooks/refunds-stuck.md",
	} {
		b, err := os.ReadFile(from)
		check(err)
		check(os.WriteFile(filepath.Join(dir, to), b, 0o600))
	}
	check(os.Chdir(dir))
	return func() {
		check(os.Chdir(home))
		check(os.RemoveAll(dir))
	}
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
