// Package lint finds what is wrong with a Grafana dashboard before anybody
// opens it: faults that Grafana takes without a word and then shows as an
// empty panel, a wrong unit or a link to nowhere.
//
// Start from [Dashboard]. It takes a dashboard's JSON, in the form that
// Grafana's classic export and the provisioning folder have, and returns the
// findings. [Rules] lists what is looked at, and why. The rules for CloudWatch
// are those that other linters lack.
//
// # How a panel names its alarms
//
// A panel that shows what an alarm watches has a panel link with the title
// "alarm: KEY", one for each alarm, which leads to the alarm's runbook. The
// threshold steps of the panel must then be the thresholds of these alarms, as
// [Options].Thresholds gives them, in the unit of the panel.
//
// # Reference data
//
// The folder data holds the names that CloudWatch documents, as Grafana's data
// source lists them, and the units, reducers and colour modes of Grafana's
// front end (@grafana/data 13.2.3). A name that is newer is given by
// [Options].Namespaces, or its rule is skipped.
//
// Of this module it imports alarms/metricmath, dashboards/internal,
// internal/figure and internal/spelling.
// Of others it has the Grafana foundation SDK, which decodes strictly, and the PromQL
// parser of Prometheus.
package lint
