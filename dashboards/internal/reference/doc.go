// Package reference finds where a text of a dashboard uses a variable, as
// Grafana does: $name, ${name}, ${name.field:format} and [[name:format]].
//
// Start from [Find] and [Replace]. It stands on nothing of ours.
package reference
