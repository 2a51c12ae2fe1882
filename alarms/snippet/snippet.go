package snippet

import (
	"strings"

	"github.com/tracehaul/tracehaul/pipeline"
)

// Language is what a snippet is written in.
type Language string

// Languages.
const (
	LogsInsights Language = "Logs Insights"
	TraceQL      Language = "TraceQL"
	SQL          Language = "SQL"
	Shell        Language = "shell"
)

// Snippet is a query or a command, ready to be pasted.
type Snippet struct {
	// Ask is the question that it answers, such as "Which rows came late?".
	Ask string

	Language Language

	// Group is the log group that a query of [LogsInsights] is for. Empty for
	// others.
	Group string

	Text string
}

// traceID is what the reader replaces by a trace's id.
const traceID = "TRACE_ID"

// Ready reports whether it can be run as it is, with nothing left to replace.
func (s Snippet) Ready() bool { return !strings.Contains(s.Text, traceID) }

// Set makes the snippets of a pipeline, in one environment.
type Set struct{ pipeline *pipeline.Pipeline }

// For returns those of a pipeline.
func For(p *pipeline.Pipeline) Set { return Set{p} }

// serviceGroup is the log group of the service.
func (s Set) serviceGroup() string {
	return pipeline.LogGroupName(pipeline.KindService, s.pipeline.ServiceName())
}

// functionGroup is the log group of a function.
func functionGroup(name string) string { return pipeline.LogGroupName(pipeline.KindFunction, name) }
