package lint_test

import (
	"fmt"

	"github.com/tracehaul/tracehaul/dashboards/lint"
)

// A metric that is misspelt, in a unit that there is not.
func ExampleDashboard() {
	content := []byte(`{"panels": [{
		"type": "timeseries", "id": 4, "title": "Age of the oldest message",
		"targets": [{
			"datasource": {"type": "cloudwatch", "uid": "${cloudwatch}"},
			"queryMode": "Metrics", "metricQueryType": 0, "metricEditorMode": 0, "region": "default",
			"namespace": "AWS/SQS", "metricName": "AproximateAgeOfOldestMessage", "dimensions": {"QueueName": "orders"}
		}],
		"fieldConfig": {"defaults": {"unit": "sec"}}
	}]}`)
	for _, f := range lint.Dashboard("queue.json", content, lint.Options{}) {
		if f.Rule == "unit" || f.Rule == "cloudwatch-name" {
			fmt.Println(f.Path)
			fmt.Println("  " + f.Message)
		}
	}
	// Output:
	// $.panels[0].fieldConfig.defaults.unit
	//   there is no unit "sec": Grafana prints it behind the number
	// $.panels[0].targets[0].metricName
	//   AWS/SQS has no metric "AproximateAgeOfOldestMessage": the panel stays empty: is ApproximateAgeOfOldestMessage meant?
}
