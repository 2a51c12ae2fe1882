// Package spelling finds the word that somebody meant: the known one that is
// most like the one that is there. Messages about descriptions, scenarios and
// dashboards ask it.
//
// Start from [Nearest]. The package imports nothing of this module.
package spelling
