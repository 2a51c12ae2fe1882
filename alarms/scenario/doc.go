// Package scenario tries alarms before they are deployed: it reads small
// scenarios from files, plays them through the simulator and says which alarm
// went off when, who was told, and whether that is what was expected.
//
// Start from [Main], which the command `tracehaul alarms test` calls, or from
// [Run] for one [Scenario]. The language is described in
// alarms/scenarios/README.md; [Parse] reads it.
//
// A scenario tells only what is out of the ordinary. All else comes from a
// model of a normal day of the pipeline that is described: the same at every
// run, with nights, lunch breaks, weekends, and no data where AWS reports none.
// What a scenario does not mention must stay quiet.
//
// With [Options].Mutate the question is the opposite one: Main makes the alarms
// wrong, one small fault at a time, and lists those faults that no scenario
// notices.
//
// Of this module it imports alarms, alarms/metricmath, alarms/routing,
// alarms/simulator, internal/figure, internal/spelling, pipeline and
// pipeline/signal.
package scenario
