// Command tracehaul is the tool of the kit: it runs the whole pipeline on one
// machine, begins a new one, checks its description and writes what is made from
// it, tries its alarms and dashboards, judges deploys, examines what is deployed,
// and tells what became of an event or a dead letter.
//
//	tracehaul demo        run the pipeline once and print one event's trace
//	tracehaul up          keep it running, with a page that shows the traces
//	tracehaul init        begin a pipeline: a description with what belongs to it
//	tracehaul migrate     bring a database's schema up to date
//	tracehaul pipeline    check a description and print its names
//	tracehaul alarms      list the alarms made from it, and play scenarios against them
//	tracehaul dashboards  check Grafana dashboards, and that they show data
//	tracehaul deploy      whether a deploy may begin, and what became of it
//	tracehaul doctor      whether a pipeline is well: one event's way, and what is deployed
//	tracehaul trace       what became of one event, from any of its ids
//	tracehaul dlq         dead letters: list, show, send back, take out
//	tracehaul generate    write all files that are made from it
//	tracehaul completion  complete command lines in bash, zsh and fish
//
// It exits with 0 when it did what was asked, 1 when that failed and 2 when it was
// asked wrongly; what else a command exits with is in exitMeanings, which its
// --help and docs/tool.md print.
package main
