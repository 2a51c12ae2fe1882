package signal_test

import (
	"fmt"

	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/pipeline/signal"
)

// A signal knows the metric to ask CloudWatch for.
func ExampleFor() {
	p, err := pipeline.LoadEnvironment("../testdata/reference/tracehaul.yaml", "prod")
	if err != nil {
		fmt.Println(err)
		return
	}
	s := signal.For(p).Consumers[0].QueueAge
	fmt.Println(s.ID, "-", s.Title)
	fmt.Println(s.Statistic, "of", s.Metric.Key())
	// Output:
	// ledger.queue.age - Age of the oldest message
	// Maximum of AWS/SQS/ApproximateAgeOfOldestMessage,QueueName=prod-intake-order-ledger
}

// What AWS cannot know is counted from log lines.
func ExampleLogFilter_Match() {
	p, err := pipeline.LoadEnvironment("../testdata/reference/tracehaul.yaml", "prod")
	if err != nil {
		fmt.Println(err)
		return
	}
	s := signal.For(p).Consumers[0].ItemFailures
	n, ok := s.Filter.Match([]byte(`{"msg":"batch settled","messages":10,"written":7,"duplicates":0,"failed":3,"dead_lettered":0}`))
	fmt.Println(s.ID, n, ok)
	// Output:
	// ledger.item_failures 3 true
}
