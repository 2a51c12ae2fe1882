package cost

import "time"

func (e *estimator) telemetry() {
	e.logs()
	sampled := e.p.Telemetry.SamplePercent / 100
	if e.p.Telemetry.Export == "cloudwatch" {
		spans, balancers := e.events*Measured.SpansOfEvent*sampled, e.balancerSpans()
		indexed := (spans + balancers) * max(e.Traffic.IndexedPercent-freeIndexedPercent, 0) / 100
		size := (spans*Measured.Span + balancers*Measured.BalancerSpan) / gigabyte
		e.add("X-Ray, spans", size*priceSpanGB+indexed*priceIndexedSpan, "%.0f GB, %s indexed", size, many(indexed, "span"))
		points := ((e.tasks*Measured.ServicePoints+e.environments()*Measured.ConsumerPoints)*minutesInMonth + e.albspansFiles()*Measured.FilePoints) / gigabyte
		e.add("CloudWatch, metrics of the programs", points*pricePointGB, "%.1f GB", points)
	}
	e.add("CloudWatch, alarms", e.Alarms.Total(), "%.2f metrics, %.2f composites, %.2f metrics made of log lines", e.Alarms.Metrics, e.Alarms.Composites, e.Alarms.Filters)
	e.add("CloudWatch, dashboards", float64(e.Inventory.Dashboards)*priceDashboard, "%s", many(float64(e.Inventory.Dashboards), "dashboard"))
	e.add("Container Insights", containerInsights*priceCustomMetric, "%s", many(containerInsights, "metric"))
}

// containerInsights are the metrics of a cluster with one service: ten by task
// definition, service and cluster, five of the service alone and two of the
// cluster ("Amazon ECS Container Insights metrics", Amazon CloudWatch user guide).
const containerInsights = 3*10 + 5 + 2

// environments are how many of the consumers' are busy: they send metrics each
// minute that they work in.
func (e *estimator) environments() float64 {
	if e.events == 0 {
		return 0
	}
	return pollers * float64(len(e.p.Consumers))
}

// logs are what goes into CloudWatch Logs, and is kept there.
func (e *estimator) logs() {
	taken, kept := 0., 0. // GB, and GB months
	add := func(bytes float64, retention time.Duration) {
		taken += bytes / gigabyte
		kept += bytes / gigabyte * days(retention) / daysInMonth
	}
	invocations := 0.
	for i := range e.p.Consumers {
		invocations += e.invocations(&e.p.Consumers[i])
	}
	add(invocations*(Measured.InvocationLines+lambdaLines+5*logLineOverhead), e.p.Telemetry.LogRetention)
	add(e.albspansFiles()*(Measured.FileLines+lambdaLines+4*logLineOverhead), e.p.Telemetry.LogRetention)
	checks := checksInMinute * recordsOfCheck * float64(e.p.Network.Zones) * e.tasks
	add((checks+strayRecords)*minutesInMonth*(flowRecord+logLineOverhead), e.p.Network.FlowLogRetention)
	add(e.tasks*insightsRecords*minutesInMonth, 7*24*time.Hour) // of the group in service/cluster.tf
	if e.p.DatabaseName() != "" {
		add(float64(1+e.p.Database.Readers)*monitoringLine*minutesInMonth, 30*24*time.Hour) // RDS's own group
	}
	e.add("CloudWatch, logs", taken*priceLogGB+kept*logCompression*priceLogStoredGB, "%.1f GB", taken)
}

func days(d time.Duration) float64 { return d.Hours() / 24 }
