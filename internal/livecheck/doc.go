//go:build unix

// Command livecheck proves that dashboards show data: it runs the whole
// pipeline on this machine, with a store for metrics beside it, makes happen
// what dashboards are there to show, and then asks every query of every panel.
//
//	go run ./internal/livecheck [-keep] [-inventory] [FILE...]
//
// The pipeline is the one of internal/localpipeline, with the real programs
// and a second version of each, as in the midst of a deploy. The store is
// VictoriaMetrics, which takes OTLP and answers as Prometheus does; the go
// command installs it once into the user's cache directory. For somewhat more
// than a minute events come in at a steady rate, and meanwhile one thing after
// the other goes wrong: see story. Then package dashboards/probe asks the
// queries, each answer is listed, and one without data fails the run.
//
// With -inventory it prints which metrics there are instead, with their
// labels: what queries can be written about. With -keep everything goes on
// until Ctrl-C, for trying queries out.
package main
