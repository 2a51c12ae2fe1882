package snippet

import (
	"github.com/tracehaul/tracehaul/pipeline"
	"github.com/tracehaul/tracehaul/telemetry/semconv"
)

// Queries of Logs Insights. Those that are an alarm's first are short: CloudWatch
// takes 1,024 characters for all that an alarm says of itself.
const (
	complaints = `filter level in ["WARN", "ERROR"] | `
	traced     = `fields @timestamp, msg, reason, code, error, trace_id | sort @timestamp desc | limit 20`

	queryRefusals = `filter msg = "` + semconv.LogRefused + `" and status >= 500 | stats count(*) as lines, sum(omitted) as left_out by code, bin(1m)`
	queryClients  = `filter msg = "` + semconv.LogRefused + `" and status < 500 | stats count(*) as lines, sum(omitted) as left_out by code, route`
	queryErrors   = complaints + `stats count(*) by msg, reason, code`
	queryFiles    = complaints + `stats count(*) by msg, error`
	queryNotifier = complaints + `stats count(*) by msg, destination, error`
	querySettled  = `filter msg = "` + semconv.LogBatchSettled + `" | stats sum(` + semconv.LogKeyMessages + `), sum(` + semconv.LogKeyFailed + `) by bin(1m)`
	queryLate     = `filter msg = "` + semconv.LogEventsStored + `" and ` + semconv.LogKeyLate + ` > 0 | sort ` + semconv.LogKeySlowestMillis + ` desc | limit 20`
	queryDropped  = `filter msg = "` + semconv.LogTelemetryDropped + `" | stats sum(` + semconv.LogKeyItems + `) by ` + semconv.LogKeySignal + `, ` + semconv.LogKeyReason + `, bin(5m)`
	queryContexts = `filter msg = "` + semconv.LogContextDropped + `" | stats sum(` + semconv.LogKeyContexts + `) by ` + semconv.LogKeyPart + `, ` + semconv.LogKeyReason
	queryLines    = `filter msg = "` + semconv.LogAccessLogRead + `" and ` + semconv.LogKeyBad + ` + ` + semconv.LogKeyFaulty + ` > 0 | stats sum(` + semconv.LogKeyBad + `), sum(` + semconv.LogKeyFaulty + `) by bin(15m)`

	queryRequests = `filter ispresent(trace_id) and (level in ["WARN", "ERROR"] or status >= 500) | ` + traced
	queryMessages = `filter ispresent(trace_id) and level in ["WARN", "ERROR"] | ` + traced
	queryVersions = complaints + "stats count(*) as lines, min(@timestamp) as first by `service.version`, msg | sort lines desc | limit 20"
	queryBatches  = `filter msg = "` + semconv.LogBatchFailed + `" | stats sum(failed) as messages by reason, code, bin(5m)`
	queryBackEnd  = `filter msg in ["` + semconv.LogTelemetryUndelivered + `", "` + semconv.LogTelemetryUnflushed + `", "` + semconv.LogOTelError + `"] | stats count(*) as lines by msg, error | sort lines desc | limit 20`
	queryFailed   = `filter msg = "` + semconv.LogAccessLogUnread + `" | stats count(*) as tries, max(@timestamp) as last by key, error | sort last desc | limit 20`
	queryBadLines = `filter msg = "` + semconv.LogAccessLogBadLine + `" | stats count(*) as lines by error | sort lines desc | limit 20`

	// What AWS WAF writes of a request. ("Log fields for web ACL traffic", AWS WAF
	// developer guide.)
	queryBlocked = `filter action = "BLOCK" | stats count(*) as requests by terminatingRuleId, httpRequest.clientIp, httpRequest.uri | sort requests desc | limit 20`

	// What Lambda writes itself: REPORT lines, and what it says of a process
	// that ended.
	queryReports = `filter @type = "REPORT" | stats count(*) as invocations, max(@duration) as longest_ms, max(@maxMemoryUsed / @memorySize) as memory by bin(5m)`
	queryEnded   = `filter @message like /Task timed out|Runtime exited|panic|OutOfMemory/ | fields @timestamp, @requestId, @message | sort @timestamp desc | limit 20`
)

func logs(ask, group, query string) Snippet {
	return Snippet{Ask: ask, Language: LogsInsights, Group: group, Text: query}
}

// ServiceLogs are the questions for the service's log group.
type ServiceLogs struct{ Refusals, Clients, Errors, Contexts, Dropped, Traces, Versions, BackEnd Snippet }

// Service returns those for the service's log group.
func (s Set) Service() ServiceLogs {
	g := s.serviceGroup()
	return ServiceLogs{
		Refusals: logs("What does the service refuse, and why?", g, queryRefusals),
		Clients:  logs("What do clients send that is refused?", g, queryClients),
		Errors:   logs("Which warnings and errors does the service log?", g, queryErrors),
		Contexts: logs("Which part of the context is dropped, and why?", g, queryContexts),
		Dropped:  logs("What is dropped, and why?", g, queryDropped),
		Traces:   logs("Which requests failed, and in which traces?", g, queryRequests),
		Versions: logs("Since which version?", g, queryVersions),
		BackEnd:  logs("What does the telemetry back end answer?", g, queryBackEnd),
	}
}

// FunctionLogs are the questions for a function's log group.
type FunctionLogs struct {
	Errors, Settled, Late, Dropped, Traces, Versions, Batches, BackEnd, Reports, Ended Snippet
}

// Consumer returns those for a consumer's log group.
func (s Set) Consumer(c *pipeline.Consumer) FunctionLogs { return function(c.FunctionName()) }

func function(name string) FunctionLogs {
	g := functionGroup(name)
	return FunctionLogs{
		Errors:   logs("Which warnings and errors does the function log?", g, queryErrors),
		Settled:  logs("How many messages are done, and how many fail?", g, querySettled),
		Late:     logs("Which batches were late?", g, queryLate),
		Dropped:  logs("What is dropped, and why?", g, queryDropped),
		Traces:   logs("Which messages failed, and in which traces?", g, queryMessages),
		Versions: logs("Since which version?", g, queryVersions),
		Batches:  logs("Why do batches fail?", g, queryBatches),
		BackEnd:  logs("What does the telemetry back end answer?", g, queryBackEnd),
		Reports:  logs("How long do invocations take, and how much of their memory?", g, queryReports),
		Ended:    logs("Was the function ended?", g, queryEnded),
	}
}

// ALBSpansLogs are the questions for the log group of the function that makes the
// load balancer's spans.
type ALBSpansLogs struct{ Complaints, Files, Lines, BadLines, Dropped, BackEnd, Ended Snippet }

// ALBSpans returns those.
func (s Set) ALBSpans() ALBSpansLogs {
	name := s.pipeline.ALBSpansName()
	g, f := functionGroup(name), function(name)
	return ALBSpansLogs{
		Complaints: logs("Which warnings and errors does the function log?", g, queryFiles),
		Files:      logs("Which files were not read, and why?", g, queryFailed),
		Lines:      logs("How many lines are bad, and since when?", g, queryLines),
		BadLines:   logs("Which field is wrong?", g, queryBadLines),
		Dropped:    f.Dropped, BackEnd: f.BackEnd, Ended: f.Ended,
	}
}

// NotifierErrors is what the notifier complains of.
func (s Set) NotifierErrors() Snippet {
	return logs("Whom does the notifier not reach, and why?", functionGroup(s.pipeline.NotifierName()), queryNotifier)
}

// FirewallLogs begins the names of AWS WAF's log groups: it takes no others.
const FirewallLogs = "aws-waf-logs-"

// Blocked is what the firewall blocks.
func (s Set) Blocked() Snippet {
	return logs("Which rule blocks whom?", FirewallLogs+s.pipeline.ServiceName(), queryBlocked)
}
