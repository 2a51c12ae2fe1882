package dashboards_test

import (
	"encoding/json"
	"fmt"
	"log"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/dashboards"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// refunds are a signal and an alarm of a team's own.
func refunds(p *pipeline.Pipeline) (*alarms.Set, signal.Signal, error) {
	waiting := signal.Signal{
		ID: "refunds.waiting", Hop: signal.HopConsumer, Title: "Refunds that wait", Meaning: "Good is under ten.",
		Metric:    signal.Metric{Namespace: "Shop", Name: "RefundsWaiting"},
		Statistic: "Maximum", Unit: signal.UnitCount, Absent: signal.AbsentFault,
	}
	set, err := alarms.For(p, alarms.Alarm{
		Key: "refunds-stuck", Title: "Refunds are stuck", Hop: signal.HopConsumer, Severity: pipeline.SeverityTicket, Runbook: "refunds-stuck.md",
		Meaning: "More than ten refunds wait for their payment.",
		Metric:  &alarms.Metric{Inputs: []alarms.Input{{ID: "waiting", Signal: waiting}}, Threshold: 10, Period: 5 * time.Minute, Periods: 3},
	})
	return set, waiting, err
}

// A team adds a row to one of the boards. The panel of what its alarm watches
// has the alarm's line and its runbook; no number is written twice.
func ExampleFor() {
	p, err := pipeline.Load("../pipeline/testdata/reference/tracehaul.yaml")
	if err != nil {
		log.Fatal(err)
	}
	set, waiting, err := refunds(p)
	if err != nil {
		log.Fatal(err)
	}
	stuck, _ := set.Find("refunds-stuck")
	d, err := dashboards.For(set, dashboards.Row{Board: pipeline.BoardConsumers, Title: "Refunds", Panels: []dashboards.Panel{
		{
			Key: "refunds-stuck", Title: "Refunds that wait",
			Description: "Refunds without a payment, the most of 5 minutes. Good is under ten. More: is the bank's gateway there?",
			Queries:     []dashboards.Query{dashboards.Watched(stuck, "waiting")},
		},
		{
			Key: "refunds-rate", Title: "Refunds", Unit: "ops",
			Description: "Refunds a second. Good follows the orders of the day before.",
			// The first of these whose data source the team has.
			Queries:   []dashboards.Query{dashboards.PromQL(`sum(rate(shop_refunds_total{service_name="shop"}[$__rate_interval]))`, "refunds")},
			Otherwise: []dashboards.Query{dashboards.Metric(waiting, "waiting").Every(time.Minute)},
		},
	}})
	if err != nil {
		log.Fatal(err)
	}
	for _, b := range d.Boards() {
		if b.Name == pipeline.BoardConsumers {
			fmt.Println(b.File())
			printOwn(b.JSON())
		}
	}
	// Output:
	// consumers.json
	// row Refunds
	// Refunds that wait: a line at 10; alarm: refunds-stuck leads to https://github.com/tracehaul/tracehaul/blob/main/docs/runbooks/refunds-stuck.md
	// Refunds
}

// printOwn prints the panels from the row of refunds on.
func printOwn(board []byte) {
	var b struct {
		Panels []struct {
			Type, Title string
			Links       []struct{ Title, URL string }
			FieldConfig struct {
				Defaults struct {
					Thresholds struct{ Steps []struct{ Value *float64 } }
				}
			}
		}
	}
	if err := json.Unmarshal(board, &b); err != nil {
		log.Fatal(err)
	}
	own := false
	for _, p := range b.Panels {
		own = own || p.Title == "Refunds"
		switch steps := p.FieldConfig.Defaults.Thresholds.Steps; {
		case !own:
		case p.Type == "row":
			fmt.Println("row", p.Title)
		case len(steps) > 1 && len(p.Links) > 0:
			fmt.Printf("%s: a line at %v; %s leads to %s\n", p.Title, *steps[1].Value, p.Links[0].Title, p.Links[0].URL)
		default:
			fmt.Println(p.Title)
		}
	}
}

// The files of a Grafana that reads them from a folder.
func ExampleProvisioning() {
	p, err := pipeline.Load("../pipeline/testdata/reference/tracehaul.yaml")
	if err != nil {
		log.Fatal(err)
	}
	set, err := alarms.For(p)
	if err != nil {
		log.Fatal(err)
	}
	files, err := dashboards.Provisioning(set)
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range files {
		fmt.Println(f.Path)
	}
	// Output:
	// local.env
	// provisioning/datasources/tracehaul.yaml
	// provisioning/dashboards/tracehaul.yaml
	// dashboards/pipeline.json
	// dashboards/deploy.json
	// dashboards/consumers.json
	// dashboards/database.json
	// dashboards/alarms.json
}
