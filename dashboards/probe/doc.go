// Package probe asks the queries of Grafana dashboards, to see which of them
// show data. What is written down right, lints and deploys, can still be a
// panel that says "No data": a metric was renamed, a label has another value, a
// column is gone.
//
// Start from [Run]. It takes the JSON of dashboards, in the form that Grafana's
// classic export and the provisioning folder have, fills in the variables as
// Grafana does, and asks every PromQL query of a server with Prometheus's HTTP
// API and every SQL query of a PostgreSQL. It returns a [Result] for each.
//
// # What is asked
//
// Panels, those within rows too, once for each value of the variable that they
// or their row repeat by; annotations; and variables of type query, whose values
// the queries are then filled with. Queries to other data sources, such as
// CloudWatch, are returned as skipped.
//
// Filling in follows Grafana: the intervals its promlib and its front end, the
// macros of SQL its PostgreSQL data source, the escaping of values
// packages/grafana-prometheus. Ad hoc filters, expressions and transformations
// are left out.
//
// The package reads only: SQL runs in a transaction that cannot write.
//
// Of this module it imports dashboards/internal.
package probe
