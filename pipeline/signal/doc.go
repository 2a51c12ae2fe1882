// Package signal is the catalogue of signals: the metrics of one pipeline that
// somebody must care about, hop by hop.
//
// Start from [For]. It takes a description and returns a [Catalogue], whose
// fields name every signal of the pipeline: alarms and dashboard panels are
// made from these and name no metric themselves. [Catalogue.All] lists them.
//
// Most signals are metrics that AWS reports by itself. Those that it cannot
// know (messages that failed within a successful invocation, events that came
// late, contexts that found no room) are counted from the programs' log lines
// by CloudWatch's metric filters: see [LogFilter]. Metrics that are sent to
// CloudWatch by OTLP can be read with PromQL alone, which metric alarms and
// their metric math do not understand.
//
// Of this module it imports pipeline and telemetry/semconv.
package signal
