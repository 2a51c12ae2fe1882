// Package trace is the model of a finished trace: spans collected from
// anywhere, put in order as a tree. The OTLP receiver of the local cloud
// fills it; the terminal waterfall, the web page and `demo --json` show it.
//
// Start from [Trace]. It imports no other package of this module.
package trace
