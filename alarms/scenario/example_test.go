package scenario_test

import (
	"context"
	"fmt"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/alarms/scenario"
	"github.com/tracehaul/tracehaul/pipeline"
)

// A scenario from a text, played against the alarms of a description.
func ExampleRun() {
	const text = `
title: The queue is not worked on
traffic: 1000
at 10m..30m ledger.queue.age = 0 -> 2400
expect ledger-queue-age ALARM in 17m..19m
expect ledger-queue ALARM in 17m..19m
expect told on-call of ledger-queue in 19m..21m
`
	scenarios, err := scenario.Parse("queue.scenario", []byte(text))
	if err != nil {
		panic(err)
	}
	p, err := pipeline.LoadEnvironment("../../pipeline/testdata/reference/tracehaul.yaml", "prod")
	if err != nil {
		panic(err)
	}
	set, err := alarms.For(p)
	if err != nil {
		panic(err)
	}
	outcome, err := scenario.Run(context.Background(), set, scenarios[0])
	if err != nil {
		panic(err)
	}
	fmt.Println("as expected:", outcome.OK())
	for _, m := range outcome.Messages[:2] {
		fmt.Println(m.At, m.StateName, m.Alarm, "->", m.Destination)
	}
	// Output:
	// as expected: true
	// 21m ALARM ledger-queue -> on-call
	// 21m ALARM ledger-queue -> team
}
