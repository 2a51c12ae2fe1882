// Package figure writes numbers and lengths of time as people read them, in what is
// made for alarms and for dashboards.
//
// It imports nothing of this module.
package figure
