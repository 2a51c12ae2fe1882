// Package statistic reads the names of CloudWatch's statistics: those that an alarm
// may have here, and that a simulation can compute.
//
// Start from [Parse].
//
// The package imports the standard library alone.
package statistic
