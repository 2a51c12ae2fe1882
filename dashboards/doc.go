// Package dashboards makes the Grafana dashboards of a pipeline from its
// signals and alarms.
//
// Start from [For]. It takes the alarms of a pipeline, and the rows of panels
// that a team adds to it, and returns a checked [Set]: one [Board] for each of
// pipeline.Boards, each with its JSON. [Set.CloudWatch] is the board that
// deploys are watched on for teams without Grafana, [Set.Terraform] the module
// that deploys them all, and [Provisioning] a folder for a Grafana that is
// installed by hand.
//
// A panel names no metric and no threshold of its own. A [Metric] query is of
// a signal of the catalogue; what an alarm watches comes from [Watched], and
// the line in the panel is the alarm's threshold. What only OpenTelemetry's
// metrics know is asked for by [PromQL] with the names in telemetry/semconv.
//
// # Data sources
//
// The description says which data sources a team has. A query to another one is
// left out, a panel without a query too, and so is a row without a panel: what
// is left has no holes and no red panels.
//
// Of this module it imports alarms, alarms/metricmath, dashboards/lint,
// internal/figure, internal/price, pipeline, pipeline/signal and
// telemetry/semconv.
// Of others it has the Grafana foundation SDK. It is never linked into the service or
// a Lambda.
package dashboards
