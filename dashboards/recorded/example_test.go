package recorded_test

import (
	"cmp"
	"fmt"
	"log"

	"github.com/tracehaul/tracehaul/alarms"
	"github.com/tracehaul/tracehaul/dashboards/recorded"
	"github.com/tracehaul/tracehaul/pipeline"
)

// A panel with a metric, and one whose name was written down wrongly.
func ExampleRecording_Evaluate() {
	p, err := pipeline.LoadEnvironment("../../pipeline/testdata/reference/tracehaul.yaml", "prod")
	if err != nil {
		log.Fatal(err)
	}
	set, err := alarms.For(p)
	if err != nil {
		log.Fatal(err)
	}
	r, err := recorded.Model(set, recorded.Week)
	if err != nil {
		log.Fatal(err)
	}
	queries, err := r.Evaluate([]byte(`{"title": "Queues", "panels": [{"id": 4, "title": "Dead letters", "datasource": {"type": "cloudwatch"}, "targets": [
		{"refId": "A", "queryMode": "Metrics", "metricQueryType": 0, "metricEditorMode": 0, "region": "eu-central-1", "period": "60", "statistic": "Maximum",
			"namespace": "AWS/SQS", "metricName": "ApproximateNumberOfMessagesVisible", "dimensions": {"QueueName": "prod-intake-order-ledger-dlq"}},
		{"refId": "B", "queryMode": "Metrics", "metricQueryType": 0, "metricEditorMode": 0, "region": "eu-central-1", "period": "60", "statistic": "Maximum",
			"namespace": "AWS/SQS", "metricName": "ApproximateNumberOfMessageVisible", "dimensions": {"QueueName": "prod-intake-order-ledger-dlq"}}
	]}]}`))
	if err != nil {
		log.Fatal(err)
	}
	for _, q := range queries {
		fmt.Printf("%s %s: %d datapoints; %s\n", q.RefID, q.Panel, q.Points, cmp.Or(q.Problem, "fine"))
	}
	// Output:
	// A Dead letters: 120 datapoints; fine
	// B Dead letters: 0 datapoints; AWS/SQS has no metric "ApproximateNumberOfMessageVisible": is ApproximateNumberOfMessagesVisible meant?
}
