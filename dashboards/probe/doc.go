// Package probe runs the queries of Grafana dashboards, to see which of them
// show data. A panel without a fault in its JSON can still say "No data": a
// metric was renamed, a label has another value, a column is gone.
//
// Start from [Run]. It takes the JSON of dashboards, in the form that Grafana's
// classic export and the provisioning folder have, fills in the variables as
// Grafana does, and asks every PromQL query of a server with Prometheus's HTTP
// API and every SQL query of a PostgreSQL. It returns a [Result] for each.
//
// # What is asked
//
// Queries of panels, in rows or not; of a panel that repeats, by itself or with its
// row, once for each value of the variable. Annotations. And variables of type
// query, whose values then go into the queries. Queries to other data sources,
// such as CloudWatch, are returned as skipped.
//
// Variables and macros are filled in as Grafana does it: intervals as in promlib
// and the front end, SQL's macros as in the PostgreSQL data source, the escaping
// of values as in packages/grafana-prometheus. Ad hoc filters, expressions and
// transformations are left out.
//
// The package reads only: SQL runs in a transaction that cannot write.
//
// Of this module it imports dashboards/internal.
package probe
