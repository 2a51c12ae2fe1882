package alarms_test

import (
	"fmt"
	"time"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// A team adds an alarm of its own: what it watches, from when on, and what to
// do. Names, links and the description come from the pipeline.
func Example() {
	p, err := pipeline.Load("../pipeline/testdata/reference/tracehaul.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	waiting := signal.Signal{
		ID: "refunds.waiting", Hop: signal.HopConsumer, Title: "Refunds that wait", Meaning: "Good is under ten.",
		Metric: signal.Metric{Namespace: "Shop", Name: "RefundsWaiting"}, Statistic: "Maximum", Unit: signal.UnitCount,
		Absent: signal.AbsentFault, // it is reported every minute
	}
	set, err := alarms.For(p, alarms.Alarm{
		Key: "refunds-stuck", Title: "Refunds are stuck", Hop: signal.HopConsumer,
		Severity: pipeline.SeverityTicket, Runbook: "refunds-stuck.md",
		Meaning: "More than ten refunds wait for their payment.",
		Metric:  &alarms.Metric{Inputs: []alarms.Input{{ID: "waiting", Signal: waiting}}, Threshold: 10, Period: 5 * time.Minute, Periods: 3},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	a, _ := set.Find("refunds-stuck")
	fmt.Printf("%s is on when %s; without data: %s\n", a.Name, a.Condition(), a.Metric.Missing)
	fmt.Println(a.Description)
	// Output:
	// dev-orders-refunds-stuck is on when above 10, 3 of 3 datapoints of 5 minutes; without data: breaching
	// More than ten refunds wait for their payment.
	//
	// title: Refunds are stuck
	// condition: above 10, 3 of 3 datapoints of 5 minutes
	// severity: ticket
	// owner: team-orders
	// hop: consumer
	// runbook: https://github.com/tracehaul/tracehaul/blob/main/docs/runbooks/refunds-stuck.md
	// dashboard: https://grafana.example.com/d/dev-orders-consumers
}

// What CloudWatch would refuse is refused here, all at once.
func ExampleFor_refused() {
	p, err := pipeline.Load("../pipeline/testdata/reference/tracehaul.yaml")
	if err != nil {
		fmt.Println(err)
		return
	}
	requests := signal.For(p).Edge.Requests
	_, err = alarms.For(p, alarms.Alarm{
		Key: "few-requests", Title: "Few requests", Meaning: "Nobody orders.", Hop: signal.HopEdge, Severity: "critical",
		Metric: &alarms.Metric{Inputs: []alarms.Input{{ID: "requests", Signal: requests}}, Comparison: alarms.Below, Threshold: 1, Period: time.Hour, Periods: 200},
	})
	fmt.Println(err)
	// Output:
	// alarms of dev-orders:
	// alarm "few-requests": Metric.Period times Periods is 200 times 1h0m0s, CloudWatch takes 168h0m0s together with such a period
	// alarm "few-requests": Runbook is "": an alarm needs a runbook, a file of docs/runbooks such as queue-age.md
	// alarm "few-requests": Severity is "critical", want one of [page ticket notice]
}
