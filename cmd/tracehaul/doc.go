// Command tracehaul is the tool of the kit: it runs the whole pipeline on one
// machine, migrates the database and checks the description of a pipeline.
//
//	tracehaul demo      run the pipeline once and print one event's trace
//	tracehaul up        keep it running, with a page that shows the traces
//	tracehaul migrate   bring a database's schema up to date
//	tracehaul pipeline  check a description and print its names
//
// It exits with 0 when it did what was asked, 1 when that failed and 2 when it
// was asked wrongly.
package main
