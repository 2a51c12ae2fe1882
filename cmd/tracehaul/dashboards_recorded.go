package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/dashboards/recorded"
)

type dashboardsRecordedCmd struct {
	environmentFlag
	jsonFlag
	Files     []string `arg:""                                                                                                      help:"Dashboards as JSON." placeholder:"FILE"`
	File      string   `help:"A pipeline's description: its recording is a week that is made up. Defaults to tracehaul.yaml."       placeholder:"FILE"         short:"f"          xor:"source"`
	Recording string   `help:"A recording of an account: a folder with metrics.json, queries.json and data.json, from the AWS CLI." placeholder:"DIR"          xor:"source"`
	Queries   bool     `help:"Write the recording's queries.json from its metrics.json: what these dashboards need datapoints of."  name:"write-queries"`
}

// Help is shown by --help below the line about the command.
func (dashboardsRecordedCmd) Help() string {
	return `It fills in the variables as Grafana does, finds each metric as CloudWatch does, and fails if a query gets nothing: a name, a dimension or a statistic is wrong. No account is needed, as a week is made up from the description, with trouble at every hop.

To record an account: write what aws cloudwatch list-metrics prints to DIR/metrics.json, run this command with --recording DIR --write-queries, run the commands that it prints, then run it without --write-queries.

Examples:
  tracehaul dashboards recorded -e prod boards/*.json
  tracehaul dashboards recorded --recording account \
    --write-queries orders.json
  tracehaul dashboards recorded --recording account orders.json`
}

func (c dashboardsRecordedCmd) Run(env environment) error {
	contents := make([][]byte, len(c.Files))
	for i, file := range c.Files {
		var err error
		if contents[i], err = os.ReadFile(file); err != nil {
			return err
		}
	}
	p := startProgress(env.err, "making up a week, or reading the recording")
	defer p.done()
	r, err := c.recording()
	if err != nil {
		return err
	}
	if c.Queries {
		p.done()
		return c.writeQueries(env, r, contents)
	}
	p.phase("asking the dashboards' queries")
	queries := []recorded.Query{}
	for i, content := range contents {
		some, err := r.Evaluate(content)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Files[i], err)
		}
		queries = append(queries, some...)
	}
	p.done()
	return c.print(env, queries)
}

// recording is that of a folder or, without one, a week that is made up.
func (c dashboardsRecordedCmd) recording() (*recorded.Recording, error) {
	if c.Recording != "" {
		if c.Environment != "" {
			return nil, usageError("--environment is of a description, and --recording needs none")
		}
		return recorded.Read(c.Recording)
	}
	if c.Queries {
		return nil, usageError("--write-queries needs --recording: a folder with metrics.json, what aws cloudwatch list-metrics prints")
	}
	if c.File == "" {
		c.File = "tracehaul.yaml"
	}
	p, err := loadPipeline(c.File, c.Environment)
	if err != nil {
		return nil, err
	}
	set, err := alarms.For(p)
	if err != nil {
		return nil, err
	}
	return recorded.Model(set, recorded.Week)
}

func (c dashboardsRecordedCmd) print(env environment, queries []recorded.Query) error {
	missing := 0
	for i := range queries {
		if queries[i].Problem != "" {
			missing++
		}
	}
	var err error
	if c.JSON {
		err = encodeJSON(env.out, queries)
	} else {
		err = printQueries(env, queries, missing)
	}
	switch {
	case err != nil:
		return err
	case len(queries) == 0:
		return errors.New("none of the dashboards asks CloudWatch for metrics")
	case missing > 0:
		return fmt.Errorf("queries without data: %d", missing)
	}
	return nil
}

// printQueries prints a line for each query, and one more for why it has no data.
func printQueries(env environment, queries []recorded.Query, missing int) error {
	w := tabwriter.NewWriter(env.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SERIES\tPOINTS\tDASHBOARD\tPANEL\tQUERY")
	for i := range queries {
		q := &queries[i]
		fmt.Fprintf(w, "%d\t%d\t%s\t%s\t%s: %s\n", q.Series, q.Points, q.Dashboard, q.Panel, q.RefID, q.Asks)
		if q.Problem != "" {
			fmt.Fprintf(w, "\t\t\t\t-> %s\n", q.Problem)
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	what := "queries"
	if len(queries) == 1 {
		what = "query"
	}
	_, err := fmt.Fprintf(env.out, "\n%d %s, %d without data\n", len(queries), what, missing)
	return err
}

// writeQueries writes what is to be asked, as many files as it takes calls, and prints
// the calls.
func (c dashboardsRecordedCmd) writeQueries(env environment, r *recorded.Recording, contents [][]byte) error {
	queries, err := r.Queries(contents...)
	if err != nil {
		return err
	}
	if len(queries) == 0 {
		return errors.New("none of the metrics that the dashboards name are in metrics.json")
	}
	now := time.Now().UTC().Truncate(time.Hour)
	for n := 1; len(queries) > 0; n++ {
		some := queries[:min(len(queries), recorded.MostQueries)]
		queries = queries[len(some):]
		content, err := json.MarshalIndent(some, "", "    ")
		if err != nil {
			return err
		}
		asked, answered := fmt.Sprintf("queries-%d.json", n), fmt.Sprintf("data-%d.json", n)
		if err := os.WriteFile(filepath.Join(c.Recording, asked), append(content, '\n'), 0o600); err != nil {
			return err
		}
		fmt.Fprintf(env.out, "aws cloudwatch get-metric-data --start-time %s --end-time %s --metric-data-queries file://%s > %s\n",
			now.Add(-24*time.Hour).Format(time.RFC3339), now.Format(time.RFC3339), filepath.Join(c.Recording, asked), filepath.Join(c.Recording, answered))
	}
	return nil
}
