package lint

import (
	"slices"
	"strings"
)

// metricUnits are the units in which AWS reports metrics that are often taken
// for another one. Sources: the lists of metrics in the user guides of Elastic
// Load Balancing, SQS, SNS, Lambda, ECS and Aurora.
var metricUnits = map[string]string{
	"AWS/ApplicationELB/TargetResponseTime": "Seconds",
	"AWS/ApplicationELB/ProcessedBytes":     "Bytes",

	"AWS/SNS/PublishSize": "Bytes",

	"AWS/SQS/ApproximateAgeOfOldestMessage":         "Seconds",
	"AWS/SQS/ApproximateNumberOfMessagesVisible":    "Count",
	"AWS/SQS/ApproximateNumberOfMessagesNotVisible": "Count",
	"AWS/SQS/SentMessageSize":                       "Bytes",

	"AWS/Lambda/Duration":                      "Milliseconds",
	"AWS/Lambda/IteratorAge":                   "Milliseconds",
	"AWS/Lambda/PostRuntimeExtensionsDuration": "Milliseconds",
	"AWS/Lambda/ConcurrentExecutions":          "Count",

	"AWS/ECS/CPUUtilization":    "Percent",
	"AWS/ECS/MemoryUtilization": "Percent",

	"AWS/RDS/ACUUtilization":          "Percent",
	"AWS/RDS/AuroraReplicaLag":        "Milliseconds",
	"AWS/RDS/AuroraReplicaLagMaximum": "Milliseconds",
	"AWS/RDS/BufferCacheHitRatio":     "Percent",
	"AWS/RDS/CPUUtilization":          "Percent",
	"AWS/RDS/CommitLatency":           "Milliseconds",
	"AWS/RDS/DatabaseConnections":     "Count",
	"AWS/RDS/FreeableMemory":          "Bytes",
	"AWS/RDS/VolumeBytesUsed":         "Bytes",
}

// countStatistics count samples, whatever the metric is in.
var countStatistics = []string{"SampleCount", "PR(", "TC(", "tc"}

// checkCloudWatchUnits compares the unit of a panel with what its metrics are
// in. A panel that computes with them, or has a unit for each, is left alone.
func checkCloudWatchUnits(c *checker) {
	for _, t := range c.targets {
		metric := t.get("namespace").text() + "/" + t.get("metricName").text()
		unit, known := metricUnits[metric]
		if !known || !t.named() || t.get("hide").isTrue() || ownUnits(t.panel) || t.panel.get("transformations").len() > 0 ||
			slices.ContainsFunc(countStatistics, func(s string) bool { return strings.HasPrefix(t.get("statistic").text(), s) }) {
			continue
		}
		shown := t.panel.get("fieldConfig", "defaults", "unit")
		is := quantities[unit]
		drawn, compared := quantityOf(shown.text())
		if _, draws := numberPanels[t.panel.kind]; draws && compared && drawn != is {
			c.report(shown, "the unit is %q, %s is in %s: want %q", shown.text(), metric, unit, gridUnit[unit])
		}
	}
}

// gridUnit is Grafana's id for a unit of CloudWatch's.
var gridUnit = map[string]string{"Seconds": "s", "Milliseconds": "ms", "Percent": "percent", "Bytes": "bytes", "Count": "short"}

// ownUnits reports whether series of the panel have units of their own.
func ownUnits(p *panel) bool {
	return slices.ContainsFunc(p.fields(), func(f field) bool { return f.own != nil && f.sets("unit") })
}
